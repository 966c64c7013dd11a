"""The compiled program computes what `goru.nn` says of one network, and what NumPy says of its scores."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh
from populations import (
    AFTER,
    ARCHITECTURES,
    CLASSIFY,
    HIDDEN,
    HYPER,
    PARTS,
    PLAIN,
    REGRESS,
    REGRESSION,
    SHAPE,
    TARGETS,
    alone,
    block,
    by_name,
    cpus,
    different_bits,
    figures_in_numpy,
    member,
    outcome,
    relative_error,
    rows_in_numpy,
    table,
    train,
    train_plainly,
    trainer,
)

from goru.nn import network
from goru.nn.judge import Judge
from goru.nn.layers.affine import Affine, Weights
from goru.nn.training import Training
from goru.population.initial import initial
from goru.population.member import PreparedRows
from goru.population.program import DEVICES, BlockData, Members, Orders, advance, over_devices, score

EPOCHS = 4  # 22 steps

CASES = {name: (architecture, CLASSIFY, 0) for name, architecture in ARCHITECTURES.items()}
CASES["regression"] = (REGRESSION, REGRESS, TARGETS)
SOME_CASES = ["none", "before-dropout", "after", "regression"]


@pytest.mark.parametrize("name", CASES)
def test_a_network_in_a_population_learns_what_a_plain_loop_over_its_steps_does(name):
    architecture, recipe, targets = CASES[name]
    members, rows = (member(0), member(1)), table(targets)
    (trained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=EPOCHS))
    for index, one in enumerate(members):
        plain = by_name(train_plainly(architecture, recipe, one, rows, (5,), EPOCHS)[-1])
        ours = outcome(trained, index)
        errors = {leaf: relative_error(ours[leaf], plain[leaf]) for leaf in plain}
        assert ".learned[0].weight" in errors
        assert max(errors.values()) < 1e-5, errors


@pytest.mark.parametrize("name", CASES)
def test_the_curves_are_those_of_a_plain_loop_scored_after_every_epoch(name):
    architecture, recipe, targets = CASES[name]
    members, rows = (member(0), member(1)), table(targets)
    (trained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=EPOCHS))
    for index, one in enumerate(members):
        _, *states = train_plainly(architecture, recipe, one, rows, (5,), EPOCHS)
        for epoch, training in enumerate(states):
            for part, scored in enumerate([rows.training_scored, rows.validation]):
                expected = figures_in_numpy(architecture, training, one.hyper, rows.x[scored], rows.y[scored])
                np.testing.assert_allclose(trained.curves[index, epoch, part], expected, rtol=1e-5)


@pytest.mark.parametrize("name", SOME_CASES)
def test_weighted_rows_are_trained_on_and_scored_as_in_a_plain_loop(name):
    architecture, recipe, targets = CASES[name]
    members, rows = (member(0), member(1)), table(targets, weighted=True)
    (trained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=EPOCHS))
    for index, one in enumerate(members):
        _, *states = train_plainly(architecture, recipe, one, rows, (5,), EPOCHS)
        plain, ours = by_name(states[-1]), outcome(trained, index)
        errors = {leaf: relative_error(ours[leaf], plain[leaf]) for leaf in plain}
        assert max(errors.values()) < 1e-5, errors
        for epoch, training in enumerate(states):
            for part, scored in enumerate([rows.training_scored, rows.validation]):
                x, y, weight = rows.x[scored], rows.y[scored], rows.weight[scored]
                expected = figures_in_numpy(architecture, training, one.hyper, x, y, weight)
                np.testing.assert_allclose(trained.curves[index, epoch, part], expected, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_before_the_first_step_the_two_are_one_network(name):
    architecture, recipe, targets = CASES[name]
    members, rows = (member(0), member(1, batch_norm_scale=0.7, batch_norm_shift=-0.2)), table(targets)
    (untrained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=0))
    for index, one in enumerate(members):
        plain = by_name(train_plainly(architecture, recipe, one, rows, (5,), 0)[0])
        ours = outcome(untrained, index)
        assert len(ours.pop("curves")) == len(ours.pop("parts")) == 0
        assert ours.keys() == plain.keys()
        for leaf in plain:
            np.testing.assert_allclose(ours[leaf], plain[leaf], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", SOME_CASES)
def test_the_last_point_of_the_curves_is_the_score_of_the_networks_that_are_handed_over(name):
    architecture, recipe, targets = CASES[name]
    members, rows = [member(number) for number in range(3)], table(targets)
    (trained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=EPOCHS))
    for index, one in enumerate(members):
        training = jax.tree.map(lambda leaf: leaf[index], trained.training)  # noqa: B023
        for part, scored in enumerate([rows.training_scored, rows.validation]):
            expected = figures_in_numpy(architecture, training, one.hyper, rows.x[scored], rows.y[scored])
            np.testing.assert_allclose(trained.curves[index, -1, part], expected, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 20, 21, 40])
def test_however_many_chunks_the_scored_rows_fill_each_counts_once(count):
    rows = table()
    fewer = PreparedRows(rows.x, rows.y, rows.training, rows.training_scored, rows.training[:count])
    (trained,) = train(trainer(AFTER), block(member(0), rows=fewer))
    training = jax.tree.map(lambda leaf: leaf[0], trained.training)
    scored = fewer.validation
    expected = figures_in_numpy(AFTER, training, member(0).hyper, rows.x[scored], rows.y[scored])
    np.testing.assert_allclose(trained.curves[0, -1, 1], expected, rtol=1e-5)


def test_where_no_rows_are_scored_there_is_no_figure_and_the_training_is_the_same():
    rows = table()
    unscored = PreparedRows(rows.x, rows.y, rows.training, rows.training_scored, np.empty(0, int))
    without, usual = (alone(trainer(AFTER), member(0), rows=each) for each in (unscored, rows))
    assert np.isnan(without["curves"][:, 1]).all()
    assert np.isnan(without["parts"]).all()
    assert different_bits(without, usual) == ["curves", "parts"]
    np.testing.assert_array_equal(without["curves"][:, 0], usual["curves"][:, 0])


LINEAR = (Affine(2, 2),)
HANDS_ON = Training((Weights(np.eye(2, dtype=np.float32), np.zeros(2, np.float32)),), ((),), None)  # what it is given


def hand_made(rows_of_chunks, weight=(1, 1, 1)):
    """A linear network that hands its inputs on, on three rows; the last row is a trap for indices of -1.

    The rows are of parts 2, 0 and 1, and nothing is of part 3.
    """
    x = jnp.array([[1.0, 0.0], [0.0, 2.0], [1e9, -1e9]])
    chunks = jnp.array(rows_of_chunks)
    data = BlockData(x, jnp.array([0, 0, 1]), jnp.float32(weight), jnp.array([2, 0, 1]), chunks, chunks)
    figures, parts = score(LINEAR, CLASSIFY, 4, HYPER, HANDS_ON, data)
    assert (figures.shape, parts.shape) == ((2, 2), (4,))
    np.testing.assert_array_equal(figures[0], figures[1])  # training rows and validation rows are the same here
    return np.asarray(figures[1]), np.asarray(parts)


FIRST, SECOND = np.log(1 + np.exp(-1)), np.log(1 + np.exp(2))  # the losses of the first two rows


def test_a_score_is_the_mean_over_all_chunks_and_a_row_of_minus_one_is_not_counted():
    for chunks, expected in [
        ([[0, -1], [-1, -1]], [FIRST, 1.0]),
        ([[0, -1], [1, -1]], [(FIRST + SECOND) / 2, 0.5]),
        ([[0, 0, 1, -1]], [(2 * FIRST + SECOND) / 3, 2 / 3]),
    ]:
        np.testing.assert_allclose(hand_made(chunks)[0], expected, rtol=1e-6)


def test_a_part_is_what_its_rows_add_to_the_mean_loss():
    for chunks, expected in [
        ([[0, -1], [-1, -1]], [0, 0, FIRST, 0]),
        ([[0, -1], [1, -1]], [SECOND / 2, 0, FIRST / 2, 0]),
        ([[0, 0, 1, -1]], [SECOND / 3, 0, 2 * FIRST / 3, 0]),
    ]:
        np.testing.assert_allclose(hand_made(chunks)[1], expected, rtol=1e-6)


def test_a_weighted_score_is_the_weighted_sum_over_the_sum_of_the_weights_of_the_scored_rows():
    weight = (3, 0.5, 100)  # the last is the weight of no scored row
    expected = [(3 * FIRST + 0.5 * SECOND) / 3.5, 3 / 3.5]
    np.testing.assert_allclose(hand_made([[0, -1], [1, -1]], weight)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(hand_made([[0, 1]], weight)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(hand_made([[1, -1]], weight)[0], [SECOND, 0], rtol=1e-6)
    np.testing.assert_allclose(hand_made([[0, 1]], (2, 2, 1))[0], [(FIRST + SECOND) / 2, 0.5], rtol=1e-6)


def test_a_part_of_a_weighted_score_is_what_its_rows_add_by_their_weights():
    _, parts = hand_made([[0, -1], [1, -1]], (3, 0.5, 100))
    np.testing.assert_allclose(parts, [0.5 * SECOND / 3.5, 0, 3 * FIRST / 3.5, 0], rtol=1e-6)
    _, parts = hand_made([[0, 1]], (2, 0, 1))
    np.testing.assert_allclose(parts, [0, 0, FIRST, 0], rtol=1e-6)


def test_a_row_of_weight_zero_is_not_scored_even_where_its_loss_is_infinite():
    np.testing.assert_allclose(hand_made([[0, 1]], (2, 0, 1))[0], [FIRST, 1], rtol=1e-6)
    x = jnp.array([[1.0, 0.0], [3e38, -3e38]])
    for weight, loss, parts in [((2, 0), FIRST, [FIRST, 0]), ((2, 1), np.inf, [2 * FIRST / 3, np.inf])]:
        chunks = jnp.array([[0, 1]])
        data = BlockData(x, jnp.array([0, 1]), jnp.float32(weight), jnp.array([0, 1]), chunks, chunks)
        figures, by_part = score(LINEAR, CLASSIFY, 2, HYPER, HANDS_ON, data)
        np.testing.assert_allclose(figures[:, 0], loss, rtol=1e-6)
        np.testing.assert_allclose(by_part, parts, rtol=1e-6)  # an infinite loss stays in its part


def test_training_rows_and_validation_rows_are_scored_each_by_themselves():
    x, fit, validation = jnp.array([[1.0, 0.0], [0.0, 2.0]]), jnp.array([[0, -1]]), jnp.array([[1, 1]])
    data = BlockData(x, jnp.array([0, 0]), jnp.float32([1, 1]), jnp.array([0, 0]), fit, validation)
    figures, parts = score(LINEAR, CLASSIFY, 1, HYPER, HANDS_ON, data)
    np.testing.assert_allclose(figures, [[FIRST, 1], [SECOND, 0]], rtol=1e-6)
    np.testing.assert_allclose(parts, [SECOND], rtol=1e-6)


def test_where_no_scored_row_counts_there_is_no_figure():
    for figures in hand_made([[0, 1]], (0, 0, 1)):
        assert np.isnan(figures).all()


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", SOME_CASES)
def test_parts_are_recorded_after_every_epoch_and_add_up_to_the_loss_on_validation_rows(name, weighted):
    architecture, recipe, targets = CASES[name]
    members, rows = (member(0), member(1)), table(targets, weighted=weighted)
    (trained,) = train(trainer(architecture, recipe), block(*members, rows=rows, epochs=EPOCHS))
    assert trained.parts.shape == (2, EPOCHS, PARTS)
    np.testing.assert_allclose(trained.parts.sum(axis=2), trained.curves[:, :, 1, 0], rtol=1e-5)
    scored, weight = rows.validation, np.ones(len(rows.x)) if rows.weight is None else np.float64(rows.weight)
    for index, one in enumerate(members):
        _, *states = train_plainly(architecture, recipe, one, rows, (5,), EPOCHS)
        for epoch, training in enumerate(states):
            losses, *_ = rows_in_numpy(architecture, training, one.hyper, rows.x[scored], rows.y[scored])
            adds = losses * weight[scored] / weight[scored].sum()
            for part in range(PARTS):
                expected = adds[rows.part[scored] == part].sum()
                np.testing.assert_allclose(trained.parts[index, epoch, part], expected, rtol=1e-5)


def test_where_rows_have_no_parts_the_first_part_is_the_whole_loss():
    usual = table()
    (trained,) = train(trainer(AFTER), block(member(0), rows=replace(usual, part=None)))
    np.testing.assert_allclose(trained.parts[0, :, 0], trained.curves[0, :, 1, 0], rtol=1e-6)
    np.testing.assert_array_equal(trained.parts[0, :, 1:], 0)


def test_parts_change_nothing_else():
    usual = table()
    other = replace(usual, part=usual.part[::-1].copy())
    one, same = (alone(trainer(AFTER), member(0), rows=rows) for rows in (usual, other))
    assert different_bits(one, same) == ["parts"]


def test_nothing_is_done_where_no_epoch_is_asked_for():
    rows, members = table(), [member(number) for number in range(SHAPE.networks)]
    (trained,) = train(trainer(AFTER), block(*members, epochs=1))
    before = trained.training
    scored = jnp.asarray(rows.validation[None])
    weight, part = jnp.ones(len(rows.x)), jnp.asarray(rows.part)
    data = BlockData(jnp.asarray(rows.x), jnp.asarray(rows.y), weight, part, scored, scored)
    ids = np.arange(SHAPE.networks, dtype=np.uint32)
    # What would be done, were it not for `n_epochs`.
    batches = np.zeros((SHAPE.steps, SHAPE.batch), np.int32)
    orders = Orders(batches, np.array([5, 11], np.int32), np.int32(0), np.int32(0), np.int32(11))
    run = jax.jit(partial(advance, AFTER.layers, CLASSIFY, PARTS))
    after, curves = run(before, Members(ids, trained.hyper), data, orders)
    assert different_bits(by_name(after), by_name(before)) == []
    assert all(np.isnan(recorded).all() for recorded in curves)
    after, curves = run(before, Members(ids, trained.hyper), data, orders._replace(n_epochs=np.int32(1)))
    assert different_bits(by_name(after), by_name(before)) != []
    for recorded in curves:
        assert np.isfinite(recorded[0]).all()
        assert np.isnan(recorded[1]).all()


def test_over_devices_every_device_is_given_its_own_block_and_nothing_else():
    mesh = Mesh(np.array(cpus(2)), (DEVICES,))

    def total(numbers):
        assert numbers.shape == (3,)
        return {"total": numbers.sum()}

    numbers = jnp.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(jax.jit(over_devices(total, mesh))(numbers)["total"], [3.0, 12.0])


def test_networks_that_read_the_same_rows_share_one_product():
    """What the layout is for: the first weights of all networks are one matrix as they lie."""
    layers = PLAIN.layers
    begun, x = initial(layers, CLASSIFY, [member(number) for number in range(4)]), table().x[:12].T
    forward = jax.vmap(lambda learned: network.infer(layers, learned, network.running(layers), HYPER, x))
    assert f"f32[{4 * HIDDEN[0]},12]" in jax.jit(forward).lower(begun.learned).compile().as_text()


@pytest.mark.parametrize("weight", [(1, 1, 1), (3, 0.5, 100)])
def test_with_a_judge_it_is_its_loss_at_every_temperature_that_is_taken_apart(weight):
    x, chunks = jnp.array([[1.0, 0.0], [0.0, 2.0], [1e9, -1e9]]), jnp.array([[0, -1], [1, -1]])
    data = BlockData(x, jnp.array([0, 0, 1]), jnp.float32(weight), jnp.array([2, 0, 1]), chunks, chunks)
    temperatures, total = (0.5, 1.0, 2.0), weight[0] + weight[1]
    figures, parts = score(LINEAR, CLASSIFY, 4, HYPER, HANDS_ON, data, Judge("log-loss", temperatures))
    without, _ = score(LINEAR, CLASSIFY, 4, HYPER, HANDS_ON, data)
    np.testing.assert_allclose(figures, without, rtol=1e-6)
    expected = [
        [weight[1] * np.log(1 + np.exp(2 / hot)) / total, 0, weight[0] * np.log(1 + np.exp(-1 / hot)) / total, 0]
        for hot in temperatures
    ]
    np.testing.assert_allclose(parts, expected, rtol=1e-6)


def test_an_infinite_loss_that_judges_stays_in_its_part_and_a_row_of_weight_zero_adds_nothing():
    x, chunks = jnp.array([[1.0, 0.0], [3e38, -3e38]]), jnp.array([[0, 1]])
    for weight, parts in [((2, 0), [FIRST, 0]), ((2, 1), [2 * FIRST / 3, np.inf])]:
        data = BlockData(x, jnp.array([0, 1]), jnp.float32(weight), jnp.array([0, 1]), chunks, chunks)
        _, by_part = score(LINEAR, CLASSIFY, 2, HYPER, HANDS_ON, data, Judge("log-loss"))
        np.testing.assert_allclose(by_part, [parts], rtol=1e-6)


@pytest.mark.parametrize(("name", "measure"), [("before", "log-loss"), ("none", "brier"), ("regression", "mae")])
def test_a_judge_is_heard_after_every_epoch_and_changes_no_curve(name, measure):
    architecture, recipe, targets = CASES[name]
    temperatures = (1.0,) if measure == "mae" else (0.5, 1.0, 3.0)
    one = block(member(0), member(1), rows=table(targets, weighted=True), epochs=EPOCHS)
    (trained,) = train(trainer(architecture, recipe, replace(SHAPE, judge=Judge(measure, temperatures))), one)
    (without,) = train(trainer(architecture, recipe), one)
    np.testing.assert_allclose(trained.curves, without.curves, rtol=1e-5)
    assert trained.parts.shape == (2, EPOCHS, len(temperatures), PARTS)
    if measure == "log-loss":
        np.testing.assert_allclose(trained.parts[:, :, 1], without.parts, rtol=1e-4, atol=1e-7)
