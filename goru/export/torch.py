"""A model as a PyTorch module: one Python file, its weights and a description, which need nothing of goru.

The file is `standalone/model.py`, as it is. Its folder is no package: it is read here, and never imported.
"""

from pathlib import Path

from goru.export.description import as_json, describe, refuse_others
from goru.export.safetensors import tensors
from goru.export.writing import Written, write_files
from goru.model.model import Model

#: The kinds of layers that the file has modules for.
LAYERS = ("activation", "affine", "group_norm", "layer_norm", "residual", "rms_norm", "scaling")
SOURCE = Path(__file__).parent / "standalone" / "model.py"


def save(model: Model, folder: str | Path, overwrite: bool = False) -> Written:
    """Write a model as `model.py`, `model.safetensors` and `model.json`; PyTorch is not needed for it.

    **Arguments:**

    - `model`: the ensemble; `model.single` for its first network.
    - `folder`: is made if it is not there.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if they cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    refuse_others(model.networks.layers, LAYERS, "PyTorch")
    folder = Path(folder)
    contents = {
        folder / "model.py": SOURCE.read_bytes(),
        folder / "model.safetensors": to_bytes({f"networks.{name}": array for name, array in tensors(model).items()}),
        folder / "model.json": as_json(describe(model)),
    }
    write_files(contents, overwrite, folder)
    what = ("a module of PyTorch: `from model import load`", "its weights", "its columns, and how they are prepared")
    return Written(dict(zip(contents, what, strict=True)))
