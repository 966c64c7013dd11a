"""`goru.claims.running`: claims by name, on what they are tried, and that they are tried one after the other."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claimed import write_images

import goru
import goru.claims.running as module
from goru.claims.claim import Claim
from goru.claims.running import NAMES, claim, run, run_all, set_up
from goru.errors import InputError


def message(call, *args, **kwargs) -> str:
    """Of the one line that a call is refused with."""
    with pytest.raises(InputError) as refused:
        call(*args, **kwargs)
    assert "\n" not in str(refused.value)
    return str(refused.value)


class TestNames:
    def test_every_name_is_that_of_a_claim(self):
        assert len({*NAMES}) == len(NAMES) == 15
        for name in NAMES:
            assert isinstance(claim(name), Claim)
            assert claim(name).name == name
        assert len({claim(name).question for name in NAMES}) == 15

    def test_they_are_handed_over_with_the_package(self):
        assert goru.claims.NAMES is NAMES
        assert (goru.claims.run, goru.claims.run_all) == (run, run_all)

    @pytest.mark.parametrize(
        ("name", "near"), [("bn-sped", "bn-speed"), ("bn_speed", "bn-speed"), ("Dropout", "dropout"), ("overfit", None)]
    )
    def test_one_that_there_is_not_is_refused_with_the_nearest(self, name, near):
        said = message(claim, name)
        assert f"'{name}'" in said
        if near:
            assert f"Did you mean '{near}'?" in said

    @pytest.mark.parametrize("name", ["zzz", "", "effects", "table", "__init__", "../claim"])
    def test_one_that_is_like_none_is_refused_with_where_all_are_named(self, name):
        said = message(claim, name)
        assert "Did you mean" in said or "goru claims --list" in said


class TestSetUp:
    @pytest.mark.parametrize("preset", ["huge", "", "Book"])
    def test_there_are_two_presets(self, preset):
        said = message(set_up, "iris", preset=preset)
        assert said.startswith("preset: ")
        assert "digits" in said

    @pytest.mark.parametrize("seeds", [2, 1, 0, -3])
    def test_fewer_than_three_seeds_say_nothing_about_their_differences(self, seeds):
        assert "seeds: " in message(set_up, "iris", seeds=seeds)
        assert set_up("iris", seeds=3).seeds == 3

    def test_the_book_wants_images(self):
        assert "files with data" in message(set_up, preset="book")
        assert "images" in message(set_up, "iris", preset="book")

    def test_the_book_wants_many_images(self, tmp_path):
        said = message(set_up, write_images(tmp_path, np.zeros((1999, 2, 2)), np.arange(1999) % 10), preset="book")
        assert "1,999" in said

    def test_a_table_has_to_have_a_hundred_rows(self, tmp_path):
        frame = pd.DataFrame({"x": np.arange(99.0), "y": ["a", "b", "c"] * 33})
        frame.to_csv(tmp_path / "small.csv", index=False)
        said = message(set_up, str(tmp_path / "small.csv"))
        assert "99 rows" in said
        frame = pd.concat([frame, frame])
        frame.to_csv(tmp_path / "large.csv", index=False)
        assert set_up(str(tmp_path / "large.csv")).table.classes == 3

    def test_no_table_and_no_such_column_are_refused(self, tmp_path):
        assert "nothing.csv" in message(set_up, str(tmp_path / "nothing.csv"))
        assert "spam" in message(set_up, "iris", target="spam")

    def test_the_digits_and_two_more_tables_are_there_by_default(self):
        made = set_up()
        assert (made.table.name, made.seeds, made.book) == ("digits", 10, False)
        assert [table.name for table in made.tables] == ["breast_cancer", "wine"]
        assert set_up("digits").tables == ()

    def test_target_and_task_are_passed_on(self, tmp_path):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"a": rng.normal(size=120), "b": np.arange(120) % 3, "c": rng.normal(size=120)})
        frame.to_csv(tmp_path / "t.csv", index=False)
        path = str(tmp_path / "t.csv")
        assert set_up(path, target="b").table.classes == 3
        assert set_up(path, target="b", task="regression").table.classes == 0
        assert set_up(path, target="a").table.classes == 0


@pytest.fixture
def quick(monkeypatch):
    """Claims of few cells that are trained for an epoch; what happens is written down."""
    happened = []
    real = module.claim

    def small(name):
        one = real(name)

        def plan(setup):
            happened.append(("plan", name))
            cells = one.plan(setup)
            return {
                key: replace(cells[key], epochs=1, every=1, batch=50, rows=60)
                for key in sorted(cells, key=str)[: 2 if name == "bn-overfit" else 3]
            }

        def read(setup, results):
            happened.append(("read", name, [*results]))
            return one.read(setup, {key: results.get(key, next(iter(results.values()))) for key in one.plan(setup)})

        return replace(one, plan=plan, read=read)

    monkeypatch.setattr(module, "claim", small)
    return happened


@pytest.fixture(scope="module")
def iris():
    return set_up("iris", seeds=3)


class TestRunAll:
    def test_claims_are_tried_in_the_order_that_is_asked_for(self, quick, iris):
        said = []
        names = ["bn-overfit", "bn-suffices"]
        found = run_all(names, iris, lambda count: quick.append(("trained", count)), said.append)
        first = next(found)
        assert first.name == "bn-overfit"
        assert said == ["bn-overfit"]
        assert quick[:2] == [("plan", "bn-overfit"), ("plan", "bn-suffices")]  # compiled ahead
        second = next(found)
        assert (second.name, said) == ("bn-suffices", names)
        assert [*found] == []
        trained = [event[1] for event in quick if event[0] == "trained"]
        assert sum(trained) == (2 + 3) * 3  # cells and seeds
        reads = [at for at, event in enumerate(quick) if event[0] == "read"]
        assert sum(event[1] for event in quick[: reads[0]] if event[0] == "trained") == 2 * 3
        assert first.setup is iris

    def test_what_is_not_asked_for_any_more_is_not_trained(self, quick, iris):
        trained = []
        found = run_all(["bn-overfit", "bn-suffices"], iris, trained.append)
        next(found)
        found.close()
        assert sum(trained) == 2 * 3

    def test_an_unknown_name_is_refused_before_anything_is_trained(self, iris):
        trained = []
        with pytest.raises(InputError, match="bn-overfit"):
            next(run_all(["bn-speed", "bn-overfitt"], iris, trained.append))
        assert trained == []


@pytest.fixture(scope="module")
def found():
    """A claim, really tried."""
    return run("bn-overfit", "iris", seeds=3)


class TestRun:
    def test_a_claim_is_tried_on_a_small_table(self, found):
        assert found.said in ("holds", "holds in part", "does not hold", "inconclusive")
        assert len(found.frame) == len(found.claim.plan(found.setup)) * 3
        assert np.isfinite(found.frame.select_dtypes("number")).all(axis=None)
        assert found.frame["training_score"].max() > 0.9
        assert found.curves["epoch"].max() == 100
        assert re.search(r"90 rows of iris", found.paragraph)

    def test_twice_the_same(self, found):
        again = run("bn-overfit", "iris", seeds=3)
        pd.testing.assert_frame_equal(again.frame, found.frame, check_exact=True)
        pd.testing.assert_frame_equal(again.curves, found.curves, check_exact=True)
        assert repr(again) == repr(found)

    def test_more_seeds_change_nothing_about_the_first_ones(self, found):
        more = run("bn-overfit", "iris", seeds=4).frame
        pd.testing.assert_frame_equal(more[more["seed"] < 3].reset_index(drop=True), found.frame)

    def test_refuses_what_set_up_refuses(self):
        with pytest.raises(InputError, match="seeds: "):
            run("bn-overfit", "iris", seeds=2)
        with pytest.raises(InputError, match="bn-overfit"):
            run("bn-overfitt", "iris")
