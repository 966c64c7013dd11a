"""`goru export`: the final model for other programs."""

from pathlib import Path
from typing import Annotated

import typer


def export_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[str, typer.Option(help="onnx, torch or safetensors.")],
    single: Annotated[bool, typer.Option("--single", help="One network instead of the ensemble.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file for onnx, a folder otherwise. Default: named after the run, in the current folder.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Export to ONNX, PyTorch or safetensors."""
    from goru.export.exporting import export_run
    from goru.report.terminal import printable

    written = export_run(run, to, output, single, overwrite)
    for number, (path, what) in enumerate(written.files.items()):
        print(f"{'' if number else 'written':<14}{printable(path)}: {what}")
    for note in written.notes:
        print(f"{'':<14}{printable(note)}")
