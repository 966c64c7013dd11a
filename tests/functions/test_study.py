"""A study of a training function, from rows to an answer: whatever the function does."""

import logging
import re
import sys
from functools import partial

import numpy as np
import pytest
from user_functions import classes, design, logistic, means, numbers, shares, study, trials

import goru

X, Y = classes()
TRICKS = goru.Design({"trick": ["none", "good", "bad"]})


def constant(probabilities):
    """Without learning: the probability of the right class by the trick."""

    def train(fit, validation, config, seed):
        p = probabilities[config.trick]
        p = p(validation) if callable(p) else p
        yield np.where(validation.codes == 1, p, 1 - p)

    return train


def test_what_is_better_helps_and_what_is_worse_hurts():
    result = study(constant({"none": 0.6, "good": 0.8, "bad": 0.4}), X, Y, design=TRICKS, n_trials=15)
    found = result.effects.set_index("name")
    assert found["verdict"].tolist() == ["helps", "hurts", "hurts", "helps"]
    change = found["change"]
    assert change.iloc[0] == pytest.approx(np.log(0.6) - np.log(0.8), rel=1e-5)
    assert change.iloc[1] == pytest.approx(np.log(0.6) - np.log(0.4), rel=1e-5)
    assert result.configuration == {"trick": "good"}


def test_a_placebo_does_nothing():
    result = study(lambda *given: shares(*given[:2], {}, given[3]), X, Y)
    assert result.effects["change"].tolist() == [0.0] * len(result.effects)
    assert set(result.effects["verdict"]) == {"negligible"}


def test_intervals_of_what_is_not_tuned_have_ends():
    result = study(logistic, X, Y, n_trials=50)
    assert np.isfinite(result.effects[["low", "high"]].to_numpy()).all()
    assert (result.effects["low"] <= result.effects["high"]).all()


def test_without_knobs_each_arm_is_one_configuration():
    for n_trials, splits in ((10, 5), (23, 10)):
        result = study(shares, X, Y, n_trials=n_trials)
        assert len(result.trials) == 2 * splits
        assert set(result.trials["configuration"]) == {0}


def test_the_number_of_trials_is_obeyed():
    calls = []

    def train(fit, validation, config, seed):
        calls.append(len(fit) < len(X))
        yield from shares(fit, validation, config, seed)

    tuned = design(knobs={"rate": goru.log_uniform(0.01, 1)})
    for n_trials in (30, 47, 100):
        calls.clear()
        result = study(train, X, Y, design=tuned, n_trials=n_trials)
        assert len(result.trials) <= n_trials
        assert sum(calls) == len(result.trials)


def test_too_few_trials_are_said():
    result = study(shares, X, Y, n_trials=2)
    assert "2 trials are too few" in str(result)


def test_a_tuned_study_draws_configurations_and_finds_a_good_one():
    result = study(logistic, X, Y, design=design(knobs={"rate": goru.log_uniform(1e-3, 10)}), n_trials=100)
    assert result.trials["configuration"].nunique() >= 5
    assert result.configuration["rate"] == pytest.approx(result.answer.recommended[0].values["rate"])
    assert 0.1 < result.configuration["rate"] * (4 if result.configuration["scaled"] else 1) <= 40


def test_knobs_are_missing_where_their_condition_does_not_hold():
    conditional = design(knobs={"rate": goru.uniform(0.1, 1, when={"scaled": True}), "units": goru.integers(1, 4)})
    seen = []

    def train(fit, validation, config, seed):
        seen.append(dict(config))
        assert ("rate" in config) == config.scaled
        yield from shares(fit, validation, config, seed)

    result = study(train, X, Y, design=conditional, n_trials=60)
    assert not result.answer.failures
    assert all(isinstance(config["units"], int) and 1 <= config["units"] <= 4 for config in seen)
    assert len({config["units"] for config in seen}) > 1
    assert all(0.1 <= config["rate"] <= 1 for config in seen if config["scaled"])
    # The same configuration number is the same configuration in every arm.
    plain, scaled = (sorted({config["units"] for config in seen if config["scaled"] == of}) for of in (False, True))
    assert plain == scaled


def test_trials_may_have_different_lengths():
    def train(fit, validation, config, seed):
        for epoch in range(1 + seed % 3 + 2 * config.scaled):
            yield np.where(validation.codes == 1, 0.6 + 0.05 * epoch, 0.4 - 0.05 * epoch)

    result = study(train, X, Y)
    assert result.trials["epochs"].nunique() > 1
    assert result.configuration == {"scaled": True}
    assert np.isfinite(result.effects["change"]).all()
    result.plot_curves()


def test_regression_is_measured_in_shares_of_the_variance():
    X, y = numbers()
    result = study(means, X, y, test=True)
    assert result.answer.judgement.plain_loss == pytest.approx(1.0, abs=0.2)
    figures = {found.arm: found.figures for found in result.answer.test}
    assert set(figures["recommended"]) == {"R²", "error"}
    assert result.model == pytest.approx(np.mean(y), abs=0.5)


def test_the_loss_of_a_population_is_that_of_each_by_itself():
    def population(fit, validation, configs, seed):
        assert len({config.scaled for config in configs}) == 1
        alone = [logistic(fit, validation, config, seed) for config in configs]
        for _ in range(3):
            yield [next(training) for training in alone]
        return ["model"] * len(configs)

    population.population = True
    tuned = design(knobs={"rate": goru.log_uniform(0.01, 1)})
    together, alone = (study(train, X, Y, design=tuned, n_trials=100) for train in (population, logistic))
    columns = ["arm", "configuration", "split", "last_loss"]
    both = [result.trials.sort_values(["arm", "configuration", "split"])[columns] for result in (together, alone)]
    merged = both[0].merge(both[1], on=columns[:3])
    assert len(merged) >= 100 / 2
    np.testing.assert_array_equal(merged["last_loss_x"], merged["last_loss_y"])
    assert together.model == "model"


def failing(when, error=ValueError):
    """A training function that raises when it is told so."""

    def train(fit, validation, config, seed):
        if when(fit, config, seed):
            raise error("the hook <b>broke</b>")
        yield from constant({"none": 0.6, "good": 0.8, "bad": 0.4})(fit, validation, config, seed)

    return train


def test_an_arm_that_always_fails_is_named_with_its_traceback_and_all_else_is_answered():
    result = study(failing(lambda fit, config, seed: config.trick == "bad"), X, Y, design=TRICKS, n_trials=15)
    (failure,) = result.answer.failures
    assert (failure.failed, failure.of) == (5, 5)
    assert failure.reason.splitlines()[-1] == "ValueError: the hook <b>broke</b>"
    assert "in train" in failure.reason
    assert "the hook <b>broke</b>" in str(result)
    assert "<b>broke" not in result._repr_html_()
    found = result.effects.set_index("name")
    good, bad = found.iloc[0], found.iloc[1]
    assert good["verdict"] == "helps"
    assert bad["verdict"] == "inconclusive"
    assert found.loc["best combination (cross-validated choice)", "verdict"] == "helps"
    assert result.configuration == {"trick": "good"}
    result.plot_effects()
    result.plot_arms()


def test_a_trial_that_fails_now_and_then_harms_no_other():
    seen = set()

    def once(fit, config, seed):
        """The first trial of one arm."""
        if config.trick == "good" and not seen:
            seen.add(seed)
        return config.trick == "good" and seed in seen and len(fit) < len(X)

    for n_trials in (15, 30):  # one partition, and two
        seen.clear()
        result = study(failing(once), X, Y, design=TRICKS, n_trials=n_trials)
        (failure,) = result.answer.failures
        assert (failure.failed, failure.of) == (1, n_trials / 3)
        assert "failed" in " ".join(result.answer.plan.shortfalls)
        assert result.effects["verdict"].iloc[1] == "hurts"
        assert result.effects["verdict"].iloc[0] == "helps"


def test_of_an_arm_with_knobs_a_configuration_that_fails_is_left_out():
    tuned = goru.Design(TRICKS.factors, {"rate": goru.uniform(0, 1)})
    result = study(failing(lambda fit, config, seed: config.rate > 0.5), X, Y, design=tuned, n_trials=120)
    assert result.answer.failures
    assert (result.trials.loc[result.trials["ended"] == "failed", "hyper_rate"] > 0.5).all()
    assert np.isfinite(result.effects["change"]).all()
    assert result.configuration["rate"] <= 0.5


def test_if_the_plain_arm_always_fails_one_line_says_why():
    with pytest.raises(goru.InputError, match="broke") as refused:
        study(failing(lambda fit, config, seed: config.trick == "none"), X, Y, design=TRICKS, n_trials=15)
    assert "\n" not in str(refused.value)
    assert "Mend train" in str(refused.value)


def test_if_all_fail_one_line_says_why():
    with pytest.raises(goru.InputError, match="ValueError: the hook") as refused:
        study(failing(lambda fit, config, seed: True), X, Y, design=TRICKS, n_trials=15)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (lambda fit, validation, config, seed: None, "generator"),
        (lambda fit, validation, config, seed: (yield None), "train: it yielded None"),
        (lambda fit, validation, config, seed: (yield np.zeros((1, 7))), r"\(1, 7\)"),
        (lambda fit, validation, config, seed: (yield np.full((len(validation), 2), 9.0)), "probabilities"),
        (lambda fit: (yield), "argument"),
        (lambda fit, validation, config, seed: (yield config.mixup), "mixup"),
    ],
)
def test_a_function_that_is_wrong_is_told_so_at_once(train, words):
    with pytest.raises(goru.InputError, match=words) as refused:
        study(train, X, Y, n_trials=1000)
    assert "\n" not in str(refused.value)


def test_an_arm_that_diverges_has_not_failed():
    result = study(constant({"none": 0.6, "good": 0.8, "bad": np.nan}), X, Y, design=TRICKS, n_trials=15)
    assert result.answer.failures == ()
    assert set(result.trials.loc[result.trials["trick"] == "bad", "ended"]) == {"diverged"}
    assert result.effects["verdict"].iloc[0] == "helps"
    assert result.effects["verdict"].iloc[1] == "inconclusive"


def test_what_a_function_prints_is_kept_and_not_shown(capsys):
    def train(fit, validation, config, seed):
        print("epoch 1 of", config.scaled)
        logging.getLogger("train").warning("careful")
        yield from shares(fit, validation, config, seed)

    result = study(train, X, Y)
    assert "epoch 1" not in "".join(capsys.readouterr())
    assert all("epoch 1 of" in trial.output for trial in result._recorded())


class Callable:
    """A training function with a state."""

    def __init__(self, by=1):
        self.by = by

    def __call__(self, fit, validation, config, seed):
        yield from shares(fit, validation, config, seed)
        return self.by


@pytest.mark.parametrize(
    "train", [lambda *given: shares(*given), Callable(), partial(shares), Callable().__call__], ids=range(4)
)
def test_whatever_can_be_called_is_a_training_function(train, tmp_path):
    result = study(train, X, Y, folder=tmp_path / "run")
    pytest.importorskip("pandas")
    assert len(result.trials) == 10
    assert trials(goru.load(tmp_path / "run")).equals(trials(result))


def test_a_hostile_function_name_and_exception_are_text(tmp_path):
    def train(fit, validation, config, seed):
        if config.scaled:
            raise ValueError("<script>alert(1)</script>\n\u202e\x1b[31mred \ud800")
        yield from shares(fit, validation, config, seed)

    result = study(train, X, Y, folder=tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text()
    assert "<script>alert(1)" not in page
    assert "\x1b" not in str(result)
    assert "\u202e" not in str(result)
    assert goru.load(tmp_path / "run").answer == result.answer


LONG = "n" * 300
HOSTILE = goru.Design(
    {
        "<script>alert(1)</script>": ["plain", "a + b", "\u202eevil"],
        'line\nbreak "quoted"': [None, LONG],
    },
    {"<img src=x onerror=alert(2)>": goru.uniform(0, 1), "\n": goru.integers(1, 3)},
)


def test_hostile_names_are_text_everywhere(tmp_path):
    rows = {"<b>": X, "\u202e": X}
    target = np.where(Y == "yes", "<i>yes</i>", "no\n\u202e")

    def train(fit, validation, config, seed):
        assert config["<script>alert(1)</script>"] in ("plain", "a + b", "\u202eevil")
        yield from shares(fit, validation, {}, seed)

    result = study(train, rows, target, design=HOSTILE, n_trials=90, folder=tmp_path / "run", test=True, name="<u>\n")
    page = (tmp_path / "run" / "report.html").read_text()
    for text in ("<script>alert", "<img src=x", "<i>yes", "<u>"):
        assert text not in page
        assert text not in result._repr_html_()
    assert "\u202e" not in str(result)
    assert "\n" not in "".join(re.findall("line.break", str(result)))
    again = goru.load(tmp_path / "run")
    assert again.answer == result.answer
    assert again.evidence == result.evidence
    assert set(HOSTILE.factors) <= set(again.trials.columns)
    assert result.configuration.keys() >= HOSTILE.factors.keys()
    namespace = {}
    exec(result.snippet, namespace)
    assert namespace["config"] == result.configuration
    for picture in (result.plot_effects, result.plot_arms, result.plot_hyperparameters, result.plot_curves):
        picture()


def test_functions_that_change_what_they_are_given_harm_no_other():
    given = X.copy()

    def train(fit, validation, config, seed):
        fit.X[:] = 0
        validation.X[:] = 0
        yield from shares(fit, validation, config, seed)

    study(train, given, Y)
    np.testing.assert_array_equal(given, X)


def test_progress_is_said_unless_nothing_is_wanted(capsys):
    study(shares, X, Y)
    assert capsys.readouterr() == ("", "")


def test_a_budget_is_obeyed(monkeypatch):
    """By a clock that goes on by a second with every training."""
    import time

    now, trained = [time.monotonic()], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def train(fit, validation, config, seed):
        trained.append(len(fit))
        now[0] += 1.0
        yield from shares(fit, validation, config, seed)

    tuned = design(knobs={"rate": goru.uniform(0, 1)})
    result = study(train, X, Y, design=tuned, n_trials=None, budget="100s")
    assert 60 < len(trained) <= 100
    trained.clear()
    result = study(train, X, Y, n_trials=None, budget=8)
    assert len(trained) <= 8
    assert "3 of 5 folds" in str(result)
    assert "exceeded the 3 s budget" in str(study(train, X, Y, n_trials=None, budget=3))


def test_nothing_of_goru_s_changes_what_is_global():
    before = sys.stdout, np.random.get_state()[1][:5].tolist()  # noqa: NPY002
    study(shares, X, Y)
    assert (sys.stdout, np.random.get_state()[1][:5].tolist()) == before  # noqa: NPY002
