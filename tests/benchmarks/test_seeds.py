"""Studies with other seeds: what contradicts itself, and how far apart what is recommended is."""

from types import SimpleNamespace

import pytest
from seeds import Studied, apart, busy, by_phase, contradicting, decided, lines, on_test_rows

from goru.experiment.findings.timings import PhaseTime, Timings

TIMINGS = Timings(2, (PhaseTime("start", 10.0, 5.0), PhaseTime("race", 40.0, 60.0)))


def effect(name: str, verdict: str, likely: str | None = None) -> SimpleNamespace:
    """Of a plain loss of 1, half an interval of 0.1."""
    found = None if likely is None else (likely, 0.9)
    return SimpleNamespace(name=name, verdict=verdict, likely=found, low=-0.1, high=0.1, margin=0.02)


def study(recommended: str, losses: dict[str, float], *effects: SimpleNamespace, seconds: float = 60.0) -> Studied:
    best = effect("best combination", "helps")
    answer = SimpleNamespace(
        effects=(*effects, best),
        judgement=SimpleNamespace(plain_loss=2.0),
        recommended=[SimpleNamespace(arm=recommended)],
        timings=TIMINGS,
    )
    entries = [SimpleNamespace(model=name, kind="combination", loss=2 * loss) for name, loss in losses.items()]
    baseline = SimpleNamespace(model="boosted trees", kind="baseline", loss=0.1)
    return Studied(SimpleNamespace(answer=answer, evidence=SimpleNamespace(leaderboard=[*entries, baseline])), seconds)


def test_helps_beside_hurts_is_a_contradiction_and_likely_is_none():
    studies = [
        study("plain", {}, effect("dropout", "helps"), effect("decay", "inconclusive", "helps")),
        study("plain", {}, effect("dropout", "hurts"), effect("decay", "hurts")),
        study("plain", {}, effect("dropout", "helps"), effect("decay", "negligible")),
    ]
    assert contradicting(studies) == 2  # of three pairs


def test_what_is_recommended_is_apart_by_mean_losses_of_all_studies():
    studies = [study("a", {"a": 0.8, "b": 0.9, "c": 0.1}), study("b", {"a": 1.0, "b": 0.92, "c": 0.1})]
    assert apart(studies) == pytest.approx(0.01)
    assert apart([studies[0]] * 2) == 0


def test_likely_is_beside_decided():
    effects = effect("dropout", "helps"), effect("decay", "inconclusive", "hurts"), effect("norm", "inconclusive")
    assert decided([study("plain", {}, *effects)]) == pytest.approx((1 / 3, 2 / 3, 0.1))


def test_the_page_says_all_of_a_table_in_a_line_and_sums_up():
    studies = [study(arm, {"a": 1.0, "b": 1.1}, effect("dropout", "helps"), seconds=57.0) for arm in "aab"]
    header, _, line, _, summary = lines({"iris": studies}, 60.0)
    assert line == "| iris | 100% | 100% | 10% | 0 | a 2, b 1 | 10.0% | 57 to 57 | 60% |"
    assert header.count("|") == line.count("|")
    assert "on 0 of 1 tables" in summary


def test_a_table_of_which_nothing_is_known_says_so():
    (_, _, line, *_) = lines(
        {
            "iris": [
                study(
                    "a",
                    {"a": 1.0},
                    SimpleNamespace(**{**vars(effect("dropout", "inconclusive")), "low": None, "high": None}),
                )
            ]
        },
        60.0,
    )
    assert line.split(" | ")[3] == "unknown"


def test_test_figures_are_means_over_studies_and_say_how_often_the_recommended_ensemble_is_better():
    def tested(plain: float, recommended: float) -> Studied:
        found = [("plain", 8, plain), ("plain", 1, 0.9), ("recommended", 8, recommended), ("recommended", 1, 0.8)]
        found += [("ridge regression", 0, 0.5)]  # there was no time for boosted trees
        entries = [SimpleNamespace(arm=arm, networks=count, figures={"R²": value}) for arm, count, value in found]
        return Studied(SimpleNamespace(answer=SimpleNamespace(test=entries)), 60.0)

    without_plain = tested(0.6, 0.7)
    without_plain.run.answer.test = [one for one in without_plain.run.answer.test if one.arm != "plain"]
    header, _, line, large, _, summary = on_test_rows(
        {"iris": [tested(0.6, 0.7), tested(0.6, 0.8)], "large": [without_plain]}, "R²", "ridge regression", 1
    )
    assert line == "| iris | 0.9000 | 0.8000 | 0.6000 | 0.7500 | 0.5000 | - |"
    assert large == "| large | - | 0.8000 | - | 0.7000 | 0.5000 | - |"
    assert header.count("|") == line.count("|")
    assert "on 1 of 1 tables" in summary


def test_a_phase_that_a_study_does_not_have_took_no_time_there():
    shorter = study("a", {"a": 1.0})
    shorter.run.answer.timings = Timings(2, (PhaseTime("start", 20.0, 20.0),))
    _, _, *phases = by_phase([study("a", {"a": 1.0}), shorter])
    assert phases == ["| start | 15.0 | 12.5 | 28% | 62% |", "| race | 20.0 | 30.0 | 30% | 25% |"]


def test_busy_processes_end_with_the_studies():
    with busy(2) as beside:
        assert [process.poll() for process in beside] == [None, None]
    assert all(process.poll() is not None for process in beside)
