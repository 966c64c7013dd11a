"""Good files of every kind that is read: what is bent."""

import functools
import gzip
import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from made_up import make_table

ROWS = 60
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def text_file(delimiter: str = ",") -> bytes:
    return make_table(ROWS).to_csv(index=False, sep=delimiter).encode()


def parquet_file(**options) -> bytes:
    """Columns of many types; some cannot be in a table that is learned from, and are left out by most cases."""
    table = make_table(ROWS)
    typed = table.assign(
        day=pd.to_datetime(table["day"]), colour=table["colour"].astype("category"), number=np.arange(ROWS) % 7
    )
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(typed, preserve_index=False), file, **options)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file; what it holds may be bent, and its checksums are right all the same."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return file.getvalue()


@functools.cache
def arrays() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    return {"X.npy": npy(rng.normal(size=(ROWS, 4))), "y.npy": npy(rng.integers(0, 3, ROWS))}


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@functools.cache
def pair() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    return {IMAGES: idx(rng.integers(0, 256, (ROWS, 3, 3))), LABELS: idx(rng.integers(0, 3, ROWS))}


@functools.cache
def good_files() -> dict[str, bytes]:
    """By name; the name says what they are."""
    return {
        "t.csv": text_file(),
        "t.tsv": text_file("\t"),
        "t.csv.gz": gzip.compress(text_file(), mtime=0),
        "t.tsv.gz": gzip.compress(text_file("\t"), mtime=0),
        "t.parquet": parquet_file(),
        "plain.parquet": parquet_file(compression="none", use_dictionary=False),
        "t.npz": archive(arrays()),
        "stored.npz": archive(arrays(), zipfile.ZIP_STORED),
        IMAGES: pair()[IMAGES],
        LABELS: pair()[LABELS],
        IMAGES + ".gz": gzip.compress(pair()[IMAGES], mtime=0),
    }
