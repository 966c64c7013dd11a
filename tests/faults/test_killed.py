"""Sixty times SIGKILL at random moments, over several studies: each ends as if it had never been killed."""

import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from commands import assert_same, files

from goru.errors import InputError
from goru.studies.runs.folder import check_free
from goru.studies.runs.manifest import MANIFEST, check_files
from goru.studies.runs.run import ANSWER, READY, is_unfinished, open_run

STUDIES = {
    "compiled": (("digits", "--networks", "108", "--hidden", "8"), 7),
    "interpreted": (("iris", "--networks", "48", "--hidden", "8"), 20),
    "regression": (("diabetes", "--networks", "24", "--hidden", "8"), 9),
    "single": (("wine", "--networks", "36", "--hidden", "8", "--single"), 9),
}
BUDGET = (("iris", "--budget", "4s", "--hidden", "8"), 9)
REPLACING = 6
MOST_IN_A_ROW = 5
AT_A_TIME = 2  # processes, on as many cores


def is_finished(folder: Path) -> bool:
    return not is_unfinished(folder) and all((folder / name).is_file() for name in (ANSWER, MANIFEST))


def chain(commands, fit, folder, seconds, rng, kills) -> int:
    """Begin a study, kill it at a random moment, go on with it, and so on until it ends; gives how often it died."""
    times, how = 0, ()
    while not is_finished(folder):
        moment = rng.uniform(0, seconds) if times < min(kills, MOST_IN_A_ROW) else None
        ended = commands("fit", *fit, "--out", folder, *how, kill_after=moment)
        assert ended.killed or ended.code == 0, ended
        times, how = times + ended.killed, ("--resume",)
        if is_unfinished(folder):
            with pytest.raises(InputError, match="Give resume=True to continue it"):
                check_free(folder, overwrite=False)
    return times


def killed_so_often(one_chain, kills: int) -> int:
    """Chains, some at a time, until processes have been killed so often."""
    rng, done, number = np.random.default_rng(kills), 0, 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        while done < kills:
            share = -(-(kills - done) // AT_A_TIME)
            begun = [pool.submit(one_chain, number + place, rng.spawn(1)[0], share) for place in range(AT_A_TIME)]
            done += sum(future.result() for future in begun)
            number += AT_A_TIME
            assert number < 10 * kills
    return done


@pytest.mark.parametrize("name", STUDIES)
def test_the_run_is_that_of_a_study_never_killed(commands, tmp_path, name):
    fit, kills = STUDIES[name]
    whole, ended = commands.whole(*fit)
    seconds = ended.seconds
    if name == "compiled":
        assert any(commands.programs.rglob("*"))
        seconds = commands("fit", *fit, "--out", tmp_path / "again").seconds  # with programs that are known by now

    def one_chain(number, rng, share):
        folder = tmp_path / str(number)
        times = chain(commands, fit, folder, seconds, rng, share)
        assert_same(folder, whole)
        check_files(folder)
        return times

    assert killed_so_often(one_chain, kills) >= kills


def test_what_a_run_is_to_replace_stays_whole_until_the_new_one_is(commands, tmp_path):
    fit = STUDIES["interpreted"][0]
    whole, ended = commands.whole(*fit)
    old, _ = commands.whole("iris", "--networks", "36", "--hidden", "4", "--seed", "1")
    before, rng, times = files(old), np.random.default_rng(0), 0
    while times < REPLACING:
        folder, how = Path(shutil.copytree(old, tmp_path / f"{len(list(tmp_path.iterdir()))}")), "--overwrite"
        while load_seed(folder) != 0:
            moment = rng.uniform(0.2, 1) * ended.seconds if times < REPLACING else None
            done = commands("fit", *fit, "--out", folder, how, kill_after=moment)
            assert done.killed or done.code == 0, done
            times += done.killed
            if not (folder / READY).is_dir() and load_seed(folder) == 1:
                left = {name: content for name, content in files(folder).items() if not name.startswith(".")}
                assert left == before
            # What it had recorded is thrown away now and then, by somebody who begins anew.
            how = "--resume" if is_unfinished(folder) and times % 3 else "--overwrite"
        assert_same(folder, whole)
        check_files(folder)


def load_seed(folder: Path) -> int | None:
    """That of the run which is there, if it is whole."""
    try:
        return open_run(folder).config["options"]["seed"]
    except InputError as error:
        assert "not finished. Resume it with `goru fit ... --resume`" in str(error)  # noqa: PT017  # nothing else is wrong
        return None


def test_a_study_with_a_budget_finishes_and_is_whole(commands, tmp_path):
    fit, kills = BUDGET
    commands.whole(*fit)
    seconds = commands("fit", *fit, "--out", tmp_path / "again").seconds  # with programs that are known by now

    def one_chain(number, rng, share):
        folder = tmp_path / str(number)
        times = chain(commands, fit, folder, seconds, rng, share)
        check_files(folder)
        answer = json.loads((folder / ANSWER).read_text())
        plan = answer["plan"]
        with closing(sqlite3.connect(f"file:{folder / 'study.sqlite'}?mode=ro", uri=True)) as study:
            counted = "select count(*) from trials where configuration < ? and split < ?"
            (first,) = study.execute(counted, (plan["configurations"], plan["folds"])).fetchone()
        assert first == 12 * plan["configurations"] * plan["folds"]
        assert len(open_run(folder).recorded) >= answer["trained"]["networks"] >= first
        assert commands("show", folder).code == 0
        return times

    assert killed_so_often(one_chain, kills) >= kills
