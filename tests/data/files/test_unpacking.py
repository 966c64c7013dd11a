"""A small file that stands for an enormous one is refused, and takes no memory."""

import gzip
import tracemalloc

import pytest

from goru.data.files.unpacking import ALWAYS, TIMES, check_unpacked, gunzip, most_unpacked
from goru.errors import InputError

MIB = 1 << 20


@pytest.fixture
def bomb(tmp_path):
    """More than is unpacked in any case, in a file of much less than it may be."""
    path = tmp_path / "t.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(ALWAYS // MIB + 1):
            file.write(b"0" * MIB)
    return path


def test_it_is_refused_before_any_of_it_is_kept(bomb):
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"bytes that unpack to .* save it without compression"):
            gunzip(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_what_is_small_may_be_compressed_as_well_as_it_likes(tmp_path):
    path, content = tmp_path / "t.csv.gz", b"0" * (32 * MIB)
    path.write_bytes(gzip.compress(content, 9))
    assert len(content) > TIMES * path.stat().st_size
    assert gunzip(path) == content


def test_several_parts_are_one_file(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n"))
    assert gunzip(tmp_path / "t.csv.gz") == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-5], lambda data: b"", lambda data: data[:20] + b"\0" + data[21:]]
)
def test_damage_is_told_from_too_much(tmp_path, damage):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(damage(gzip.compress(bytes(range(256)) * 10)))
    if path.stat().st_size:
        with pytest.raises(InputError, match="the gzip file is damaged"):
            gunzip(path)
    else:
        assert gunzip(path) == b""


def test_the_larger_a_file_the_more_it_may_be(tmp_path):
    path = tmp_path / "t.gz"
    path.write_bytes(bytes(2 * MIB))
    assert most_unpacked(path) == 2 * MIB * TIMES
    check_unpacked(path, 2 * MIB * TIMES)
    with pytest.raises(InputError, match="2,097,152 bytes that unpack to 419,430,401 or more"):
        check_unpacked(path, 2 * MIB * TIMES + 1)
