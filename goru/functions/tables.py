"""Rows for a training function, from a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from goru.data.files.reading import read_table
from goru.data.roles import check_columns, check_test
from goru.data.targets.task import Task, recognise_task
from goru.functions.files import Experiment
from goru.functions.options import Sources

if TYPE_CHECKING:
    import pandas as pd


def sources_of(
    experiment: Experiment,
    source: str,
    target: str | None = None,
    task: Task | None = None,
    groups: str | None = None,
    time: str | None = None,
    test: str | None = None,
    drop: Sequence[str] = (),
) -> tuple[Sources, dict[str, Any]]:
    """What is studied: frames of a table's features and its target; and what tells how it was read.

    Rows without a target are left out.

    **Raises:** `InputError` for files and columns that are not there.
    """
    table = read_table(source, drop)
    target, _ = check_columns(table, target, task, drop, (), groups, time)
    columns = [name for name in table.frame.columns if name not in (target, groups, time, *drop)]
    frame = table.frame[table.frame[target].notna()].reset_index(drop=True)
    task_of_target = task or recognise_task(frame[target])
    aside: Any = True
    if test is not None:
        test_table = read_table(test, drop)
        check_test(test_table, table, target)
        rows = test_table.frame[test_table.frame[target].notna()].reset_index(drop=True)
        aside = (rows[columns], _target(rows[target], task_of_target))
    sources = Sources(
        experiment.train,
        frame[columns],
        _target(frame[target], task_of_target),
        task_of_target,
        None if groups is None else frame[groups].to_numpy(),
        None if time is None else frame[time].to_numpy(),
        test=aside,
        loss=experiment.loss,
        name=table.name,
        target=target,
    )
    asked = {"source": source, "target": target, "task": task, "groups": groups, "time": time, "test": test}
    return sources, {**asked, "drop": list(drop)}


def _target(values: "pd.Series", task: Task) -> "pd.Series":
    """Classes that are whole numbers, as such."""
    if task == "classification" and values.dtype.kind == "f" and (values % 1 == 0).all():
        return values.astype("int64")
    return values
