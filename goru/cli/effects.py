"""`goru effects`: effects from a table of existing runs."""

from typing import Annotated

import typer

from goru.cli.arguments import Language


def effects_command(
    source: Annotated[str, typer.Argument(help="A table with one run per row: .csv, .tsv, .parquet.")],
    loss: Annotated[str, typer.Option(help="The column to minimise, such as val_loss.")],
    factor: Annotated[
        list[str], typer.Option(help="A column to study; repeat for more. NAME=off,on names its levels.")
    ],
    knob: Annotated[list[str] | None, typer.Option(help="A column with a tuned number; repeat for more.")] = None,
    block: Annotated[
        list[str] | None, typer.Option(help="A column that runs share, such as the seed; repeat for more.")
    ] = None,
    maximize: Annotated[bool, typer.Option("--maximize", help="The column is a score: higher is better.")] = False,
    lang: Language = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate main effects and interactions from existing runs (weaker evidence than a study)."""
    from goru.functions.runs import effects_of_file

    effects = effects_of_file(source, factor, loss, knob or (), block or (), maximize)
    if as_json:
        import json

        from goru.experiment.forms import to_json

        print(json.dumps(to_json(effects), ensure_ascii=False, indent=1))
        return
    for line in effects.lines():
        print(line)
