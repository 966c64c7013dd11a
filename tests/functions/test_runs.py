"""Effects from a table of runs that exist already."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import goru
from goru.experiment.forms import to_json
from goru.functions.runs import effects_of_file


def runs(count=200, seed=0, **more):
    """Losses that are the sum of what a norm, dropout, both, the logarithm of the learning rate and the seed add."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "norm": rng.choice(["none", "batch", "layer"], count),
            "dropout": rng.random(count) < 0.5,
            "learning_rate": 10 ** rng.uniform(-5, -1, count),
            "seed": rng.integers(0, 4, count),
        }
    )
    rate = np.log10(frame["learning_rate"]) + 3
    frame["val_loss"] = (
        1.0
        + frame["norm"].map({"none": 0.0, "batch": -0.2, "layer": 0.1})
        + np.where(frame["dropout"], -0.1, 0.0)
        + np.where(frame["dropout"] & (frame["norm"] == "batch"), 0.15, 0.0)
        + 0.02 * rate**2
        + 0.05 * frame["seed"]
        + 0.02 * rng.normal(size=count)
    )
    return frame.assign(**more)


COLUMNS = {"factors": ["norm", "dropout"], "loss": "val_loss", "knobs": ["learning_rate"], "blocks": ["seed"]}


def found(frame, **columns):
    return goru.effects(frame, **{**COLUMNS, **columns})


def by_name(effects):
    return {effect.name: effect for effect in effects}


def test_what_was_planted_is_found():
    result = found(runs())
    mains, pairs = by_name(result.effects), by_name(result.interactions)
    # A main effect is the mean over the levels of the other factor.
    truth = {"norm batch": -0.2 + 0.15 / 2, "norm layer": 0.1, "dropout": -0.1 + 0.15 / 3}
    assert {effect.low <= truth[name] <= effect.high for name, effect in mains.items()} == {True}
    assert set(mains) == set(truth)
    assert {name: effect.verdict for name, effect in mains.items()} == {
        "norm batch": "helps",
        "norm layer": "hurts",
        "dropout": "helps",
    }
    together = {name: effect for name, effect in pairs.items() if "batch" in name}
    (batch,) = together.values()
    assert batch.low <= 0.15 <= batch.high
    assert batch.low > 0
    assert result.runs == 200
    assert result.plain_loss == pytest.approx(1.0 + 0.05 * 1.5 + 0.02 * 4 / 3, abs=0.05)


def test_intervals_hold_in_as_many_cases_as_they_say():
    truth = {"norm batch": -0.2 + 0.15 / 2, "norm layer": 0.1, "dropout": -0.1 + 0.15 / 3}
    held = [
        all(effect.low <= truth[effect.name] <= effect.high for effect in found(runs(60, seed)).effects)
        for seed in range(60)
    ]
    assert np.mean(held) > 0.86  # 95 %, and two standard errors


def test_hc3_by_hand():
    """Two groups: the variance of a mean is the sum of the squares of its residuals over (n - 1)."""
    frame = pd.DataFrame({"trick": [False] * 6 + [True] * 8, "loss": [1.0, 2, 3, 4, 5, 9, 1, 1, 2, 2, 3, 3, 4, 8]})
    (effect,) = goru.effects(frame, ["trick"], "loss").effects
    without, with_ = (frame["loss"][frame["trick"] == of].to_numpy() for of in (False, True))
    variance = sum(
        np.sum(((group - group.mean()) / (1 - 1 / len(group))) ** 2) / len(group) ** 2 for group in (without, with_)
    )
    half = t.ppf(0.975, len(frame) - 2) * np.sqrt(variance)
    assert effect.change == pytest.approx(with_.mean() - without.mean())
    assert (effect.low, effect.high) == pytest.approx((effect.change - half, effect.change + half))


@pytest.mark.parametrize(
    ("levels", "reference"),
    [
        ([True, False], "False"),
        (["after", "none"], "none"),
        (["on", "off"], "off"),
        ([1, 0], "0"),
        (["b", "a"], "a"),
        (["relu", None], "None"),
        (["True", "False"], "False"),
    ],
)
def test_the_reference_is_what_stands_for_nothing_or_the_first(levels, reference):
    frame = pd.DataFrame({"trick": levels * 10, "loss": np.arange(20) % 7 + np.array([5.0, 0.0] * 10)})
    (effect,) = goru.effects(frame, ["trick"], "loss").effects
    assert effect.change > 0
    assert str(levels[0]).lower() in effect.name.lower() or effect.name == "trick"
    assert reference == str(levels[1])


def test_levels_can_be_named_with_their_reference_first():
    result = found(runs(), factors={"norm": ["batch", "none"], "dropout": None})
    mains = by_name(result.effects)
    assert next(iter(mains.values())).change > 0
    assert any("left out" in note for note in result.notes)
    assert result.runs < 200


def test_blocks_take_out_what_they_add():
    frame = runs()
    frame["val_loss"] += 10 * frame["seed"]
    with_, without = found(frame), found(frame, blocks=[])
    assert with_.effects[0].high - with_.effects[0].low < 0.1
    assert without.effects[0].high - without.effects[0].low > 1


def test_a_knob_over_decades_is_looked_at_by_its_logarithm():
    frame = runs()
    frame["val_loss"] = np.where(frame["dropout"], 0.5, 1.0) + np.log10(frame["learning_rate"]) ** 2
    assert found(frame).effects[2].change == pytest.approx(-0.5, abs=1e-6)


def test_a_knob_that_some_runs_do_not_have():
    frame = runs(rate=np.nan)
    frame.loc[frame["dropout"], "rate"] = np.random.default_rng(0).uniform(0, 1, frame["dropout"].sum())
    frame.loc[frame["dropout"], "val_loss"] += (frame["rate"] - 0.5) ** 2
    effect = by_name(found(frame, knobs=["learning_rate", "rate"]).effects)["dropout"]
    assert effect.low <= -0.1 + 0.15 / 3 + 1 / 12 <= effect.high


@pytest.mark.parametrize("missing", [np.nan, np.inf, None])
def test_runs_without_a_loss_are_counted(missing):
    frame = runs()
    frame["val_loss"] = frame["val_loss"].astype(object)
    frame.loc[:2, "val_loss"] = missing
    result = found(frame)
    assert result.runs == 197
    assert any("3 runs" in note for note in result.notes)
    assert "3 runs" in str(result)


def test_a_score_is_to_be_high():
    frame = runs()
    low, high = found(frame), found(frame.assign(accuracy=2 - frame["val_loss"]), loss="accuracy", maximize=True)
    assert [effect.verdict for effect in low.effects] == [effect.verdict for effect in high.effects]
    assert [effect.change for effect in low.effects] == pytest.approx([effect.change for effect in high.effects])
    # A share of what there is: less loss is less, whatever the sign of the score.
    shares = [line.split("(")[1].split("%")[0] for line in str(high).splitlines() if line.startswith("norm batch ")]
    assert float(shares[0]) < 0


@pytest.mark.parametrize(
    ("frame", "columns", "words"),
    [
        (runs(), {"factors": ["nrom"]}, "nrom.*Did you mean 'norm'"),
        (runs(), {"loss": "loss"}, "'loss'"),
        (runs(), {"knobs": ["rate"]}, "rate"),
        (runs(), {"blocks": ["fold"]}, "fold"),
        (runs(), {"factors": []}, "factors"),
        (runs(), {"knobs": ["norm"]}, "'norm' is named twice"),
        (runs(8), {}, "too few"),
        (runs(norm="batch"), {}, "same level"),
        (runs(), {"factors": {"norm": ["none", "group"]}}, "'group'. Runs have .*'batch'"),
        (runs(), {"factors": ["learning_rate"], "knobs": []}, "levels, and 12 are.*knob"),
        (runs(val_loss=np.nan), {}, "no run has a finite number"),
        (runs(val_loss="good"), {}, "no run has a finite number"),
        (runs(optimizer="adam"), {"knobs": ["optimizer"]}, "optimizer"),
        (pd.concat([runs(), runs()[["norm"]]], axis=1), {}, "norm"),
        (runs().assign(twin=lambda frame: frame["dropout"]), {"factors": ["dropout", "twin"]}, "told apart"),
        (runs().assign(seed=lambda frame: frame["dropout"]), {}, "told apart"),
    ],
)
def test_what_nothing_can_be_said_of_is_refused_in_one_line(frame, columns, words):
    with pytest.raises(goru.InputError, match=words) as refused:
        found(frame, **columns)
    assert "\n" not in str(refused.value)


def test_one_name_is_a_column():
    one, several = found(runs(), factors="norm", knobs="learning_rate", blocks="seed"), found(runs(), factors=["norm"])
    assert one.effects == several.effects


def test_columns_with_missing_values_of_pandas():
    frame = runs().assign(
        norm=lambda frame: frame["norm"].astype("string"), dropout=lambda f: f["dropout"].astype("boolean")
    )
    assert found(frame).effects == found(runs()).effects
    frame.loc[frame["norm"] == "none", "norm"] = pd.NA
    assert by_name(found(frame).effects)["norm batch"].verdict == "helps"
    category = runs().assign(norm=lambda frame: frame["norm"].astype("category"))
    assert found(category).effects == found(runs()).effects


def test_trials_of_optuna():
    """`study.trials_dataframe()`."""
    frame = runs().rename(columns=lambda name: {"val_loss": "value"}.get(name, f"params_{name}"))
    frame["state"] = "COMPLETE"
    frame.loc[:4, ["value", "state"]] = [np.nan, "FAIL"]
    result = goru.effects(frame, ["params_norm", "params_dropout"], "value", ["params_learning_rate"], ["params_seed"])
    assert result.runs == 195
    assert [effect.verdict for effect in result.effects if "batch" in effect.name] == ["helps"]


@pytest.mark.parametrize("prefixes", [("params.", "metrics."), ("", "")])
def test_exports_of_mlflow_and_wandb(tmp_path, prefixes):
    """Tables of texts, in a file."""
    params, metrics = prefixes
    frame = runs().rename(columns=lambda name: (metrics if name == "val_loss" else params) + name)
    frame.assign(run_id="abc", Name="run").astype(str).to_csv(tmp_path / "runs.csv", index=False)
    result = effects_of_file(
        str(tmp_path / "runs.csv"),
        [f"{params}norm=none,batch,layer", f"{params}dropout"],
        f"{metrics}val_loss",
        [f"{params}learning_rate"],
        [f"{params}seed"],
    )
    assert {effect.verdict for effect in result.effects} == {"helps", "hurts"}
    assert [effect.change for effect in result.effects] == pytest.approx([e.change for e in found(runs()).effects])


@pytest.mark.parametrize("levels", ["False,True", "false,true"])
def test_levels_in_words_are_those_of_a_file(tmp_path, levels):
    runs().to_csv(tmp_path / "runs.csv", index=False)
    result = effects_of_file(str(tmp_path / "runs.csv"), [f"dropout={levels}", "norm"], "val_loss", ["learning_rate"])
    assert by_name(result.effects)["dropout"].change < 0


def test_it_says_why_it_is_weaker():
    assert "Weaker than a study" in str(found(runs()))


def test_it_is_a_frame_and_json():
    result = found(runs())
    assert len(result.frame()) == len(result.effects) + len(result.interactions)
    assert json.loads(json.dumps(to_json(result), allow_nan=False))["runs"] == 200


def test_hostile_names_are_text():
    name = "<b>\n\u202e\x1b[31m" + "n" * 300
    result = found(runs().rename(columns={"norm": name}), factors=[name, "dropout"])
    assert "\u202e" not in str(result)
    assert "\x1b" not in str(result)
