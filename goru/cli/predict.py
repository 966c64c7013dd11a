"""`goru predict`: classes, probabilities or values of new rows."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import reading
from goru.errors import InputError


def predict_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    source: Annotated[str, typer.Argument(help="A table with the columns that the model was trained on.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file: .csv or .tsv, also .gz. Default: standard output.")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Write class probabilities, one column per class.")] = False,
) -> None:
    """Predict classes, probabilities or values for new rows."""
    import pandas as pd

    from goru.data.files.reading import read_table
    from goru.report.predictions import check_output, write_predictions
    from goru.report.terminal import printable
    from goru.studies.runs.run import open_run

    if output is not None:
        check_output(output)
    with reading(run):
        model = open_run(run).model
    if proba and model.target.classes is None:
        raise InputError(
            f"{run}: --proba: '{model.target.name}' is numeric and has no class probabilities. Leave out --proba."
        )
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
