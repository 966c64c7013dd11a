"""Trials on disk: what is read is what was written, or nothing."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from experiments import ARMS, Clock, arm_of, make_trial
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.errors import InputError
from goru.experiment.racing import store as store_module
from goru.experiment.racing.record import Record
from goru.experiment.racing.store import Store, read_trials
from goru.experiment.trial import Trial

COLUMNS = (
    *("arm", "levels", "techniques", "configuration", "split", "hyperparameters", "mask_id", "seed"),
    *("epochs", "figures", "curves", "temperatures", "parts", "ended", "seconds", "output", "checksum"),
)

numbers = st.floats(width=32)
trials = st.builds(
    lambda shape, **cells: Trial(curves=shape[0], parts=shape[1], **cells),
    arm=st.sampled_from(ARMS),
    configuration=st.integers(0, 10_000),
    split=st.integers(0, 9),
    values=st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=4),
    id=st.integers(0, 2**32 - 1),
    seed=st.lists(st.integers(0, 2**32 - 1), max_size=4).map(tuple),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 2), st.integers(1, 5)).flatmap(
        lambda shape: st.tuples(
            arrays(np.float32, (shape[0], 2, shape[1]), elements=numbers),
            arrays(np.float32, (shape[0], shape[2]), elements=numbers),
        )
    ),
    ended=st.sampled_from(["finished", "diverged", "failed"]),
    seconds=st.floats(0, 1e9),
    output=st.text(),
)
different_trials = st.lists(
    trials, min_size=1, max_size=5, unique_by=lambda trial: (trial.arm, trial.configuration, trial.split)
)


def cells(trial: Trial) -> tuple[object, ...]:
    """All that a trial consists of, with the bits of its curves and parts, in which a NaN equals itself."""
    bits = [(array.shape, np.asarray(array, np.float32).tobytes()) for array in (trial.curves, trial.parts)]
    arm = trial.arm.levels, trial.arm.techniques
    numbers = tuple(trial.values.items())
    ends = trial.ended, trial.seconds, trial.output
    return arm, trial.configuration, trial.split, numbers, trial.id, trial.seed, *ends, *bits


def written(path: Path, *blocks: list[Trial]) -> Path:
    store = Store(path)
    for block in blocks:
        store.add(block)
    store.close()
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A file of 36 trials; tests that damage it take a copy."""
    path = tmp_path_factory.mktemp("store") / "study.sqlite"
    return written(path, [make_trial(arm, split=split) for arm in ARMS for split in range(3)])


class TestRoundTrip:
    @settings(max_examples=40)
    @given(different_trials)
    def test_every_trial_comes_back_bit_for_bit_in_the_order_written(self, trials):
        with tempfile.TemporaryDirectory() as folder:
            half = len(trials) // 2
            path = written(Path(folder, "study.sqlite"), trials[:half], trials[half:])
            assert [cells(trial) for trial in read_trials(path)] == [cells(trial) for trial in trials]

    def test_one_file_is_left_without_a_journal_beside_it(self, whole):
        assert [path.name for path in whole.parent.iterdir()] == ["study.sqlite"]

    def test_the_trials_of_a_block_are_there_together_or_not_at_all(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        store.add([make_trial(configuration=0)])
        with pytest.raises(sqlite3.IntegrityError):
            store.add([make_trial(configuration=1), make_trial(configuration=0)])  # the second is there already
        store.close()
        assert [trial.configuration for trial in read_trials(tmp_path / "study.sqlite")] == [0]

    def test_what_was_added_is_there_before_the_file_is_closed(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        store.add([make_trial()])
        assert len(read_trials(tmp_path / "study.sqlite")) == 1
        store.close()

    def test_where_nothing_was_recorded_no_file_is_left(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        store.remember("look", {"in_pieces": True})
        store.close()
        assert list(tmp_path.iterdir()) == []

    def test_trials_that_are_there_are_kept_though_nobody_was_told_so_any_more(self, tmp_path, monkeypatch):
        """Ctrl-C comes when it comes: also when a block has just been written."""

        def interrupt(record, trials):
            raise KeyboardInterrupt

        store = Store(tmp_path / "study.sqlite")
        monkeypatch.setattr(Record, "add", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.add([make_trial()])
        store.close()
        assert len(read_trials(tmp_path / "study.sqlite")) == 1

    def test_a_path_may_hold_what_means_something_in_a_uri(self, tmp_path):
        folder = tmp_path / "50% of #1?mode=rw"
        folder.mkdir()
        assert len(read_trials(written(folder / "study.sqlite", [make_trial()]))) == 1


class TestGoingOn:
    """What one process has recorded the next one knows, whatever has become of the first."""

    def test_trials_are_there_and_others_come_after_them(self, tmp_path):
        for configuration in range(3):
            store = Store(tmp_path / "study.sqlite")
            assert [trial.configuration for trial in store.trials] == list(range(configuration))
            store.add([make_trial(configuration=configuration)])
            assert [trial.configuration for trial in store.trials] == list(range(configuration + 1))
            if configuration < 2:
                store.close()
        store.close()

    def test_so_are_decisions_the_last_of_each_name(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        assert store.recall("plan") is None
        for configurations in (3, 4):
            store.remember("plan", {"configurations": configurations, "ends": 1 / 3, "words": ["Größe"]})
        store.remember("pace", 0.1)
        assert store.recall("plan")["configurations"] == 4
        store.add([make_trial()])
        store.close()
        again = Store(tmp_path / "study.sqlite")
        assert (again.recall("plan"), again.recall("pace")) == (
            {"configurations": 4, "ends": 1 / 3, "words": ["Größe"]},
            0.1,
        )
        again.close()

    def test_every_block_is_there_at_once_for_whoever_reads(self, tmp_path):
        path = tmp_path / "study.sqlite"
        store = Store(path)
        for split in range(3):
            store.add([make_trial(split=split)])
            assert len(read_trials(path)) == split + 1
        store.close()

    def test_the_disk_has_what_was_decided_and_of_blocks_that_follow_closely_one_a_second(self, tmp_path, monkeypatch):
        """What SQLite waits for the disk with: 2 is for every transaction, 1 for none but those that clear up."""
        store, waits = Store(tmp_path / "study.sqlite"), []
        for configuration, now in enumerate((100.0, 100.4, 100.9, 101.1, 101.2)):
            monkeypatch.setattr(time, "monotonic", lambda now=now: now)
            store.add([make_trial(configuration=configuration)])
            waits.append(store._connection.execute("pragma synchronous").fetchone()[0])
        store.remember("plan", {"configurations": 3})
        waits.append(store._connection.execute("pragma synchronous").fetchone()[0])
        assert waits == [2, 1, 1, 2, 1, 2]
        store.close()

    def test_what_was_recorded_is_there_though_the_file_was_never_closed(self, tmp_path):
        """As after SIGKILL: what there is then lies in a journal."""
        store = Store(tmp_path / "study.sqlite")
        store.add([make_trial()])
        store.remember("pace", 2.5)
        for name in ("study.sqlite", "study.sqlite-wal"):
            (tmp_path / "copy").mkdir(exist_ok=True)
            (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
        again = Store(tmp_path / "copy" / "study.sqlite")
        assert ([trial.configuration for trial in again.trials], again.recall("pace")) == ([0], 2.5)
        again.close()
        store.close()

    def test_a_journal_that_ends_too_early_costs_the_last_blocks_alone(self, tmp_path):
        """As after a power cut: trials that are there are whole, and those before the last are there."""
        store = Store(tmp_path / "study.sqlite")
        for configuration in range(4):
            store.add([make_trial(arm, configuration) for arm in ARMS])
        main, journal = ((tmp_path / f"study.sqlite{end}").read_bytes() for end in ("", "-wal"))
        store.close()
        counts = []
        for number, length in enumerate([*range(0, len(journal), len(journal) // 25), len(journal)]):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "study.sqlite").write_bytes(main)
            (folder / "study.sqlite-wal").write_bytes(journal[:length])
            again = Store(folder / "study.sqlite")
            counts.append(len(again.trials))
            again.close()
        assert counts == sorted(counts)
        assert set(counts) == {0, 12, 24, 36, 48}

    def test_an_empty_file_is_one_in_which_nothing_is_recorded_yet(self, tmp_path):
        (tmp_path / "study.sqlite").touch()
        store = Store(tmp_path / "study.sqlite")
        assert store.trials == []
        store.close()

    def test_the_time_that_was_spent_is_counted_on(self, tmp_path, monkeypatch):
        clock = Clock()
        for module in ("record", "store"):
            monkeypatch.setattr(f"goru.experiment.racing.{module}.time", clock)
        store = Store(tmp_path / "study.sqlite")
        assert (store.spent, store.go_on(990.0)) == (0, 990.0)  # ten seconds went by before there was a file
        clock.now += 20
        store.add([make_trial()])
        clock.now += 5  # nobody knows of these
        store.close()
        clock.now = 7.0  # another process, and another start of the clock
        again = Store(tmp_path / "study.sqlite")
        assert (again.spent, again.go_on(5.0)) == (30, -25.0)
        clock.now += 3
        again.remember("pace", 1.0)
        again.close()
        last = Store(tmp_path / "study.sqlite")
        assert last.spent == 35
        last.close()


class TestAFullDisk:
    """It is no damage: the file is whole, and as it was."""

    @pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN"])
    def test_is_passed_on_as_it_is(self, tmp_path, monkeypatch, name):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = name

        def connect(path):
            raise error

        monkeypatch.setattr(sqlite3, "connect", connect)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            Store(tmp_path / "study.sqlite")

    def test_what_was_recorded_before_it_stays(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        store.add([make_trial(configuration=0)])
        pages = store._connection.execute("pragma page_count").fetchone()[0]
        store._connection.execute(f"pragma max_page_count = {pages + 1}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            store.add([make_trial(arm, configuration) for arm in ARMS for configuration in range(1, 9)])
        store.close()
        assert [trial.configuration for trial in read_trials(tmp_path / "study.sqlite")] == [0]
        again = Store(tmp_path / "study.sqlite")
        again.add([make_trial(configuration=1)])
        again.close()
        assert len(read_trials(tmp_path / "study.sqlite")) == 2


class TestTemperatures:
    PARTS = np.random.default_rng(0).random((3, 4, 5), np.float32)

    def test_parts_at_several_and_what_they_add_up_to_are_read_as_they_were(self, tmp_path):
        trial = make_trial(curves=[0.5, 0.4, 0.3], parts=self.PARTS)
        (read,) = read_trials(written(tmp_path / "study.sqlite", [trial]))
        assert cells(read) == cells(trial)
        np.testing.assert_array_equal(read.judged, trial.judged)

    def test_of_a_store_they_are_read_where_they_are_looked_at(self, tmp_path):
        store = Store(tmp_path / "study.sqlite")
        (kept,) = store.add([make_trial(curves=[0.5, 0.4, 0.3], parts=self.PARTS)])
        assert kept.parts.shape == (3, 4, 5)
        np.testing.assert_array_equal(kept.parts[1, 2], self.PARTS[1, 2])
        np.testing.assert_array_equal(kept.judged, self.PARTS.sum(axis=-1))
        store.close()

    def test_a_file_from_before_there_were_any_is_read_and_not_gone_on_from(self, tmp_path):
        path, trial = tmp_path / "study.sqlite", make_trial()
        written(path, [trial])
        with closing(sqlite3.connect(path)) as connection, connection:
            row = list(connection.execute("select * from trials").fetchone())
            del row[COLUMNS.index("temperatures")]
            row[-1] = store_module._checksum(tuple(row[:-1]))
            connection.execute("alter table trials drop column temperatures")
            connection.execute("update trials set checksum = ?", row[-1:])
        (read,) = read_trials(path)
        assert (cells(read), read.judged) == (cells(trial), None)
        with pytest.raises(InputError, match="begun by an older version"):
            Store(path)


class TestDamage:
    def test_a_changed_decision_is_found(self, tmp_path):
        path = tmp_path / "study.sqlite"
        store = Store(path)
        store.remember("plan", {"configurations": 4})
        store.add([make_trial()])
        store.close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("update facts set value = replace(value, '4', '5') where name = 'plan'")
        with pytest.raises(InputError, match=r"study\.sqlite: damaged, what it says of 'plan' has changed"):
            Store(path)

    def test_a_flipped_bit_is_never_gone_on_from_unseen(self, whole, tmp_path):
        """It is found, or what is there is true: if not all, then the rest is trained again."""
        content, trials = whole.read_bytes(), {cells(trial) for trial in read_trials(whole)}
        path = tmp_path / "study.sqlite"
        for number, place in enumerate(range(3, len(content), 157)):
            damaged = bytearray(content)
            damaged[place] ^= 1 << number % 8
            for left in tmp_path.iterdir():
                left.unlink()
            path.write_bytes(damaged)
            try:
                store = Store(path)
            except InputError as error:
                assert "study.sqlite: damaged" in str(error)  # noqa: PT017  # most are
                continue
            assert {cells(trial) for trial in store.trials} <= trials
            store.close()

    @pytest.mark.parametrize("column", COLUMNS)
    def test_a_changed_cell_is_found_whichever_it_is(self, tmp_path, column):
        path = written(tmp_path / "study.sqlite", [make_trial(arm_of("before", True)), make_trial(arm_of("after"))])
        with closing(sqlite3.connect(path)) as connection, connection:
            names = [row[1] for row in connection.execute("pragma table_info(trials)")]
            assert tuple(names) == COLUMNS
            ((old,),) = connection.execute(f"select {column} from trials where rowid = 2")
            if isinstance(old, bytes):
                new = bytes([old[0] ^ 1]) + old[1:]
            else:
                new = f"{old} " if isinstance(old, str) else old + 1
            connection.execute(f"update trials set {column} = ? where rowid = 2", [new])
        with pytest.raises(InputError, match=r"study\.sqlite: damaged, a trial of 'batch norm after ?' has changed"):
            read_trials(path)

    def test_a_flipped_bit_is_found_or_matters_to_no_trial(self, whole, tmp_path):
        content, trials = whole.read_bytes(), [cells(trial) for trial in read_trials(whole)]
        path, refused = tmp_path / "study.sqlite", 0
        places = range(7, len(content), 61)
        for number, place in enumerate(places):
            damaged = bytearray(content)
            damaged[place] ^= 1 << number % 8
            path.write_bytes(damaged)
            try:
                assert [cells(trial) for trial in read_trials(path)] == trials
            except InputError:
                refused += 1
        assert refused > 0.4 * len(places)  # the rest is free space

    def test_a_lost_row_is_found(self, whole, tmp_path):
        content, page_size = bytearray(whole.read_bytes()), 4096
        leaf_of_a_table, rows = 13, 4  # the first byte of a page says what it is, the fifth how many rows it holds
        page = next(at for at in range(page_size, len(content), page_size) if content[at] == leaf_of_a_table)
        content[page + rows] -= 1
        (tmp_path / "study.sqlite").write_bytes(content)
        with pytest.raises(InputError, match=r"damaged \(rows are lost"):
            read_trials(tmp_path / "study.sqlite")

    def test_a_truncated_file_is_found(self, whole, tmp_path):
        content, path = whole.read_bytes(), tmp_path / "study.sqlite"
        for length in range(0, len(content), len(content) // 40):
            path.write_bytes(content[:length])
            with pytest.raises(InputError, match=r"study\.sqlite: damaged"):
                read_trials(path)

    @pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(4096)])
    def test_what_is_no_database_is_refused(self, tmp_path, content):
        (tmp_path / "study.sqlite").write_bytes(content)
        with pytest.raises(InputError, match=r"study\.sqlite: damaged .*overwrite=True"):
            read_trials(tmp_path / "study.sqlite")

    def test_another_programs_database_is_refused(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "study.sqlite")) as connection, connection:
            connection.execute("create table orders (number integer)")
        with pytest.raises(InputError, match="no such table"):
            read_trials(tmp_path / "study.sqlite")

    def test_a_missing_file_is_named_and_not_made(self, tmp_path):
        with pytest.raises(InputError, match=r"study\.sqlite: missing.*overwrite=True"):
            read_trials(tmp_path / "study.sqlite")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(InputError, match="missing"):
            read_trials(tmp_path)
