"""`goru claims`: textbook claims, tested."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import Language


def claims_command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of claims. Default: all.", show_default=False)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the claims and exit.")] = False,
    data: Annotated[
        str | None, typer.Option(help="A built-in name, a table or a folder of IDX files. Default: digits.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict, as for `goru fit`.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression, as for `goru fit`.")] = None,
    preset: Annotated[
        str, typer.Option(help="digits: small networks; book: the sizes of the book's figures, on MNIST.")
    ] = "digits",
    seeds: Annotated[int, typer.Option(help="Random seeds to train each network with.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write a page, figures and tables to this folder.")] = None,
    lang: Language = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace claims of the same names in the folder.")
    ] = False,
) -> None:
    """Test textbook claims about the techniques, each by an experiment with a verdict."""
    from goru.claims.running import NAMES, claim, run_all, set_up
    from goru.language import _, retold
    from goru.report.terminal import labelled, printable, table

    chosen = list(dict.fromkeys(names or NAMES))
    asked = [claim(name) for name in chosen]
    if list_:
        for line in table([(_("claim"), _("question")), *((one.name, retold(one.question)) for one in asked)]):
            print(line)
        return
    from goru.claims.page import check_out, write_claims
    from goru.claims.terminal import outcome_lines, summary_lines
    from goru.report.progress.progress import claims_watcher

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
        write_claims(outcomes, out)
        print("", *labelled(_("written"), [printable(out)]), sep="\n")
