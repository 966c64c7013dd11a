"""`goru.fit`: what it takes, what it gives, and how long its folder lives."""

import gc
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

import goru
from goru.errors import InputError
from goru.report.parts.repeating import command
from goru.report.run import Run
from goru.studies.fitting import TableOptions

TINY = {"networks": 36, "hidden": 4, "epochs": 3, "numbers": "scaled", "verbose": False}
X, Y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.array(["se", "ve", "vi"])[Y])


@pytest.fixture(scope="module")
def run():
    return goru.fit(FRAME, target="kind", **TINY)


class StoppedError(Exception):
    """Raised where a study would begin."""


@pytest.fixture
def asked(monkeypatch):
    """What a call asks of a study; nothing is read or trained."""

    def asked(*args, **given):
        found = []

        def stop(folder, *more, **named):
            found.extend([folder, *more])
            raise StoppedError

        with monkeypatch.context() as patch:
            patch.setattr("goru.fitting.run_in", stop)
            with pytest.raises(StoppedError):
                goru.fit(*args, **given)
        return found

    return asked


class TestARun:
    def test_shows_the_answer_that_the_command_prints(self, run, tmp_path):
        folder = run.save(tmp_path / "kept")
        said = subprocess.run([sys.executable, "-m", "goru", "show", str(folder)], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        assert repr(run) == str(run)
        assert repr(run).splitlines() == said.stdout.splitlines()
        assert run.answer.advice.split()[0] in run._repr_html_()

    def test_predicts(self, run):
        assert set(run.predict(FRAME)) <= {"se", "ve", "vi"}
        np.testing.assert_allclose(run.predict_proba(FRAME).sum(axis=1), 1)
        np.testing.assert_array_equal(run.predict(FRAME), run.model.predict(FRAME[list("dcba")]))

    def test_has_a_frame_of_effects_whose_columns_are_documented(self, run):
        assert list(run.effects["name"]) == [effect.name for effect in run.answer.effects]
        assert all(f"`{column}`" in goru.MLPClassifierCV.__doc__ for column in run.effects)

    def test_writes_its_report_where_it_is_or_elsewhere(self, run, tmp_path):
        assert run.report() == run.folder / "report.html"
        page = run.report(tmp_path / "page.html")
        assert "goru.fit(frame" in page.read_text("utf-8")
        with pytest.raises(InputError, match="is there already"):
            run.report(page, overwrite=False)
        goru.load(run.folder)  # its manifest still lists what is there

    def test_is_saved_and_loaded_again(self, run, tmp_path):
        folder = run.save(tmp_path / "a" / "run")
        again = goru.load(folder)
        assert (type(again), again) == (Run, Run(folder))
        np.testing.assert_array_equal(again.predict_proba(FRAME), run.predict_proba(FRAME))
        assert len(again.recorded) == 36
        with pytest.raises(InputError, match="overwrite=True"):
            run.save(folder)
        assert run.save(folder, overwrite=True) == folder

    def test_is_exported(self, run, tmp_path):
        written = run.export("safetensors", tmp_path / "tensors")
        assert {path.name for path in written.files} >= {"trained.safetensors", "tensors.json"}
        with pytest.raises(InputError, match="unknown export format 'pickle'"):
            run.export("pickle", tmp_path / "x")

    def test_says_how_to_repeat_it(self, run):
        assert command(run.config) == (
            "goru.fit(frame, target='kind', task='classification', networks=36, hidden=[4], epochs=3, "
            "numbers='scaled', seed=0)"
        )


def test_a_temporary_folder_lives_as_long_as_the_run():
    run = goru.fit(X, Y, seed=1, **TINY)
    folder = run.folder
    assert set(run.predict(X)) <= {0, 1, 2}  # an array's columns are known by their places
    assert (folder / "answer.json").is_file()
    del run
    gc.collect()
    assert not folder.exists()


class TestWhatIsAsked:
    def test_is_what_the_command_would_ask(self, asked, tmp_path):
        folder, table, options, *more = asked(
            "t.csv",
            target="y",
            drop="a",
            budget="2m",
            hidden=[8, 4],
            factors={"norm": ["none", "layer"], "mixup": None},
            out=tmp_path,
            overwrite=True,
        )
        assert (folder, table, more) == (tmp_path, TableOptions("t.csv", "y", drop=("a",)), [True, False, None])
        assert (options.budget, options.hidden, options.factors) == (120, (8, 4), ("norm=none,layer", "mixup"))

    @pytest.mark.parametrize("hidden", [(8, 4), [8, 4], np.array([8, 4]), "8,4"])
    def test_widths_may_be_written_in_several_ways(self, asked, hidden):
        assert asked("t.csv", hidden=hidden)[2].hidden == (8, 4)
        assert asked("t.csv", hidden=8)[2].hidden == (8,)

    @pytest.mark.parametrize("y", [Y, Y.tolist(), pd.Series(Y, name="y"), pd.DataFrame({"y": Y})])
    @pytest.mark.parametrize("features", [X, X.tolist(), FRAME[list("abcd")].set_index("a", drop=False)])
    def test_features_and_a_target_become_one_table(self, asked, features, y):
        _, table, *_ = asked(features, y)
        np.testing.assert_array_equal(table.source["y"], Y)
        np.testing.assert_array_equal(table.source.iloc[:, 0], X[:, 0])
        assert table.target == "y"

    def test_groups_and_times_may_be_values_or_names(self, asked):
        _, table, *_ = asked(X, Y, groups=np.arange(150) // 3)
        assert (table.groups, table.time, table.source["groups"].nunique()) == ("groups", None, 50)
        assert asked(FRAME, target="kind", time="a")[1].time == "a"

    def test_test_rows_may_come_as_a_pair(self, asked):
        _, table, *_ = asked(X[:100], pd.Series(Y[:100], name="species"), test=(X[100:], Y[100:]))
        assert list(table.test.columns) == list(table.source.columns) == ["x0", "x1", "x2", "x3", "species"]

    def test_what_is_given_is_not_changed(self, asked):
        frame = FRAME[list("abcd")].copy()
        asked(frame, Y)
        assert list(frame.columns) == list("abcd")

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"data": X, "y": Y[:-1]}, "y: shape .*149.* where the table has 150 rows"),
            ({"data": FRAME, "y": Y, "target": "kind"}, "'kind' is a column of the table already"),
            ({"data": X}, "features and y"),
            ({"data": "t.csv", "y": Y}, "have to be columns of a file"),
            ({"data": sparse.csr_array(X), "y": Y}, "sparse matrix"),
            ({"data": FRAME, "resume": True}, "Give out too"),
            ({"data": FRAME, "budget": "soon"}, "budget: invalid duration 'soon'"),
            ({"data": FRAME, "budget": 1, "networks": 1}, "cannot be combined"),
            ({"data": FRAME, "hidden": "wide"}, "hidden: invalid layer widths 'wide'"),
            ({"data": FRAME, "hidden": [1.5]}, "hidden: invalid layer widths"),
            ({"data": FRAME, "epochs": 0}, "epochs: 0 is out of range"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, given, words):
        with pytest.raises(InputError, match=words):
            goru.fit(**given)
