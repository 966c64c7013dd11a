"""The commands, one a file. Heavy packages are imported by those that need them, so that `goru --help` is quick."""

import io
import os
import sys
from typing import Annotated

import typer

from goru import __version__
from goru.cli import claims, effects, export, fit, live, predict, report, show, study
from goru.cli.arguments import typed
from goru.errors import InputError, Stopped, spelled
from goru.language import spoken

INTERRUPTED = 130  # the shells' status for a command that Ctrl-C has ended
NO_MEMORY = "not enough memory. Give fewer rows, narrower layers, or a smaller --batch-size."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find out by experiment which of batch norm, dropout, weight decay and others help on your data.",
)
for module in (fit, study, predict, show, report, effects, export, claims, live):
    name = module.__name__.rpartition(".")[2]
    app.command(name)(getattr(module, f"{name}_command"))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"goru {__version__}")
        raise typer.Exit


@app.callback()
def _goru(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> int:
    """Run a command: 0 if it did its work, 2 if the input is at fault, with one line that says why."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know all letters that a table has
            stream.reconfigure(errors="backslashreplace")
    try:
        with spelled(typed), spoken(None):
            code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # how Typer passes Ctrl-C on; some of its versions raise Abort instead
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except InputError as error:
        return _refuse(str(error))
    except Stopped as error:
        print(error, file=sys.stderr)
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _refuse(NO_MEMORY)
    except Exception as error:
        # Typer's usage errors: their class has moved between its versions, their method has not.
        if hasattr(error, "format_message"):
            return _refuse(error.format_message()) if error.format_message() else 2
        if "RESOURCE_EXHAUSTED" in str(error) or "Out of memory" in str(error):  # how JAX says it
            return _refuse(NO_MEMORY)
        if isinstance(error, OSError) or type(error).__module__ == "sqlite3":
            return _refuse(f"{error}. Nothing was changed; see to the disk, and try again.")
        raise


def _refuse(line: str) -> int:
    from goru.report.terminal import printable

    print(f"goru: {printable(' '.join(line.split()))}", file=sys.stderr)
    return 2
