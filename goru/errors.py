"""The one exception that goru raises when the input, and not goru, is at fault."""


class InputError(ValueError):
    """Input that cannot be used: one line that says what is wrong, where, and what to do.

    The command line prints the line and exits with status 2.
    """
