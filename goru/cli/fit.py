"""`goru fit`: from a table to a run."""

from pathlib import Path
from typing import Annotated

import typer

from goru.cli.arguments import STARTED, Language, names, parsed_widths, stem


def _explain(wanted: bool) -> None:
    if wanted:
        from goru.report.terminal import table
        from goru.studies.defaults import explain

        for line in table([("what", "default", "search range"), *explain()]):
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
        str | None, typer.Option(help="The column to predict. Default: target, class, label or y, or the last column.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression. Default: inferred from the target.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns to ignore: A,B, or repeat the option.")] = None,
    categorical: Annotated[list[str] | None, typer.Option(help="Numeric columns to treat as categories.")] = None,
    groups: Annotated[str | None, typer.Option(help="A column; rows of one group stay in one fold.")] = None,
    time: Annotated[str | None, typer.Option(help="A column; train on earlier rows, validate on later ones.")] = None,
    test: Annotated[str | None, typer.Option(help="A file with the test rows. Default: a fifth of the rows.")] = None,
    merge_rare: Annotated[
        bool, typer.Option("--merge-rare", help="Merge classes too rare for cross-validation.")
    ] = False,
    group_duplicates: Annotated[
        bool, typer.Option("--group-duplicates", help="Keep duplicate rows in one fold.")
    ] = False,
    budget: Annotated[str | None, typer.Option(help="Time for everything: 60s, 2m, 1h. Default: 2m.")] = None,
    networks: Annotated[
        int | None, typer.Option(help="Number of networks instead of a time: bit-for-bit reproducible.")
    ] = None,
    until_decided: Annotated[
        bool,
        typer.Option(
            "--until-decided",
            help="Stop once every main effect is decided; the budget is the limit, 30m by default.",
        ),
    ] = False,
    hidden: Annotated[
        str | None, typer.Option(help="Widths of the hidden layers. Default: 128,128; from 5,000 rows 256,256.")
    ] = None,
    activation: Annotated[str, typer.Option(help="relu, sigmoid, tanh, gelu, silu, mish, selu or identity.")] = "relu",
    batch_size: Annotated[
        int | None, typer.Option(help="Rows in a mini-batch. Default: 32 to 512, by the number of rows.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Length of the training schedule. Default: 100.")] = None,
    factors: Annotated[
        list[str] | None,
        typer.Option(
            help="Techniques to study. Default: norm,dropout,decay; also mixup,label-smoothing,...; all. "
            "Levels: norm=none,batch-before,layer."
        ),
    ] = None,
    numbers: Annotated[
        str,
        typer.Option(
            help="Encoding of numbers: scaled; squares (squares added); pieces (piecewise-linear encoding added); "
            "auto: chosen by a pilot run."
        ),
    ] = "auto",
    single: Annotated[
        bool, typer.Option("--single", help="The final model is one network instead of an ensemble.")
    ] = False,
    search_batch_norm: Annotated[
        bool, typer.Option("--search-batch-norm", help="Also tune batch norm's initial γ and β, ε and momentum.")
    ] = False,
    class_weight: Annotated[str | None, typer.Option(help="balanced: classes have equal weight.")] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Metric to judge by: log-loss (default), brier or accuracy; in regression rmse (default) or mae."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/ and the table's name.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in the folder.")] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume an interrupted run. (Ctrl-C once finishes early, twice interrupts.)"),
    ] = False,
    cluster: Annotated[
        str | None, typer.Option(help="Train on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT.")
    ] = None,
    lang: Language = None,
    timings: Annotated[bool, typer.Option("--timings", help="Also show the time spent in each phase.")] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", callback=_explain, is_eager=True, help="Show the defaults of a study and exit."),
    ] = False,
) -> None:
    """Train every combination of the techniques on a table, report what helped, and write the final model."""
    from goru.durations import seconds_of
    from goru.experiment.clock import Clock
    from goru.fitting import run_in
    from goru.language import _
    from goru.report.terminal import labelled, printable, timings_lines
    from goru.studies.asked.options import Options
    from goru.studies.fitting import TableOptions
    from goru.studies.runs.run import REPORT
    from goru.studies.runs.stopping import stopping

    options = Options(
        budget=seconds_of(budget),
        networks=networks,
        hidden=None if hidden is None else parsed_widths(hidden),
        activation=activation,  # type: ignore[arg-type]  # checked there
        batch_size=batch_size,
        epochs=epochs,
        factors=None if factors is None else tuple(factors),
        numbers=numbers,  # type: ignore[arg-type]  # checked there
        seed=seed,
        single=single,
        search_batch_norm=search_batch_norm,
        class_weight=class_weight,  # type: ignore[arg-type]  # checked there
        until_decided=until_decided,
        judge=judge,  # type: ignore[arg-type]  # checked there
    )
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
    with stopping(folder, overwrite):
        run = run_in(folder, table, options, overwrite, resume, cluster, clock)
    print(run)
    if timings:
        from goru.experiment.findings.timings import Timings
        from goru.population.devices import n_cores

        print()
        for line in timings_lines(Timings.of(clock, n_cores())):
            print(line)
    print("", *labelled(_("written"), [printable(folder)]), sep="\n")
    print(*labelled(_("report"), [printable(folder / REPORT)]))
