"""`goru study`: an experiment on a training function of the user's own."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import STARTED, Language, names, stem


def study_command(
    function: Annotated[
        str, typer.Argument(help="A Python file with a `design` and a training function: experiment.py:train.")
    ],
    source: Annotated[str, typer.Argument(help="A table, as for `goru fit`; its rows go to the function.")],
    target: Annotated[str | None, typer.Option(help="The column to predict, as for `goru fit`.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression, as for `goru fit`.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns to ignore: A,B, or repeat the option.")] = None,
    groups: Annotated[str | None, typer.Option(help="A column; rows of one group stay in one fold.")] = None,
    time: Annotated[str | None, typer.Option(help="A column; train on earlier rows, validate on later ones.")] = None,
    test: Annotated[str | None, typer.Option(help="A file with the test rows. Default: a fifth of the rows.")] = None,
    budget: Annotated[str | None, typer.Option(help="Time for everything: 60s, 10m, 1h. Default: 10m.")] = None,
    trials: Annotated[int | None, typer.Option(help="Number of trials instead of a time.")] = None,
    until_decided: Annotated[
        bool, typer.Option("--until-decided", help="Stop once every main effect is decided, as for `goru fit`.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; 0: train in this one. Default: one per GPU, or per core.")
    ] = None,
    limit: Annotated[
        float | None, typer.Option(help="Timeout of a trial in seconds. Default: 20 times the median.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Stop every training after this many epochs. Default: when the function ends.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/ and the table's name.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in the folder.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted run.")] = False,
    lang: Language = None,
    cluster: Annotated[str | None, typer.Option(help="Train on a Ray cluster, as for `goru fit`.")] = None,
) -> None:
    """Measure what the factors of a design change for your own network, in any framework."""
    from goru.durations import seconds_of
    from goru.experiment.clock import Clock
    from goru.functions.files import load_experiment
    from goru.functions.options import FunctionOptions
    from goru.functions.studying import run_in
    from goru.functions.tables import sources_of
    from goru.language import _
    from goru.report.progress.progress import watcher
    from goru.report.terminal import answer_lines, labelled, printable
    from goru.studies.runs.interrupting import interruptible
    from goru.studies.runs.run import REPORT
    from goru.studies.runs.stopping import stopping

    experiment = load_experiment(function)
    time_left = seconds_of(budget)
    options = FunctionOptions(
        experiment.design, time_left, trials, workers, cluster, limit, seed, until_decided, epochs
    )
    sources, table = sources_of(
        experiment,
        source,
        target,
        task,  # type: ignore[arg-type]  # checked there
        groups,
        time,
        test,
        names(drop),
    )
    folder = out or Path("runs") / stem(source)
    clock = Clock(STARTED)
    with stopping(folder, overwrite), interruptible(clock.ending), watcher() as watching:
        result = run_in(
            folder,
            sources,
            options,
            overwrite,
            watching,
            clock,
            {"function": function, **table},
            experiment.save,
            resume,
        )
    for line in answer_lines(result.answer):
        print(line)
    print("", *labelled(_("written"), [printable(folder)]), sep="\n")
    print(*labelled(_("report"), [printable(folder / REPORT)]))
