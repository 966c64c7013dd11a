"""`goru study`: an experiment on a training function of the user's own."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import STARTED, names, seconds, stem


def study_command(
    function: Annotated[
        str, typer.Argument(help="A Python file with `design` and a training function: experiment.py:train.")
    ],
    source: Annotated[str, typer.Argument(help="A table, as for `goru fit`; the function is given its rows.")],
    target: Annotated[str | None, typer.Option(help="The column to predict, as for `goru fit`.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression, as for `goru fit`.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns that are no features: A,B or once each.")] = None,
    groups: Annotated[str | None, typer.Option(help="A column; rows that share its value are never split.")] = None,
    time: Annotated[str | None, typer.Option(help="A column; the past is fitted, the future scored.")] = None,
    test: Annotated[
        str | None, typer.Option(help="A file with the test rows; by default a fifth is set aside.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Time for everything: 60s, 10m, 1h. Default: 10m.")] = None,
    trials: Annotated[int | None, typer.Option(help="Trials to make instead of a time.")] = None,
    until_decided: Annotated[
        bool, typer.Option("--until-decided", help="End once every main effect is decided, as for `goru fit`.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes that train; 0: this one. Default: one a GPU, or a core.")
    ] = None,
    limit: Annotated[
        float | None, typer.Option(help="Seconds after which a trial hangs. Default: 20 times the usual.")
    ] = None,
    seed: Annotated[int, typer.Option(help="What goru draws, and the function is given, is a function of it.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder. Default: runs/ and the table's name.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    cluster: Annotated[str | None, typer.Option(help="Train on a Ray cluster, as for `goru fit`.")] = None,
) -> None:
    """Find out what the factors of a design change for a network of your own, in any framework."""
    from goru.cli.interrupting import interruptible
    from goru.experiment.clock import Clock
    from goru.functions.files import load_experiment
    from goru.functions.options import FunctionOptions
    from goru.functions.studying import run_in
    from goru.functions.tables import sources_of
    from goru.report.progress import watcher
    from goru.report.terminal import answer_lines, printable
    from goru.studies.runs.run import REPORT
    from goru.studies.runs.stopping import stopping

    experiment = load_experiment(function)
    time_left = None if budget is None else seconds(budget)
    options = FunctionOptions(experiment.design, time_left, trials, workers, cluster, limit, seed, until_decided)
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
    print(f"\n{'written':<14}{printable(folder)}")
    print(f"{'report':<14}{printable(folder / REPORT)}")
