"""`goru export`: the networks for other programs."""

from pathlib import Path
from typing import Annotated

import typer


def export_command(
    run: Annotated[Path, typer.Argument(help="A folder that `goru fit` has written.")],
    to: Annotated[str, typer.Option(help="onnx, safetensors or torch.")],
    single: Annotated[bool, typer.Option("--single", help="One network instead of the ensemble.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file for onnx, a folder for the others. Default: the run's name, here."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write the networks for programs that do not know goru."""
    from goru.export.exporting import export_run
    from goru.report.terminal import printable

    written = export_run(run, to, output, single, overwrite)
    for number, (path, what) in enumerate(written.files.items()):
        print(f"{'' if number else 'written':<14}{printable(path)}: {what}")
    for note in written.notes:
        print(f"{'':<14}{printable(note)}")
