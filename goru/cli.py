"""The commands. Heavy packages are imported by the commands that need them, so that `goru --help` is quick."""

import contextlib
import io
import os
import sys
import time as clock
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from goru import __version__
from goru.errors import InputError, Stopped

INTERRUPTED = 130  # the shells' status for a command that Ctrl-C has ended
NO_MEMORY = "not enough memory. Give fewer rows, narrower layers, or a smaller --batch-size."
_STARTED = clock.monotonic()  # a budget counts from here

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find out what batch normalization, weight decay and dropout do for a network on your data, and get the best.",
)


def _explain(wanted: bool) -> None:
    if wanted:
        from goru.report.terminal import table
        from goru.study.defaults import explain

        for line in table([("what", "default", "drawn from"), *explain()]):
            print(line)
        raise typer.Exit


def _version(wanted: bool) -> None:
    if wanted:
        print(f"goru {__version__}")
        raise typer.Exit


@app.callback()
def _goru(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    pass


@app.command()
def fit(
    source: Annotated[
        str,
        typer.Argument(
            help="A table (.csv, .tsv, also .gz; .parquet; .npz), a folder with a pair of IDX files, "
            "or digits, breast_cancer, wine, iris, diabetes."
        ),
    ],
    target: Annotated[
        str | None, typer.Option(help="The column to predict; by default target, class, label or y, or the last.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression, where the target's values do not say it.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns that are no features: A,B or once each.")] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(help="Columns that are categories though they hold numbers.")
    ] = None,
    groups: Annotated[str | None, typer.Option(help="A column; rows that share its value are never split.")] = None,
    time: Annotated[str | None, typer.Option(help="A column; the past is fitted, the future scored.")] = None,
    test: Annotated[
        str | None, typer.Option(help="A file with the test rows; by default a fifth is set aside.")
    ] = None,
    merge_rare: Annotated[bool, typer.Option("--merge-rare", help="Merge classes too rare for the folds.")] = False,
    group_duplicates: Annotated[
        bool, typer.Option("--group-duplicates", help="Rows that are copies of one another stay in one fold.")
    ] = False,
    budget: Annotated[str | None, typer.Option(help="Time for everything: 60s, 2m, 1h. Default: 2m.")] = None,
    networks: Annotated[
        int | None, typer.Option(help="Networks to train instead of a time: the same result on every run.")
    ] = None,
    hidden: Annotated[
        str | None, typer.Option(help="Widths of the hidden layers. Default: 128,128; from 5,000 rows 256,256.")
    ] = None,
    activation: Annotated[str, typer.Option(help="relu, sigmoid, tanh, gelu, silu or identity.")] = "relu",
    batch_size: Annotated[int | None, typer.Option(help="Rows in a mini-batch. Default: 32 to 512, by rows.")] = None,
    numbers: Annotated[
        str, typer.Option(help="scaled; or in pieces as well; or auto, what a first look finds better.")
    ] = "auto",
    single: Annotated[bool, typer.Option("--single", help="Hand over one network instead of a bag.")] = False,
    search_batch_norm: Annotated[
        bool, typer.Option("--search-batch-norm", help="Also draw batch norm's initial γ and β, ε and momentum.")
    ] = False,
    class_weight: Annotated[
        str | None, typer.Option(help="balanced: every class counts alike, however many rows it has.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random is a function of it.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder. Default: runs/ and the table's name.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    cluster: Annotated[
        str | None, typer.Option(help="Train on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", callback=_explain, is_eager=True, help="Print what a study does by default, and end."
        ),
    ] = False,
) -> None:
    """Train every combination of the techniques on a table, say what helped, and write the best networks."""
    from goru.study.options import Options

    options = Options(
        budget=None if budget is None else _seconds(budget),
        networks=networks,
        hidden=None if hidden is None else _widths(hidden),
        activation=activation,  # type: ignore[arg-type]  # checked there
        batch_size=batch_size,
        numbers=numbers,  # type: ignore[arg-type]  # checked there
        seed=seed,
        single=single,
        search_batch_norm=search_batch_norm,
        class_weight=class_weight,  # type: ignore[arg-type]  # checked there
    )
    from goru.report import study_page
    from goru.report.progress import watcher
    from goru.report.terminal import answer_lines, printable
    from goru.study.clock import Clock
    from goru.study.fitting import TableOptions, fit
    from goru.study.run import REPORT
    from goru.study.stopping import stopping

    table = TableOptions(
        source,
        target,
        task,  # type: ignore[arg-type]  # checked there
        _names(drop),
        _names(categorical),
        groups,
        time,
        test,
        merge_rare,
        group_duplicates,
    )
    folder = out or Path("runs") / _stem(source)
    with stopping(folder, overwrite), watcher() as watching:
        run = fit(table, options, folder, overwrite, resume, watching, Clock(_STARTED), study_page.write, cluster)
    for line in answer_lines(run.answer):
        print(line)
    print(f"\n{'written':<14}{printable(folder)}")
    print(f"{'report':<14}{printable(folder / REPORT)}")


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="A folder that `goru fit` has written.")],
    source: Annotated[str, typer.Argument(help="A table with the columns that the networks were fitted on.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, .csv or .tsv, also .gz; by default standard output.")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="The probability of every class, a column each.")] = False,
) -> None:
    """Predict classes, probabilities or values for new rows."""
    import pandas as pd

    from goru.data.reading import read_table
    from goru.report.predictions import check_output, write_predictions
    from goru.report.terminal import printable
    from goru.study.run import load

    if output is not None:
        check_output(output)
    with _reading(run):
        model = load(run).model
    if proba and model.target.classes is None:
        raise InputError(f"{run}: --proba: '{model.target.name}' is a number, and has no probabilities. Leave it out.")
    table = read_table(source, model.schema.others)
    encoded = model.schema.encode(table.frame, table.name, known=[model.target.name])
    for note in (*table.notes, *encoded.notes, *model.notes_on(encoded)):
        print(printable(note), file=sys.stderr)
    if proba:
        assert model.target.classes is not None
        names = [str(name) for name in model.target.classes]
        predicted = pd.DataFrame(model.probabilities(encoded), columns=names)
    else:
        predicted = pd.DataFrame({model.target.name: model.predict_encoded(encoded)})
    write_predictions(predicted, output)


@app.command()
def show(
    run: Annotated[Path, typer.Argument(help="A folder that `goru fit` has written.")],
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Print the answer of a run again."""
    from goru.report.terminal import answer_lines
    from goru.study.run import load

    with _reading(run):
        answer = load(run).answer
        lines = list(answer_lines(answer))  # what is no answer shall not be told up to where it shows
    if as_json:
        import json

        print(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    for line in lines:
        print(line)


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="A folder that `goru fit` has written.")],
    compare: Annotated[bool, typer.Option("--compare", help="Several runs side by side, on one page.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page. Default: report.html in the run; comparison.html here."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a page that is there.")] = False,
) -> None:
    """Write the page of a run again, or a page that compares runs."""
    from goru.report.terminal import printable
    from goru.report.writing import write_page
    from goru.study.manifest import list_again
    from goru.study.run import REPORT, load

    if len(runs) > 1 and not compare:
        raise InputError("one run has one report. Give one run, or --compare for a page on all of them.")
    if compare:
        from goru.report.comparison import comparison_page

        with _reading(*runs):
            page = comparison_page(runs)
        path = output or Path("comparison.html")
    else:
        from goru.report.study_page import study_page

        with _reading(runs[0]):
            page = study_page(load(runs[0], but=(REPORT,)))
        path = output or runs[0] / REPORT
    write_page(page, path, overwrite or (output is None and not compare))
    for run in runs:
        if path.resolve() == (run / REPORT).resolve():
            list_again(run, REPORT)
    print(f"{'written':<14}{printable(path)}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A folder that `goru fit` has written.")],
    to: Annotated[str, typer.Option(help="onnx, safetensors or torch.")],
    single: Annotated[bool, typer.Option("--single", help="One network instead of the bag.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file for onnx, a folder for the others. Default: the run's name, here."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write the networks for programs that do not know goru."""
    from goru.export.exporting import export
    from goru.report.terminal import printable

    written = export(run, to, output, single, overwrite)
    for number, (path, what) in enumerate(written.files.items()):
        print(f"{'' if number else 'written':<14}{printable(path)}: {what}")
    for note in written.notes:
        print(f"{'':<14}{printable(note)}")


@app.command()
def claims(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.", show_default=False)] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the claims, and end.")] = False,
    data: Annotated[
        str | None, typer.Option(help="A built-in name, a table or a folder of IDX files. Default: digits.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict, as for `goru fit`.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression, as for `goru fit`.")] = None,
    preset: Annotated[
        str, typer.Option(help="digits: small networks; book: the sizes of the book's figures, on MNIST.")
    ] = "digits",
    seeds: Annotated[int, typer.Option(help="How often every network is trained.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write a page, the figures and the frames to this folder.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace those that are there and are tried again.")
    ] = False,
) -> None:
    """Try a textbook's promises about the three techniques: each an experiment with a verdict."""
    from goru.claims.running import NAMES, claim, run_all, set_up
    from goru.report.terminal import printable, table

    chosen = list(dict.fromkeys(names or NAMES))
    asked = [claim(name) for name in chosen]
    if list_:
        for line in table([("claim", "question"), *((one.name, one.question) for one in asked)]):
            print(line)
        return
    from goru.claims.page import check_out, write
    from goru.claims.terminal import outcome_lines, summary_lines
    from goru.report.progress import claims_watcher

    if out is not None:
        check_out(out, chosen, overwrite)
    setup = set_up(data, target=target, task=task, preset=preset, seeds=seeds)  # type: ignore[arg-type]  # checked there
    outcomes = []
    with claims_watcher(len(chosen)) as watching:
        for outcome in run_all(chosen, setup, watching.trained, watching.claim):
            outcomes.append(outcome)
            watching.say([*outcome_lines(outcome), ""])
    if len(outcomes) > 1:
        for line in summary_lines(outcomes):
            print(line)
    if out is not None:
        write(outcomes, out)
        print(f"\n{'written':<14}{printable(out)}")


def _seconds(text: str) -> float:
    """A time such as 60s, 2m, 1.5h or 90, in seconds."""
    number, unit = (text[:-1], text[-1:].lower()) if text[-1:].lower() in ("s", "m", "h") else (text, "s")
    try:
        return float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except ValueError:
        raise InputError(f"--budget: {text!r} is no time. Give seconds, minutes or hours: 60s, 2m, 1h.") from None


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise InputError(f"--hidden: {text!r} is no list of widths. Give whole numbers: 128,128.") from None


def _names(given: list[str] | None) -> tuple[str, ...]:
    """Names given once each or with commas between them; a name that holds a comma is given in quotes, as in CSV."""
    import csv

    try:
        rows = list(csv.reader(given or [], skipinitialspace=True))
    except csv.Error:
        raise InputError(f"{given}: no list of column names. Give them as A,B or one at a time.") from None
    return tuple(name.strip() for row in rows for name in row if name.strip())


@contextlib.contextmanager
def _reading(*runs: Path) -> Iterator[None]:
    """Say of files that are whole and yet not what a study writes that they are not: somebody else wrote them."""
    try:
        yield
    except (InputError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever comes of a number where there should be a list
        from goru.data.wording import listing, shortened

        said = f"{listing(runs)}: not as a study writes it ({type(error).__name__}: {shortened(error, 100)})."
        raise InputError(f"{said} Fit the run again with --overwrite.") from error


def _stem(source: str) -> str:
    """The table's name without its folder and endings."""
    path = Path(source)
    return (path.resolve() if path.name in ("", "..") else path).name.split(".")[0] or "run"


def main() -> int:
    """Run a command: 0 if it did its work, 2 if the input is at fault, with one line that says why."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know all letters that a table has
            stream.reconfigure(errors="backslashreplace")
    try:
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


if __name__ == "__main__":
    sys.exit(main())
