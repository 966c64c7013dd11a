"""`goru show`: the answer of a run."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import Language, reading


def show_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    lang: Language = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the answer of a run again."""
    from goru.report.terminal import answer_lines
    from goru.studies.runs.run import open_run

    with reading(run):
        answer = open_run(run).answer
        lines = list(answer_lines(answer))  # what is no answer shall not be told up to where it shows
    if as_json:
        import json

        from goru.experiment.forms import to_json

        print(json.dumps(to_json(answer), ensure_ascii=False, indent=1))
        return
    for line in lines:
        print(line)
