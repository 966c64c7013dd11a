"""Small files that stand for enormous ones, or say that they do: refused, and not unpacked to find out."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from calling import Came, call, place, watched
from good_files import IMAGES, LABELS, archive, arrays, idx, npy, pair

from goru.data.files.reading import read_table
from goru.errors import InputError

MIB, GIB = 1 << 20, 1 << 30
MANY = 320
"""Megabytes that are more than what is always unpacked."""

MOST = 64 << 20
"""Bytes of memory that a refusal may take."""


@pytest.fixture
def here(tmp_path) -> Iterator[Path]:
    with place(tmp_path / "here"):
        yield Path()


def refused(name: str, *words: str, most: int = MOST) -> Came:
    came = call("fit", name, room=most)
    assert came.outcome == "refused", came
    for word in (name, *words):
        assert word in came.stderr, came
    return came


def compressed(parts: Iterator[bytes], path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for part in parts:
            file.write(part)


class TestText:
    @pytest.mark.parametrize("part", [b"\x00" * (1 << 20), b"a,b\n" + b"1,2\n" * (1 << 18)], ids=["zeros", "a table"])
    def test_hundreds_of_megabytes_in_one(self, here, part):
        compressed((part for _ in range(MANY)), here / "t.csv.gz")
        refused("t.csv.gz", "unpack to", "without compression")

    def test_what_is_compressed_twice_is_unpacked_once(self, here):
        inner = io.BytesIO()
        with gzip.GzipFile(fileobj=inner, mode="wb", compresslevel=9) as file:
            for _ in range(MANY):
                file.write(b"0" * (1 << 20))
        (here / "t.csv.gz").write_bytes(gzip.compress(inner.getvalue()))
        refused("t.csv.gz")

    def test_many_files_in_one(self, here):
        """A gzip file may be several, one after the other."""
        (here / "t.csv.gz").write_bytes(gzip.compress(b"1" * (1 << 20)) * MANY)
        refused("t.csv.gz", "unpack to")

    def test_one_that_never_ends(self, here):
        """Deflate of zeros without its last block."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        (here / "t.csv.gz").write_bytes(b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(64)))
        refused("t.csv.gz", "damaged")

    def test_text_that_is_compressed_well_and_small_is_read(self, here):
        rows = b"".join(b"%d,%d,%s\n" % (n % 7, n % 3, b"ab"[n % 2 :][:1]) for n in range(200_000))
        (here / "t.csv.gz").write_bytes(gzip.compress(b"a,b,kind\n" + rows, 9))
        assert (here / "t.csv.gz").stat().st_size * 200 < len(rows)
        assert call("fit", "t.csv.gz").began


class TestArrays:
    def test_hundreds_of_megabytes_of_zeros(self, here):
        with zipfile.ZipFile("t.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
            with zipped.open("X.npy", "w", force_zip64=True) as member:
                header = npy(np.zeros((1, 1)))[:128].replace(b"(1, 1)", b"(60, %d)" % (MANY * MIB // 480))
                member.write(header[:127].ljust(127)[:127] + b"\n")
                for _ in range(MANY):
                    member.write(bytes(MIB))
            zipped.writestr("y.npy", arrays()["y.npy"])
        refused("t.npz", "unpack to")

    @pytest.mark.parametrize(
        "shape", [b"(60, 1 << 40)", b"(60, 99999999)", b"(9" + b"9" * 30 + b",)", b"(60, 4, 2**31)"]
    )
    def test_a_header_that_promises_more_than_there_is(self, here, shape):
        content = npy(np.zeros((60, 4)))
        header = content[:128].replace(b"(60, 4)", shape)
        header = header.rstrip(b"\n").rstrip().ljust(max(127, len(header.rstrip()))) + b"\n"
        header = header[:8] + struct.pack("<H", len(header) - 10) + header[10:]
        (here / "t.npz").write_bytes(archive(arrays() | {"X.npy": header + content[128:]}))
        refused("t.npz", "damaged")

    @pytest.mark.parametrize(
        "descr", [b"'V99999999999'", b"('<f8', (99999, 99999))", b"'<U999999999'", b"[('a', '<f8', 9999999)]"]
    )
    def test_a_type_of_enormous_numbers(self, here, descr):
        content = npy(np.zeros((60, 4)))
        text = b"{'descr': " + descr + b", 'fortran_order': False, 'shape': (60, 4), }\n"
        header = content[:8] + struct.pack("<H", len(text)) + text
        (here / "t.npz").write_bytes(archive(arrays() | {"X.npy": header + content[128:]}))
        refused("t.npz")

    @pytest.mark.parametrize(
        "text", [b"(" * 9000, b"-" * 9000 + b"1", b"[" * 9000, b"{'descr': " + b"1+" * 4000 + b"1j}"]
    )
    def test_a_header_that_python_would_read_forever(self, here, text):
        header = npy(np.zeros(1))[:8] + struct.pack("<H", len(text)) + text
        (here / "t.npz").write_bytes(archive(arrays() | {"X.npy": header}))
        refused("t.npz", "damaged")


class TestImages:
    @pytest.mark.parametrize("zipped", [False, True])
    @pytest.mark.parametrize(
        "shape", [(2**31, 1, 1), (2**31 - 1, 28, 28), (2**32 - 1,) * 3, (60, 2**16, 2**16), (60, 3, 2**31)]
    )
    def test_a_header_that_promises_more_than_there_is(self, here, shape, zipped):
        content = struct.pack(">HBB3I", 0, 8, 3, *shape) + bytes(1000)
        name = IMAGES + ".gz" * zipped
        (here / name).write_bytes(gzip.compress(content) if zipped else content)
        (here / LABELS).write_bytes(pair()[LABELS])
        refused(name, "the file is too short")

    def test_hundreds_of_megabytes_of_black_pixels(self, here):
        side = 1 << 12
        header = struct.pack(">HBB3I", 0, 8, 3, MANY // 16, side, side)
        compressed((header, *(bytes(MIB) for _ in range(MANY))), here / f"{IMAGES}.gz")
        (here / LABELS).write_bytes(idx(np.arange(MANY // 16) % 3))
        refused(f"{IMAGES}.gz", "the file is too short")

    @pytest.mark.parametrize("dimensions", [33, 65, 255])
    def test_more_dimensions_than_there_are(self, here, dimensions):
        (here / IMAGES).write_bytes(
            struct.pack(f">HBB{dimensions}I", 0, 8, dimensions, 60, *[1] * (dimensions - 1)) + bytes(60)
        )
        (here / LABELS).write_bytes(pair()[LABELS])
        refused(IMAGES, "not an IDX file")


class TestParquet:
    def test_equal_numbers_by_the_million(self, here):
        """Written as one number, and how often it comes."""
        column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1 << 24, np.int8)), pa.array([1.5]))
        options = {"store_schema": False, "data_page_size": 1 << 30, "compression": "zstd"}
        with pq.ParquetWriter("t.parquet", pa.schema([("a", column.type)]), **options) as writer:
            for _ in range(8):
                writer.write_table(pa.table({"a": column}), row_group_size=1 << 24)
        assert (here / "t.parquet").stat().st_size < 1 << 20
        refused("t.parquet", "unpack to")

    def test_one_long_text_a_hundred_thousand_times(self, here):
        column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int8)), pa.array(["a" * 1_000_000]))
        pq.write_table(pa.table({"a": column}), "t.parquet", store_schema=False)
        assert (here / "t.parquet").stat().st_size < 100_000
        refused("t.parquet", "unpack to")

    def test_hundreds_of_megabytes_of_text_that_is_compressed_well(self, here):
        text = pa.array(["a" * (1 << 20)] * 64)
        options = {"compression": "zstd", "use_dictionary": False}
        with pq.ParquetWriter("t.parquet", pa.schema([("a", pa.string())]), **options) as writer:
            for _ in range(8):
                writer.write_table(pa.table({"a": text}))
        refused("t.parquet", "unpack to")

    def test_a_header_that_promises_billions_of_rows(self, here):
        """The number of rows stands in the footer, in seven bits a byte; another number is put there."""
        pq.write_table(pa.table({"a": np.arange(70.0)}), "t.parquet", use_dictionary=False, compression="none")
        content = (here / "t.parquet").read_bytes()
        length = struct.unpack("<I", content[-8:-4])[0]
        footer, promised = content[-8 - length : -8], b"\xfe\xff\xff\xff\xff\x7f"
        rows = bytes([140, 1])  # 70, as Thrift writes it
        assert rows in footer
        for at in [start for start in range(len(footer)) if footer[start : start + 2] == rows]:
            for more in (promised, b"\xfe\xff\xff\xff\x0f"):
                bent = footer[:at] + more + footer[at + 2 :]
                (here / "t.parquet").write_bytes(
                    content[: -8 - length] + bent + struct.pack("<I", len(bent)) + content[-4:]
                )
                call("fit", "t.parquet", room=MOST)

    def test_few_values_that_are_stored_well_are_read(self, here):
        values = np.zeros((100_000, 20), np.int64)
        values[np.arange(100_000), np.arange(100_000) % 20] = 1
        pq.write_table(
            pa.table({f"a{n}": column for n, column in enumerate(values.T)}), "t.parquet", compression="zstd"
        )
        assert call("fit", "t.parquet", room=GIB).began


class TestFilesThatAreNone:
    @pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.npz", IMAGES, LABELS])
    @pytest.mark.parametrize("target", ["/dev/zero", "/dev/full", "pipe"])
    def test_a_device_or_a_pipe_is_not_read(self, here, name, target):
        for other, content in pair().items():
            (here / other).write_bytes(content)
        (here / name).unlink(missing_ok=True)
        if target == "pipe":
            os.mkfifo(name)
        else:
            (here / name).symlink_to(target)
        refused(name, "not a file")

    @pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
    def test_gigabytes_of_nothing(self, here, name):
        """A file that is a gap: of a size, and of no place on the disk."""
        with (here / name).open("wb") as file:
            file.truncate(4 * GIB)
        with watched(room=MOST), pytest.raises(InputError, match="binary"):
            read_table(name)
