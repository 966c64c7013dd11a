"""A large table is searched on a sample of its rows, and the final model is trained on all of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goru.data.memory import dataset_from
from goru.experiment.racing.record import Record
from goru.studies import sampling
from goru.studies.asked.options import Options
from goru.studies.budget.extent import EXTENTS
from goru.studies.budget.pace import Pace
from goru.studies.sampling import FEWEST_ROWS, LARGER, in_words, rows_to_search, sampled
from goru.studies.study import Study

SMALL = {"parameters": 5_000, "arms": 12, "programs": 6}


class TestRows:
    def test_a_small_table_is_searched_as_a_whole(self):
        assert rows_to_search(1_000, **SMALL, seconds=60) is None
        assert rows_to_search(int(LARGER * FEWEST_ROWS) - 1, **SMALL, seconds=0) is None

    def test_so_is_a_large_one_where_there_is_time(self):
        assert rows_to_search(100_000, **SMALL, seconds=1e5) is None

    def test_the_less_time_the_fewer_rows_but_never_fewer_than_can_judge(self):
        found = [rows_to_search(1_000_000, **SMALL, seconds=seconds) for seconds in (120, 60, 20, 1, -5)]
        assert found == sorted(found, reverse=True)
        assert found[0] > 2 * FEWEST_ROWS
        assert found[-1] == FEWEST_ROWS

    def test_the_larger_the_networks_the_fewer_rows(self):
        small, large = (rows_to_search(1_000_000, parameters, 12, 6, 120) for parameters in (5_000, 50_000))
        assert large < small

    def test_the_number_of_rows_does_not_depend_on_how_many_more_there_are(self):
        found = {rows_to_search(rows, **SMALL, seconds=0) for rows in (20_000, 5_000_000)}
        assert found == {FEWEST_ROWS}


def make(rows: int = 400, classes: bool = True, weights: bool = False):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    y = (x[:, 0] + 0.3 * rng.normal(size=rows) > 0.8).astype(int) if classes else x[:, 0] + 0.1 * rng.normal(size=rows)
    frame = pd.DataFrame(x, columns=list("abc"))
    return dataset_from(frame, y, (0, 1) if classes else None, weights=rng.uniform(1, 2, rows) if weights else None)


class TestSample:
    def test_classes_are_as_frequent_as_in_the_table(self):
        whole = make(4_000)
        part = sampled(whole, 400, seed=0)
        assert len(part.y_development) == 400
        assert part.y_development.mean() == pytest.approx(whole.y_development.mean(), abs=2 / 400)

    def test_a_row_keeps_its_values_its_target_and_its_weight(self):
        whole = make(classes=False, weights=True)
        part = sampled(whole, 50, seed=1)
        rows = part.development_rows
        assert len(np.unique(rows)) == 50
        np.testing.assert_array_equal(part.encoded_development.numeric, whole.encoded_development.numeric[rows])
        np.testing.assert_array_equal(part.y_development, whole.y_development[rows])
        np.testing.assert_array_equal(part.weights, whole.weights[rows])

    def test_it_is_another_with_another_seed(self):
        whole = make()
        first, again, other = (sampled(whole, 50, seed).development_rows for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


OPTIONS = Options(budget=8, hidden=(8,), epochs=6, batch_size=16)


@pytest.fixture
def small(monkeypatch):
    """A sample of a hundred rows of whatever has more than twice as many."""
    monkeypatch.setattr(sampling, "FEWEST_ROWS", 100)
    monkeypatch.setattr("goru.studies.study.rows_to_search", lambda rows, *_: 100 if rows >= 200 else None)


@pytest.mark.usefixtures("small")
class TestStudy:
    @pytest.fixture
    def time_enough(self, monkeypatch):
        monkeypatch.setattr(Pace, "in_one_pass", lambda *_: 1.0)
        monkeypatch.setattr(Pace, "on_all_rows", lambda *_: (EXTENTS[3], 4, True))

    @pytest.mark.usefixtures("time_enough")
    @pytest.mark.parametrize("classes", [True, False])
    def test_the_race_sees_the_sample_and_the_final_model_all_rows(self, classes):
        whole, record = make(classes=classes), Record()
        study = Study(whole, OPTIONS)
        result = study.run(record)
        assert len(study.dataset.y_development) == 100
        assert result.answer.data.development == 400
        assert in_words(100, 400, 400) in result.answer.plan.shortfalls
        assert {one.schedule_epochs for one in result.answer.recommended} == {4}
        assert result.answer.plan.sample == 100
        assert result.evidence.overview.rows == 400
        # What prepares the columns of the final model is fitted on all rows.
        assert result.model.preparation.lows == tuple(whole.encoded_development.numeric.min(axis=0))
        assert record.recall("sample") == 100

    def test_where_there_is_no_time_for_all_of_them_it_is_of_as_many_as_there_is(self, monkeypatch):
        monkeypatch.setattr(Pace, "in_one_pass", lambda *_: 150 / 400)
        monkeypatch.setattr(Pace, "on_all_rows", lambda *_: (EXTENTS[-1], 1, False))
        result = Study(make(), OPTIONS).run()
        assert in_words(100, 400, 150) in result.answer.plan.shortfalls
        assert (len(result.model.networks), result.answer.recommended[0].epochs) == (1, 1)

    @pytest.mark.parametrize("alike", [False, True])
    def test_all_time_is_the_final_model_s_and_none_is_for_plain_networks_beside_it(self, monkeypatch, alike):
        monkeypatch.setattr(
            "goru.studies.study.recommendable",
            lambda ranked, losses, plain, folds: sorted(ranked, key=lambda one: (one.arm == plain) != alike),
        )
        whole = make()
        tested = replace(
            whole,
            encoded_test=whole.encoded_development.take(np.arange(50)),
            y_test=whole.y_development[:50],
            test_rows=np.arange(50),
        )
        answer = Study(tested, OPTIONS).run().answer
        arms = {scores.arm for scores in answer.test}
        assert (answer.recommended[0].arm == "plain") == alike
        assert "recommended" in arms
        assert ("plain" in arms) == alike
        assert any("no plain networks" in words for words in answer.plan.shortfalls) != alike

    @pytest.mark.usefixtures("time_enough")
    def test_the_answer_has_the_inputs_of_the_final_model_and_those_of_the_search(self):
        study = Study(make(2_000), replace(OPTIONS, numbers="pieces"))
        result = study.run()
        network = result.answer.network
        assert network.widths[0] == result.model.networks.inputs == study._whole.n_prepared("pieces")
        assert network.search_inputs == study.dataset.n_prepared("pieces") < network.widths[0]

    def test_a_study_that_goes_on_searches_on_the_same_rows(self, monkeypatch):
        record, studies = Record(), [Study(make(), OPTIONS) for _ in range(2)]
        studies[0].run(record)
        monkeypatch.setattr("goru.studies.study.rows_to_search", lambda *_: None)
        studies[1].run(record)
        rows = [study.dataset.development_rows for study in studies]
        np.testing.assert_array_equal(*rows)

    @pytest.mark.parametrize(
        "changes", [{"groups": np.arange(400) // 4}, {"time": np.arange(400.0)}], ids=["groups", "time"]
    )
    def test_rows_that_belong_together_are_not_taken_apart(self, changes):
        study = Study(replace(make(), **changes), OPTIONS)
        study.run()
        assert len(study.dataset.y_development) == 400

    def test_nor_is_a_number_of_networks_spent_on_a_sample(self):
        study = Study(make(), replace(OPTIONS, budget=None, networks=36))
        study.run()
        assert len(study.dataset.y_development) == 400
