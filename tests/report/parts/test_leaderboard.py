"""The leaderboard, of entries made by hand."""

from dataclasses import replace

import pytest
from drawn import typed
from evidences import three

from goru.experiment.findings.evidence import LeaderboardEntry
from goru.report.parts.leaderboard import MOST, leaderboard_intro, leaderboard_says, leaderboard_table

TREES = LeaderboardEntry("boosted trees", "baseline", 0.42, 0.4, 0.44, 0, 1.25, 0.02)
LINEAR = LeaderboardEntry("logistic regression", "baseline", None, None, None, 0, 0.5, 0.001)
PLAIN = LeaderboardEntry("plain", "combination", 0.5, 0.47, 0.53, 5, 12.5, 0.25)
BEST = LeaderboardEntry("batch norm before", "combination", 0.44, None, None)


def shown(*entries, **changes):
    answer, evidence = map(typed, three())
    evidence = replace(evidence, leaderboard=entries)
    return replace(answer, **changes), evidence


def table(*entries, **changes):
    found = leaderboard_table(*shown(*entries, **changes))
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_the_best_in_cross_validation_comes_first_and_what_has_no_loss_last():
    rows = table(LINEAR, PLAIN, BEST, TREES)
    assert [row["rank"] for row in rows] == ["1", "2", "3", "-"]
    assert [row["model"].partition(" (")[0] for row in rows] == [
        "boosted trees",
        "batch norm before",
        "plain",
        "logistic regression",
    ]


def test_a_loss_has_its_interval_where_that_is_known():
    first, second, *_ = [row["validation loss (95% CI)"] for row in table(PLAIN, BEST, TREES)]
    assert (first, second) == ("0.420 (0.400 to 0.440)", "0.440")


def test_seconds_are_there_where_they_were_measured():
    trees, best = table(BEST, TREES)
    assert (trees["fit, s"], trees["predict, s per 1,000 rows"]) == ("1.2", "0.020")
    assert (best["fit, s"], best["predict, s per 1,000 rows"]) == ("-", "-")
    assert not any("," in column and " s" in column for column in table(BEST)[0])


def test_test_figures_stand_beside_baselines_and_models_that_were_trained():
    trees, best, plain = table(PLAIN, BEST, TREES)
    (column,) = [name for name in trees if "test rows" in name]
    assert column == "log loss, test rows (95% CI)"
    assert trees[column] == "0.480"
    assert best[column] == "-"  # of which there are no final networks
    assert plain[column] != "-"


def test_the_final_model_is_marked_also_where_it_is_of_several_combinations():
    mixed = LeaderboardEntry("ensemble of several combinations", "ensemble", None, None, None, 8, 2.0, 0.1)
    first, second = table(TREES, mixed)
    assert first["model"] == "ensemble of several combinations (final model: 8 networks)"
    assert (first["rank"], second["rank"]) == ("-", "1")


def test_of_many_combinations_the_best_are_shown_and_all_that_cost_something():
    many = [LeaderboardEntry(f"arm {index}", "combination", 0.5 + index / 100) for index in range(40)]
    worst = LeaderboardEntry("boosted trees", "baseline", 9.0)
    assert len(table(*many, worst)) == MOST + 1


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((PLAIN, TREES), "Boosted trees has the lowest validation loss of 2 models: 0.420 (0.400 to 0.440). The best"),
        ((BEST, PLAIN), "Batch norm before has the lowest validation loss of 2 models: 0.440."),
        ((LINEAR,), "No model has a validation loss."),
    ],
)  # fmt: skip
def test_a_sentence_says_who_leads_and_where_the_other_kind_is(entries, words):
    assert leaderboard_says(*shown(*entries)).startswith(words)


def test_a_baseline_that_was_not_cross_validated_is_named_beside_the_best_of_those_that_were():
    assert leaderboard_says(*shown(BEST, TREES, LINEAR)).endswith("Not cross-validated: logistic regression.")
    assert "Not cross-validated" not in leaderboard_says(*shown(BEST, TREES))


def test_of_a_search_on_a_sample_the_losses_are_said_to_be_of_that():
    answer, _ = shown(TREES)
    assert "sample" not in leaderboard_intro(answer)
    searched = replace(answer, plan=replace(answer.plan, sample=4_000))
    assert "All these losses are of a sample of 4,000 rows" in leaderboard_intro(searched)
