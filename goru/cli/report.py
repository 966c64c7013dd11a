"""`goru report`: the page of a run, or of several."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import Language, reading
from goru.errors import InputError


def report_command(
    runs: Annotated[list[Path], typer.Argument(help="A run folder; with --compare, several.")],
    compare: Annotated[bool, typer.Option("--compare", help="Compare several runs on one page.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Path of the page. Default: report.html in the run, or ./comparison.html."),
    ] = None,
    lang: Language = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing page.")] = False,
) -> None:
    """Write the report of a run again, or a page that compares runs."""
    from goru.language import _
    from goru.report.terminal import labelled, printable
    from goru.report.writing import write_page
    from goru.studies.runs.manifest import list_again
    from goru.studies.runs.run import REPORT, open_run

    if len(runs) > 1 and not compare:
        raise InputError("several runs are given. Give one, or --compare for one page about all of them.")
    if compare:
        from goru.report.comparison import comparison_page

        with reading(*runs):
            page = comparison_page(runs)
        path = output or Path("comparison.html")
    else:
        from goru.report.study_page import study_page

        with reading(runs[0]):
            page = study_page(open_run(runs[0], but=(REPORT,)))
        path = output or runs[0] / REPORT
    write_page(page, path, overwrite or (output is None and not compare))
    for run in runs:
        if path.resolve() == (run / REPORT).resolve():
            list_again(run, REPORT)
    print(*labelled(_("written"), [printable(path)]))
