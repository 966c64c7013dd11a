"""Files that are damaged, or are something else than their names say."""

import gzip
from pathlib import Path

import pytest
from bending import bent
from calling import call, place
from counting import cases
from good_files import IMAGES, LABELS, archive, arrays, good_files, pair, text_file
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = st.sampled_from([(), ("--target", "kind"), ("--target", "price"), ("--task", "classification")])


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("bytes") / "here"


def read(here: Path, topic: str, name: str, content: bytes, options: tuple[str, ...] = (), **others: bytes) -> None:
    with place(here):
        for other, its in others.items():
            Path(other).write_bytes(its)
        Path(name).write_bytes(content)
        call("fit", name, *options, topic=topic)


def test_the_files_that_are_bent_are_good(here):
    for name, content in good_files().items():
        with place(here):
            for other, its in pair().items():
                Path(other).write_bytes(its)
            Path(name).write_bytes(content)
            came = call("fit", name)
            assert came.began, came


@cases(4)
@given(name=st.sampled_from(sorted(good_files())), content=st.binary(max_size=300), options=OPTIONS)
def test_bytes_at_random(here, name, content, options):
    read(here, "bytes at random", name, content, options, **pair())


@cases(10)
@given(data=st.data(), name=st.sampled_from(sorted(good_files())), options=OPTIONS)
def test_a_bent_file(here, data, name, options):
    read(here, "bent files", name, data.draw(bent(good_files()[name])), options, **pair())


@cases(2)
@given(name=st.sampled_from(sorted(good_files())), other=st.sampled_from(sorted(good_files())))
def test_a_file_under_the_name_of_another(here, name, other):
    read(here, "misnamed files", name, good_files()[other], **pair())


@cases(5)
@given(content=bent(text_file()), options=OPTIONS)
def test_bent_text_that_is_compressed_well(here, content, options):
    read(here, "bent text in gzip", "t.csv.gz", gzip.compress(content, mtime=0), options)


@cases(6)
@given(name=st.sampled_from(sorted(arrays())), data=st.data())
def test_a_bent_array_in_a_sound_archive(here, name, data):
    """Most of what is bent is the header, which says the type and the shape."""
    content = arrays()[name]
    header, numbers = content[:128], content[128:]
    if data.draw(st.booleans()):
        header = data.draw(bent(header))
    else:
        numbers = data.draw(bent(numbers))
    read(here, "bent arrays", "t.npz", archive(arrays() | {name: header + numbers}))


@cases(3)
@given(
    members=st.dictionaries(
        st.sampled_from(["X", "y.npy", "x.npy", "../X.npy", "/X.npy", "X.npy/", "é.npy", "."]), st.binary(max_size=50)
    )
)
def test_members_of_any_name(here, members):
    read(here, "bent archives", "t.npz", archive(members))


@cases(5)
@given(data=st.data(), name=st.sampled_from([IMAGES, LABELS]), folder=st.booleans())
def test_a_bent_header_of_a_pair(here, data, name, folder):
    content = pair()[name]
    header = data.draw(bent(content[:16]))
    with place(here):
        for other, its in pair().items():
            Path(other).write_bytes(its if other != name else header + its[16:])
        call("fit", "." if folder else name, topic="bent IDX headers")
