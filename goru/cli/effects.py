"""`goru effects`: what a table of runs says that exist already."""

from typing import Annotated

import typer


def effects_command(
    source: Annotated[str, typer.Argument(help="A table with a run a row: .csv, .tsv, .parquet.")],
    loss: Annotated[str, typer.Option(help="The column that is to be low, val_loss say.")],
    factor: Annotated[
        list[str], typer.Option(help="A column that is asked about, once each; NAME=off,on names its levels.")
    ],
    knob: Annotated[list[str] | None, typer.Option(help="A column with a number that differs from run to run.")] = None,
    block: Annotated[list[str] | None, typer.Option(help="A column, such as the seed, that makes runs alike.")] = None,
    maximize: Annotated[bool, typer.Option("--maximize", help="The column is a score: high is good.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Main effects and interactions from runs that exist already: weaker than a study, and it says why."""
    from goru.functions.runs import effects_of_file

    effects = effects_of_file(source, factor, loss, knob or (), block or (), maximize)
    if as_json:
        import json

        from goru.experiment.forms import to_json

        print(json.dumps(to_json(effects), ensure_ascii=False, indent=1))
        return
    for line in effects.lines():
        print(line)
