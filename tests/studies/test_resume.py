"""A study from a table to a run, stopped at any moment and gone on with: the run is that of a study never stopped."""

import json
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest
from runs import tree
from studies import make_flowers, make_prices

import goru.studies.study as conducted
from goru.errors import InputError
from goru.experiment.racing.store import Store, read_trials
from goru.studies import fitting
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.manifest import check_files
from goru.studies.runs.run import ANSWER, CONFIG, MAKING, READY, REPORT, STORE, RunFolder, is_unfinished, open_run

FEW = Options(networks=36, hidden=(4,), epochs=3)
BLOCKS = 18  # of two networks each, in six programs and three folds


class Killed(BaseException):
    """Nothing more happens."""


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """As in the other studies here."""
    monkeypatch.setattr("goru.studies.defaults.networks_in_a_block", lambda parameters: 2)


@contextmanager
def stopped_after(blocks: int, error: type[BaseException] = KeyboardInterrupt):
    """Whatever would be recorded after so many blocks stops the study instead."""
    add, done = Store.add, []

    def watched(store, trials):
        if len(done) == blocks:
            raise error
        done.append(1)
        return add(store, trials)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "add", watched)
        with pytest.raises(error):
            yield


@contextmanager
def stopped_at(target: str, error: type[BaseException] = Killed):
    """So does whoever calls this."""

    def stop(*args, **kwargs):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, stop)
        with pytest.raises(error):
            yield


def report(run: RunFolder) -> None:
    (run.folder / REPORT).write_text("<html>")


def contents(run: RunFolder) -> dict[str, object]:
    """All that a run holds, clocks aside."""
    return {
        "trials": [(trial.arm, trial.configuration, trial.split, trial.values, trial.id) for trial in run.recorded],
        "curves": [(trial.curves.tobytes(), trial.parts.tobytes()) for trial in run.recorded],
        "answer": replace(run.answer, seconds=0.0),
        "evidence": run.evidence,
        "model": tree(run.folder / "model"),
        "config": run.config,
        "files": sorted(tree(run.folder)),
    }


@pytest.fixture(scope="module")
def flowers(tmp_path_factory) -> TableOptions:
    path = tmp_path_factory.mktemp("tables") / "flowers.csv"
    make_flowers().to_csv(path, index=False)
    return TableOptions(str(path), "kind")


@pytest.fixture(scope="module")
def whole(flowers, tmp_path_factory) -> RunFolder:
    """The run that the others are to be like."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("goru.studies.defaults.networks_in_a_block", lambda parameters: 2)
        return fit_table(flowers, FEW, tmp_path_factory.mktemp("whole") / "run", report=report)


@pytest.fixture
def go_on(flowers, tmp_path):
    """Fit with `--resume`."""
    return lambda **how: fit_table(flowers, FEW, tmp_path / "run", **{"resume": True, "report": report} | how)


class TestTheSameRun:
    @pytest.mark.parametrize("blocks", [0, 1, 7, BLOCKS - 1])
    def test_stopped_after_some_blocks(self, whole, go_on, tmp_path, blocks):
        with stopped_after(blocks):
            go_on(resume=False)
        left = read_trials(tmp_path / "run" / MAKING / STORE) if blocks else []
        assert len(left) == 2 * blocks
        assert contents(go_on()) == contents(whole)

    def test_stopped_after_every_block(self, whole, go_on):
        for _ in range(BLOCKS - 1):
            with stopped_after(1):
                go_on()
        assert contents(go_on()) == contents(whole)

    @pytest.mark.parametrize(
        "target",
        [
            "study.rank",  # all is trained, and nothing decided
            "study.train_final_models",
            "final.conclusion.gather_all",
            "fitting.save_model",
            "runs.folder.write_manifest",
            "runs.folder.publish",
        ],
    )
    @pytest.mark.parametrize("error", [Killed, KeyboardInterrupt])
    def test_stopped_after_the_race(self, whole, go_on, target, error):
        with stopped_at(f"goru.studies.{target}", error):
            go_on(resume=False)
        assert contents(go_on()) == contents(whole)

    def test_stopped_in_the_report(self, whole, go_on):
        def stop(run):
            (run.folder / ".report.html.part").write_text("<htm")
            raise Killed

        with pytest.raises(Killed):
            go_on(resume=False, report=stop)
        assert contents(go_on()) == contents(whole)

    def test_never_stopped(self, whole, go_on):
        assert contents(go_on()) == contents(whole)

    def test_begun_by_resuming_what_was_killed_before_its_first_write(self, whole, go_on, tmp_path):
        with stopped_at("goru.experiment.racing.store.Store.__init__"):
            go_on(resume=False)
        (tmp_path / "run" / MAKING).mkdir(parents=True, exist_ok=True)
        assert contents(go_on()) == contents(whole)

    @pytest.mark.parametrize(
        "options",
        [
            Options(networks=12 * 3 * 6, hidden=(3,), epochs=2, batch_size=16),
            Options(networks=36, hidden=(3,), epochs=2, single=True, seed=7),
            Options(networks=36, hidden=(3, 3), epochs=2, search_batch_norm=True, numbers="pieces"),
        ],
        ids=["more configurations", "single", "batch norm searched"],
    )
    def test_whatever_is_asked(self, tmp_path, options):
        make_prices().to_csv(tmp_path / "prices.csv", index=False)
        table = TableOptions(str(tmp_path / "prices.csv"), "price")
        whole = fit_table(table, options, tmp_path / "whole")
        with stopped_after(7):
            fit_table(table, options, tmp_path / "run")
        assert contents(fit_table(table, options, tmp_path / "run", resume=True)) == contents(whole)


class TestDecisions:
    """What was looked at and planned is not looked at and planned again."""

    def test_how_numbers_are_prepared(self, whole, go_on, monkeypatch):
        with stopped_after(1):
            go_on(resume=False)
        monkeypatch.setattr(conducted, "look", None)
        assert contents(go_on()) == contents(whole)

    def test_what_there_is_time_for_and_the_time_that_is_spent(self, flowers, tmp_path, monkeypatch):
        options = Options(budget=1e-3, hidden=(4,), epochs=8)
        with stopped_after(3):
            fit_table(flowers, options, tmp_path / "run")
        before = Store(tmp_path / "run" / MAKING / STORE)
        plan, spent = before.recall("plan"), before.spent
        before.close()
        monkeypatch.setattr("goru.studies.budget.spending.Spending._measured", None)
        run = fit_table(flowers, options, tmp_path / "run", resume=True)
        assert run.answer.plan.configurations == plan["configurations"]
        assert run.answer.plan.folds <= plan["folds"]  # those that there was time for
        assert run.answer.seconds > spent > 0
        check_files(run.folder)


class TestTheOldRun:
    def test_is_whole_until_the_new_one_is(self, go_on, tmp_path):
        old = go_on(resume=False)
        before = tree(old.folder)
        with stopped_after(5):
            go_on(resume=False, overwrite=True)
        assert {name: content for name, content in tree(old.folder).items() if not name.startswith(".")} == before
        assert open_run(old.folder).answer == old.answer
        go_on()
        assert open_run(old.folder).answer.seconds != json.loads(before[ANSWER])["seconds"]
        assert set(tree(old.folder)) == set(before)

    @pytest.mark.parametrize("resume", [False, True])
    def test_a_finished_one_is_not_touched(self, go_on, resume):
        folder = go_on(resume=False).folder
        before = tree(folder)
        with pytest.raises(InputError, match=r"finished.*overwrite=True"):
            go_on(resume=resume)
        assert tree(folder) == before


class TestWhatIsNotGoneOnWith:
    @pytest.fixture
    def left(self, go_on, tmp_path):
        with stopped_after(2):
            go_on(resume=False)
        return tmp_path / "run"

    def test_without_resume_it_is_said_what_to_do(self, left, go_on):
        before = tree(left)
        with pytest.raises(
            InputError, match=r"run: holds a run that was not finished\. Give resume=True to continue it, or"
        ):
            go_on(resume=False)
        assert tree(left) == before

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (replace(FEW, networks=48), "networks 36, not 48"),
            (replace(FEW, networks=None, budget=60.0), "budget none, not 60.0"),
            (replace(FEW, hidden=(4, 4)), "hidden 4, not 4,4"),
            (replace(FEW, seed=1), "seed 0, not 1"),
            (replace(FEW, single=True), "single False, not True"),
            (replace(FEW, class_weight="balanced"), "class-weight none, not balanced"),
        ],
    )
    def test_other_options(self, left, flowers, options, words):
        before = tree(left)
        with pytest.raises(InputError, match=f"run: was begun with {words}"):
            fit_table(flowers, options, left, resume=True)
        assert tree(left) == before

    def test_other_columns(self, left, flowers):
        with pytest.raises(InputError, match="was begun with drop none, not width"):
            fit_table(replace(flowers, drop=("width",)), FEW, left, resume=True)

    def test_another_table(self, left, flowers, tmp_path):
        shutil.copy(flowers.source, tmp_path / "other.csv")
        with pytest.raises(InputError, match=r"was begun with source .*flowers\.csv, not .*other\.csv"):
            fit_table(replace(flowers, source=str(tmp_path / "other.csv")), FEW, left, resume=True)

    def test_a_table_that_has_changed(self, left, flowers, tmp_path):
        shutil.copy(flowers.source, tmp_path / "before.csv")
        try:
            make_flowers(seed=1).to_csv(flowers.source, index=False)
            with pytest.raises(InputError, match=r"run: the table has changed since this run was begun"):
                fit_table(flowers, FEW, left, resume=True)
        finally:
            shutil.copy(tmp_path / "before.csv", flowers.source)

    def test_other_versions(self, left, go_on, monkeypatch):
        now = fitting.versions()
        monkeypatch.setattr(fitting, "versions", lambda: {**now, "jax": "9.9.9"})
        with pytest.raises(InputError, match=rf"run: was begun with jax {now['jax']}, not 9\.9\.9"):
            go_on()

    def test_one_that_is_to_be_begun_anew(self, left, go_on):
        with pytest.raises(InputError, match="resume=True and overwrite=True cannot be combined"):
            go_on(overwrite=True)

    def test_a_damaged_record(self, left, go_on):
        (left / MAKING / STORE).write_bytes(b"?" * 5000)
        with pytest.raises(InputError, match=r"\.making/study\.sqlite: damaged .*overwrite=True"):
            go_on()
        assert (left / MAKING / STORE).read_bytes() == b"?" * 5000

    def test_a_damaged_configuration(self, left, go_on):
        (left / MAKING / CONFIG).write_text("{")
        with pytest.raises(InputError, match=r"\.making/config\.json: damaged.*overwrite=True"):
            go_on()
        assert len(read_trials(left / MAKING / STORE)) == 4

    def test_beginning_anew_is_always_possible(self, left, go_on, whole):
        (left / MAKING / CONFIG).write_text("{")
        assert contents(go_on(resume=False, overwrite=True)) == contents(whole)


class TestAWholeRunOnItsWay:
    """It is put in its place, and nothing is trained."""

    @pytest.fixture
    def left(self, go_on, tmp_path):
        with stopped_at("goru.studies.runs.folder.publish"):
            go_on(resume=False)
        assert (tmp_path / "run" / READY).is_dir()
        return tmp_path / "run"

    def test_with_the_same_command(self, left, go_on, whole, monkeypatch):
        monkeypatch.setattr(conducted.Study, "run", None)
        assert contents(go_on()) == contents(whole)
        assert not is_unfinished(left)

    def test_not_with_another(self, left, flowers):
        before = tree(left)
        with pytest.raises(InputError, match="was begun with seed 0, not 1"):
            fit_table(flowers, replace(FEW, seed=1), left, resume=True)
        assert tree(left) == before
