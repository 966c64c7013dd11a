"""The tables that scikit-learn ships, by name: they need no file and no network."""

import numpy as np

from goru.data.table import RawTable, tidy

#: Names that may stand where a file's name does.
BUILTIN = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def read_builtin(name: str) -> RawTable:
    """Return one of ``BUILTIN``. Its target column is ``target``: class names, or 0 to 9 for ``digits``."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.data.copy()
    target = bunch.target.to_numpy()
    names = bunch.get("target_names") if name != "digits" else None
    frame["target"] = target if names is None else np.asarray(names)[target].astype(object)
    return RawTable(tidy(frame, name), name, "target", origin=frozenset({name}))
