"""The exceptions that goru raises: when the input, and not goru, is at fault, and when a study is stopped."""


class InputError(ValueError):
    """Input that cannot be used: one line that says what is wrong, where, and what to do.

    The command line prints the line and exits with status 2.
    """


class InputWarning(UserWarning):
    """Input that an estimator takes for something else than it may be meant as: one line, as of `InputError`."""


class Stopped(Exception):  # noqa: N818  # nothing is wrong
    """A study that somebody has stopped: one line that says what is kept, and how to go on."""
