"""`goru.live.networks.measures`: what is shown is what was scored."""

import json

import numpy as np
import pytest
from live_states import PLAIN, make_frame, with_network

from goru.live.networks.measures import BINS, History, Scored, dead, histogram, layers, number, score
from goru.live.networks.sides import Side
from goru.live.rows import of_shape, table
from goru.live.state import State


def scored(training, validation, score=1.0):
    losses = {"training": np.array(training), "validation": np.array(validation)}
    return Scored(losses, {part: np.full(len(values), score) for part, values in losses.items()})


def make_history():
    return History(of_shape(PLAIN.data))


def test_losses_of_classes_are_log_losses():
    side = Side(PLAIN, of_shape(PLAIN.data), False)
    found, rows = score(side), side.rows
    probabilities = side.predictions(rows.x)[:, 0]
    of_label = np.where(rows.labels == 1, probabilities, 1 - probabilities)
    for part, chosen in (("training", rows.training), ("validation", rows.validation)):
        np.testing.assert_allclose(found.losses[part], -np.log(of_label[:, chosen]).mean(axis=1), rtol=1e-5)
        right = (probabilities > 0.5) == rows.labels
        np.testing.assert_allclose(found.scores[part], right[:, chosen].mean(axis=1))


@pytest.mark.parametrize("kind", ["two", "three", "number"])
def test_scores_of_tables(kind):
    rows = table(make_frame(kind=kind))
    side = Side(State(None, PLAIN.network, PLAIN.training), rows, False)
    found = score(side)
    predictions = side.predictions(rows.x)
    if kind == "number":
        errors = np.square(predictions[:, 0] - rows.labels)[:, rows.validation].mean(axis=1)
        np.testing.assert_allclose(found.losses["validation"], errors, rtol=1e-5)
        np.testing.assert_allclose(
            found.scores["validation"], 1 - errors / np.var(rows.labels[rows.validation]), rtol=1e-4
        )
    elif kind == "three":
        right = (predictions.argmax(axis=1) == rows.labels)[:, rows.validation].mean(axis=1)
        np.testing.assert_allclose(found.scores["validation"], right)


def test_bands_are_quantiles_of_the_networks_that_have_not_diverged():
    history, values = make_history(), np.arange(11.0)
    history.add(0, scored([*values, np.inf], [*values, 1.0]))
    entry = history.since(0, 1)
    assert entry["training"] == {"mean": [5.0], "low": [1.0], "high": [9.0]}
    figures = history.figures()
    assert (figures["diverged"], figures["networks"]) == (1, 12)
    assert figures["gap"] == 0


def test_where_all_diverge_there_are_no_numbers():
    history = make_history()
    history.add(0, scored([np.nan, np.inf], [1.0, 2.0]))
    assert history.since(0, 1)["validation"]["mean"] == [None]
    figures = history.figures()
    assert figures["gap"] is None
    assert figures["accuracy"] == {"training": None, "validation": None}
    assert figures["diverged"] == 2
    json.dumps(figures, allow_nan=False)


def test_learned_is_half_of_the_prior_loss():
    history = make_history()
    prior = history.rows.prior_loss
    history.add(0, scored([0.49 * prior, 0.51 * prior, np.nan], [1.0, 1.0, 1.0]))
    assert history.figures()["learned"] == 1


def test_overfitting_begins_at_the_lowest_loss_once_it_has_risen_for_five_epochs():
    history = make_history()
    losses = [1.0, 0.8, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.76]
    found = []
    for epoch, loss in enumerate(losses):
        history.add(epoch, scored([0.5, 0.5], [loss, loss]))
        found.append(history.figures()["overfits_from"])
    assert found == [None] * 8 + [2]  # 0.72 is the first of five above 0.714


def test_a_rise_that_comes_and_goes_is_no_overfitting():
    history = make_history()
    for epoch in range(30):
        history.add(epoch, scored([0.5], [0.5 if epoch % 4 else 0.9]))
    assert history.figures()["overfits_from"] is None


def test_since_has_the_entries_asked_for():
    history = make_history()
    for epoch in range(5):
        history.add(epoch, scored([0.5], [float(epoch)]))
    assert history.since(2, 4)["epoch"] == [2, 3]
    assert history.since(2, 4)["validation"]["mean"] == [2.0, 3.0]


def test_histogram_counts_all_finite_values():
    values = np.zeros((2, 3, 30), np.float32)
    values[0] = np.arange(30)
    values[1, 0] = np.nan
    found = histogram(values)
    assert (found["low"], found["high"], len(found["counts"])) == (0, 29, BINS)
    assert sum(found["counts"]) == 150
    assert found["counts"][0] == 3 + 60
    assert histogram(np.full((1, 1, 5), np.nan)) is None
    assert sum(histogram(np.full((1, 2, 5), 7.0))["counts"]) == 10


def test_dead_units_put_out_the_same_for_every_row():
    values = np.random.default_rng(0).normal(size=(3, 4, 9))
    values[0, 1], values[1, 2], values[2] = 0.0, 5.0, np.inf
    assert dead(values) == 0.25
    assert dead(values[2:]) is None


def test_layers_hold_scales_where_there_is_batch_norm():
    rows = of_shape(PLAIN.data)
    plain, normed = (layers(Side(with_network(norm=norm), rows, True)) for norm in ("none", "before"))
    assert [layer["gamma"] for layer in plain] == [None, None]
    assert normed[1]["gamma"] == [1, 1, 1]
    assert normed[1]["beta"] == [0, 0, 0]
    assert plain[0]["weight_rms"] == pytest.approx(1, rel=0.4)  # He, of two inputs
    json.dumps(normed, allow_nan=False)


def test_numbers_are_short_and_finite():
    assert number(1 / 3) == 0.333333
    assert number(np.inf) is None
    assert number(np.float32("nan")) is None
