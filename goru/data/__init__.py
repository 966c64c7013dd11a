"""Files and frames to arrays: reading, recognising the task, deciding columns, splitting and preparing.

The names are imported when they are first used, because pandas takes longer to import than most commands to answer.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goru.data.columns import CategoricalColumn, Column, DateColumn, DroppedColumn, NumericColumn
    from goru.data.dataset import Dataset, load_dataset
    from goru.data.encoding import Encoded, Schema
    from goru.data.preparing import Preparation, TargetScaling
    from goru.data.reading import read_table
    from goru.data.splitting import N_FOLDS, Split, folds, split_test
    from goru.data.table import RawTable
    from goru.data.target import Target
    from goru.data.task import Task

__all__ = [
    "N_FOLDS",
    "CategoricalColumn",
    "Column",
    "Dataset",
    "DateColumn",
    "DroppedColumn",
    "Encoded",
    "NumericColumn",
    "Preparation",
    "RawTable",
    "Schema",
    "Split",
    "Target",
    "TargetScaling",
    "Task",
    "folds",
    "load_dataset",
    "read_table",
    "split_test",
]

_HOME = {
    "CategoricalColumn": "columns",
    "Column": "columns",
    "DateColumn": "columns",
    "DroppedColumn": "columns",
    "NumericColumn": "columns",
    "Dataset": "dataset",
    "load_dataset": "dataset",
    "Encoded": "encoding",
    "Schema": "encoding",
    "Preparation": "preparing",
    "TargetScaling": "preparing",
    "read_table": "reading",
    "N_FOLDS": "splitting",
    "Split": "splitting",
    "folds": "splitting",
    "split_test": "splitting",
    "RawTable": "table",
    "Target": "target",
    "Task": "task",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
