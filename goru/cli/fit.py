"""`goru fit`: from a table to a run."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import STARTED, names, parsed_widths, seconds, stem


def _explain(wanted: bool) -> None:
    if wanted:
        from goru.report.terminal import table
        from goru.studies.defaults import explain

        for line in table([("what", "default", "drawn from"), *explain()]):
            print(line)
        raise typer.Exit


def fit_command(
    source: Annotated[
        str,
        typer.Argument(
            help="A table (.csv, .tsv, also .gz; .parquet; .npz), a folder with a pair of IDX files, "
            "or digits, breast_cancer, wine, iris, diabetes."
        ),
    ],
    target: Annotated[
        str | None, typer.Option(help="The column to predict; by default target, class, label or y, or the last.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression, where the target's values do not say it.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns that are no features: A,B or once each.")] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(help="Columns that are categories though they hold numbers.")
    ] = None,
    groups: Annotated[str | None, typer.Option(help="A column; rows that share its value are never split.")] = None,
    time: Annotated[str | None, typer.Option(help="A column; the past is fitted, the future scored.")] = None,
    test: Annotated[
        str | None, typer.Option(help="A file with the test rows; by default a fifth is set aside.")
    ] = None,
    merge_rare: Annotated[bool, typer.Option("--merge-rare", help="Merge classes too rare for the folds.")] = False,
    group_duplicates: Annotated[
        bool, typer.Option("--group-duplicates", help="Rows that are copies of one another stay in one fold.")
    ] = False,
    budget: Annotated[str | None, typer.Option(help="Time for everything: 60s, 2m, 1h. Default: 2m.")] = None,
    networks: Annotated[
        int | None, typer.Option(help="Networks to train instead of a time: the same result on every run.")
    ] = None,
    until_decided: Annotated[
        bool,
        typer.Option(
            "--until-decided",
            help="End once every main effect is decided; the budget is the most, 30m by default.",
        ),
    ] = False,
    hidden: Annotated[
        str | None, typer.Option(help="Widths of the hidden layers. Default: 128,128; from 5,000 rows 256,256.")
    ] = None,
    activation: Annotated[str, typer.Option(help="relu, sigmoid, tanh, gelu, silu, mish, selu or identity.")] = "relu",
    batch_size: Annotated[int | None, typer.Option(help="Rows in a mini-batch. Default: 32 to 512, by rows.")] = None,
    factors: Annotated[
        list[str] | None,
        typer.Option(
            help="What is asked about: norm,dropout,decay by default; mixup,label-smoothing,...; all. "
            "Levels may be chosen: norm=none,batch-before,layer."
        ),
    ] = None,
    numbers: Annotated[
        str, typer.Option(help="scaled; or in pieces as well; or auto, what a first look finds better.")
    ] = "auto",
    single: Annotated[bool, typer.Option("--single", help="Hand over one network instead of an ensemble.")] = False,
    search_batch_norm: Annotated[
        bool, typer.Option("--search-batch-norm", help="Also draw batch norm's initial γ and β, ε and momentum.")
    ] = False,
    class_weight: Annotated[
        str | None, typer.Option(help="balanced: every class counts alike, however many rows it has.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="What effects are judged by: log-loss (default), brier or accuracy; for numbers rmse (default) or mae."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random is a function of it.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder. Default: runs/ and the table's name.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is there.")] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a run that was stopped, by Ctrl-C twice, say; once finishes early."),
    ] = False,
    cluster: Annotated[
        str | None, typer.Option(help="Train on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT.")
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Say also where the time went, phase by phase.")] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", callback=_explain, is_eager=True, help="Print what a study does by default, and end."
        ),
    ] = False,
) -> None:
    """Train every combination of the techniques on a table, say what helped, and write the best networks."""
    from goru.studies.asked.options import Options

    options = Options(
        budget=None if budget is None else seconds(budget),
        networks=networks,
        hidden=None if hidden is None else parsed_widths(hidden),
        activation=activation,  # type: ignore[arg-type]  # checked there
        batch_size=batch_size,
        factors=None if factors is None else tuple(factors),
        numbers=numbers,  # type: ignore[arg-type]  # checked there
        seed=seed,
        single=single,
        search_batch_norm=search_batch_norm,
        class_weight=class_weight,  # type: ignore[arg-type]  # checked there
        until_decided=until_decided,
        judge=judge,  # type: ignore[arg-type]  # checked there
    )
    from goru.cli.interrupting import interruptible
    from goru.experiment.clock import Clock
    from goru.report import study_page
    from goru.report.progress import watcher
    from goru.report.terminal import answer_lines, printable, timings_lines
    from goru.studies.fitting import TableOptions, fit_table
    from goru.studies.runs.run import REPORT
    from goru.studies.runs.stopping import stopping

    table = TableOptions(
        source,
        target,
        task,  # type: ignore[arg-type]  # checked there
        names(drop),
        names(categorical),
        groups,
        time,
        test,
        merge_rare,
        group_duplicates,
    )
    folder = out or Path("runs") / stem(source)
    clock = Clock(STARTED)
    with stopping(folder, overwrite), interruptible(clock.ending), watcher() as watching:
        run = fit_table(
            table, options, folder, overwrite, resume, watching, clock, study_page.write_study_page, cluster
        )
    for line in answer_lines(run.answer):
        print(line)
    if timings:
        from goru.experiment.findings.timings import Timings
        from goru.population.devices import n_cores

        print()
        for line in timings_lines(Timings.of(clock, n_cores())):
            print(line)
    print(f"\n{'written':<14}{printable(folder)}")
    print(f"{'report':<14}{printable(folder / REPORT)}")
