"""What a row of trials holds: factors as data, what failed, and what rows were before."""

import hashlib
import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from experiments import DESIGN, arm_of, make_trial

from goru.errors import InputError
from goru.experiment.design import Design
from goru.experiment.racing.store import Store, read_trials
from goru.experiment.trial import Trial


def written(path: Path, trials: list[Trial]) -> Path:
    store = Store(path)
    store.add(trials)
    store.close()
    return path


HOSTILE = Design(
    {
        "'; drop table trials; --": [None, "a\x00b", '"'],
        "a\nb": [False, True],
        "고루": [1, 2.5],
    }
)


class TestFactorsAsData:
    @pytest.mark.parametrize("design", [DESIGN, HOSTILE], ids=["usual", "hostile"])
    def test_arms_come_back_with_their_levels_names_and_types(self, tmp_path, design):
        path = written(tmp_path / "study.sqlite", [make_trial(arm) for arm in design.arms])
        for arm, trial in zip(design.arms, read_trials(path), strict=True):
            assert (trial.arm, trial.arm.name, trial.arm.phrase) == (arm, arm.name, arm.phrase)
            assert [(type(level), level) for level in trial.arm.values()] == [(type(v), v) for v in arm.values()]

    def test_parts_are_read_of_the_right_trial_whatever_it_is_called(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        for number, arm in enumerate(HOSTILE.arms):
            store.add([make_trial(arm, curves=[float(number)])])
        for number, trial in enumerate(store.trials):
            assert np.asarray(trial.parts).sum() == number
        store.close()

    def test_values_are_those_of_any_knobs(self, tmp_path):
        values = {"learning rate": 1e-300, "größe": 3, "'": 0.1}
        (trial,) = read_trials(written(tmp_path / "study.sqlite", [make_trial(values=values)]))
        assert trial.values == values
        assert type(trial.values["größe"]) is int


class TestFailed:
    TRACEBACK = 'Traceback (most recent call last):\n  File "t.py", line 1\nValueError: "größer" \x00 \x1b[31m'

    def test_what_a_trial_printed_and_why_it_failed_is_kept(self, tmp_path):
        failed = make_trial(ended="failed", output=self.TRACEBACK, seconds=1.5)
        (trial,) = read_trials(written(tmp_path / "study.sqlite", [failed]))
        assert (trial.ended, trial.output, trial.seconds) == ("failed", self.TRACEBACK, 1.5)

    def test_half_a_character_harms_nothing(self, tmp_path):
        (trial,) = read_trials(written(tmp_path / "study.sqlite", [make_trial(output="a\ud800b\udcff")]))
        assert trial.output == "a\\ud800b\\udcff"

    def test_one_that_had_no_epoch_is_there_nevertheless(self, tmp_path):
        path = tmp_path / "study.sqlite"
        none = make_trial(curves=np.zeros((0, 2, 1)), parts=np.zeros((0, 0)), ended="failed", output="no")
        written(path, [none, make_trial(configuration=1)])
        failed, sound = read_trials(path)
        assert (failed.curves.shape, failed.parts.shape, failed.output) == ((0, 2, 1), (0, 0), "no")
        assert sound.ended == "finished"
        store = Store(path)
        assert [trial.configuration for trial in store.trials] == [0, 1]
        assert np.asarray(store.trials[0].parts).shape == (0, 0)
        store.close()


class TestBeforeFactorsWereData:
    """A file as it was when every arm had three columns."""

    SCHEMA = """
    create table trials (
        arm text not null, batch_norm text, dropout integer not null, weight_decay integer not null,
        draw integer not null, split integer not null, hyperparameters text not null, mask_id integer not null,
        seed text not null, epochs integer not null, figures integer not null, curves blob not null,
        parts blob not null, ended text not null, checksum text not null, primary key (arm, draw, split)
    ) strict
    """
    CURVES = np.linspace(0, 1, 12, dtype="<f4").reshape(3, 2, 2)
    PARTS = np.linspace(0, 1, 6, dtype="<f4").reshape(3, 2)
    ROWS = (
        ("plain", None, 0, 0, 0, 2, '{"learning_rate": 0.01, "dropout_rate": 0.0}', 7, "[0, 2, 2, 0]", "finished"),
        ("batch norm before + dropout", "before", 1, 0, 1, 0, '{"learning_rate": 0.1}', 8, "[1]", "diverged"),
    )

    @staticmethod
    def of_types(cells):
        """Each cell by its type, its length and its bytes."""
        contents = [cell if isinstance(cell, bytes) else repr(cell).encode() for cell in cells]
        heads = [
            f"{type(cell).__name__} {len(content)} ".encode() for cell, content in zip(cells, contents, strict=True)
        ]
        return hashlib.sha256(b"".join(itertools.chain(*zip(heads, contents, strict=True)))).hexdigest()

    @staticmethod
    def of_text(cells):
        """As it was before that."""
        return hashlib.sha256(repr(cells).encode()).hexdigest()

    def made(self, path, checksum):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(self.SCHEMA)
            for *cells, ended in self.ROWS:
                row = (*cells, 3, 2, self.CURVES.tobytes(), self.PARTS.tobytes(), ended)
                connection.execute(f"insert into trials values ({', '.join('?' * 15)})", (*row, checksum(row)))
        return path

    @pytest.mark.parametrize("checksum", ["of_types", "of_text"])
    def test_trials_are_read(self, tmp_path, checksum):
        plain, normed = read_trials(self.made(tmp_path / "study.sqlite", getattr(self, checksum)))
        assert (plain.arm, plain.arm.name, plain.configuration, plain.split) == (arm_of(), "plain", 0, 2)
        assert plain.values == {"learning_rate": 0.01, "dropout_rate": 0.0}
        assert (plain.id, plain.seed, plain.ended) == (7, (0, 2, 2, 0), "finished")
        assert (normed.arm, normed.arm.name) == (arm_of("before", True), "batch norm before + dropout")
        assert dict(normed.arm) == {"batch_norm": "before", "dropout": True, "weight_decay": False}
        assert (normed.configuration, normed.split, normed.ended) == (1, 0, "diverged")
        for trial in (plain, normed):
            np.testing.assert_array_equal(trial.curves, self.CURVES)
            np.testing.assert_array_equal(trial.parts, self.PARTS)
            assert (trial.seconds, trial.output) == (0.0, "")

    def test_no_study_goes_on_with_it_and_it_stays_as_it_is(self, tmp_path):
        path = self.made(tmp_path / "study.sqlite", self.of_types)
        with pytest.raises(InputError, match=r"study\.sqlite: begun by an older version"):
            Store(path)
        assert len(read_trials(path)) == 2

    def test_a_changed_cell_is_found(self, tmp_path):
        path = self.made(tmp_path / "study.sqlite", self.of_types)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("update trials set dropout = 1")
        with pytest.raises(InputError, match=r"damaged, a trial of 'plain' has changed"):
            read_trials(path)


class TestBeforeConfigurationsWereCalledSo:
    """A file as version 5 of a run has it: the column's name alone is another."""

    @pytest.fixture
    def older(self, tmp_path):
        path = written(tmp_path / "study.sqlite", [make_trial(configuration=number) for number in range(3)])
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("alter table trials rename column configuration to draw")
        return path

    def test_trials_are_read(self, older):
        assert [trial.configuration for trial in read_trials(older)] == [0, 1, 2]

    def test_no_study_goes_on_with_it(self, older):
        with pytest.raises(InputError, match=r"study\.sqlite: begun by an older version"):
            Store(older)
