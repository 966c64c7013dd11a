"""A few cases as a user has them: in a process of its own, with its memory bounded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bending import bent
from calling import place
from counting import cases, count
from good_files import good_files, pair
from hypothesis import given
from hypothesis import strategies as st
from made_up import WORDS

import goru

MOST_MEMORY = 8 << 30
COMMAND = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}));"
COMMAND += "import sys; from goru.cli import main; sys.exit(main())"
SECONDS = 120


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("processes") / "here"


def process(*words: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, words)],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(goru.__file__).parents[1])},
        timeout=SECONDS,
    )
    assert b"Traceback" not in done.stderr, done
    assert done.returncode in (0, 2), done
    if done.returncode == 2:
        assert done.stdout == b"", done
        assert [line[:6] for line in done.stderr.splitlines() if line.strip()] == [b"goru: "], done
    return done


@cases(0.25)
@given(data=st.data(), name=st.sampled_from(sorted(good_files())))
def test_new_rows_in_a_bent_file(here, runs, data, name):
    with place(here):
        for other, content in pair().items():
            Path(other).write_bytes(content)
        Path(name).write_bytes(data.draw(bent(good_files()[name])))
        done = process("predict", runs["regression"], name)
    count("processes", "taken" if done.returncode == 0 else "refused")


@cases(0.25)
@given(words=st.lists(st.sampled_from([word for word in WORDS if "\0" not in word]), max_size=3))
def test_words_of_any_letters(here, words):
    with place(here):
        done = process("fit", "t.csv", *words, "--target", "\udcff")
    count("processes", "taken" if done.returncode == 0 else "refused")
