"""`goru.claims.training`: every cell is trained as if it were alone, and cells are compared in pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claimed import SEEDS, cell, table, trained_by_hand, weights_of
from reference import by_hand, statistics_of

from goru.claims.training import Workshop
from goru.nn import network
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.training import Batch, Training, train_step

PLACES = (None, "before", "after")


def figures(found):
    return np.concatenate([found.training.ravel(), found.test.ravel(), found.final.ravel()])


def same(one, other):
    """But for rounding; of three scores one may differ in a single row."""
    for name in ("training", "test", "final"):
        ours, expected = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(ours[..., 0], expected[..., 0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(ours[..., 1], expected[..., 1], atol=2e-2)


@pytest.fixture(scope="module")
def cells():
    """Most of them of one program."""
    return {
        "slow": cell(),
        "fast": cell(learning_rate=0.5),
        "decayed": cell(weight_decay=3.0),
        "wild": cell(learning_rate=1e30),
        "still": cell(learning_rate=0.0),
        "replica": cell(replica=1),
        ("a", "twin"): cell(),
        "normal": cell(batch_norm="before", dropout=True, dropout_rate=0.3),
        "normal replica": cell(batch_norm="before", dropout=True, dropout_rate=0.3, replica=1),
        "rare": cell(every=2),
    }


@pytest.fixture(scope="module")
def told():
    """Numbers of networks, as the workshop tells them."""
    return []


@pytest.fixture(scope="module")
def workshop(told):
    """One for all tests, so that few programs are compiled."""
    workshop = Workshop(SEEDS, told.append)
    yield workshop
    workshop.close()


@pytest.fixture(scope="module")
def train(workshop):
    """Train as the claims do: all that is needed is compiled side by side."""

    def train(cells, keep="nothing"):
        workshop.prepare(list(cells.values()), keep)
        return workshop.train(cells, keep)

    return train


@pytest.fixture(scope="module")
def results(cells, train):
    return train(cells, "snapshots")


@pytest.fixture(scope="module")
def linear(train):
    """Networks without hidden layers that begin at zero: all that is left of chance is in their batches."""
    start = {"hidden": (), "weight_init": "normal", "weight_std": 0.0, "learning_rate": 0.5}
    return train(
        {"one": cell(**start), "replica": cell(**start, replica=1), "longer": cell(**start, epochs=6)}, "networks"
    )


@pytest.fixture(scope="module")
def whole(train):
    """Batches are of all rows, so that their order does not matter."""
    numbers = {"weight_decay": 0.2, "batch_norm_scale": 1.2, "batch_norm_momentum": 0.7}
    return train({place: cell(batch=60, batch_norm=place, **numbers) for place in PLACES}, "snapshots")


@pytest.fixture(scope="module")
def values(train):
    of = table(0)
    return train({"well": cell(of, learning_rate=0.05), "wild": cell(of, learning_rate=1e30)}, "networks")


class TestResults:
    def test_have_the_keys_of_the_plan_in_its_order(self, cells, results):
        assert [*results] == [*cells]

    def test_are_of_their_cell(self, cells, results):
        for key, found in results.items():
            assert found.cell == cells[key]

    def test_are_shared_by_cells_of_equal_content(self, results):
        assert results["slow"] is results["a", "twin"]
        assert results["slow"] is not results["fast"]

    def test_have_a_figure_for_every_seed_and_point(self, results):
        assert results["slow"].epochs.tolist() == [1, 2, 3, 4]
        assert results["slow"].training.shape == results["slow"].test.shape == (SEEDS, 4, 2)
        assert results["slow"].final.shape == (SEEDS, 2)
        assert results["rare"].epochs.tolist() == [2, 4]
        assert results["rare"].training.shape == (SEEDS, 2, 2)

    def test_are_of_networks_that_really_learn(self, results):
        fit = results["fast"].training
        assert (fit[:, -1, 0] < 0.97 * fit[:, 0, 0]).all()
        assert (results["fast"].test_score > 0.4).all()

    def test_differ_from_seed_to_seed(self, results):
        for name in ("slow", "normal"):
            assert len(set(results[name].test_loss)) == SEEDS

    def test_differ_from_cell_to_cell(self, results):
        names = ("slow", "fast", "decayed", "wild", "still", "replica", "normal")
        assert len({results[name].test_loss[0] for name in names}) == len(names)

    def test_are_the_same_every_time(self, cells, results, train):
        again = train({name: cells[name] for name in ("normal replica", "normal")}, "snapshots")
        for name, found in again.items():
            same(found, results[name])

    def test_at_the_end_are_called_by_their_name(self):
        found = trained_by_hand(cell())
        np.testing.assert_array_equal(found.test_loss, found.final[:, 0])
        np.testing.assert_array_equal(found.test_score, found.final[:, 1])
        np.testing.assert_array_equal(found.training_score, found.training[:, -1, 1])
        np.testing.assert_allclose(found.gap, found.training[:, -1, 1] - found.final[:, 1])


class TestACell:
    def test_is_trained_as_if_it_were_alone(self, cells, results, train):
        for name in ("slow", "decayed", "replica"):
            same(results[name], train({"alone": cells[name]})["alone"])

    def test_is_trained_as_if_it_were_alone_where_cells_fill_several_blocks(self, results, train, told):
        rates = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
        before = sum(told)
        found = train({rate: cell(learning_rate=rate) for rate in rates})
        same(found[0.1], results["slow"])
        same(found[0.5], results["fast"])
        assert sum(told) - before == 9 * SEEDS
        losses = np.array([found[rate].training[:, -1, 0].mean() for rate in rates])
        assert (np.diff(losses) < 0).all()

    @pytest.mark.parametrize("place", PLACES, ids=str)
    def test_is_trained_by_the_steps_of_goru_nn(self, place, whole):
        found, tried = whole[place], whole[place].cell
        architecture, hyper, recipe = tried.architecture, tried.hyper, tried.recipe
        layers, loss = architecture.layers, LOSSES["softmax_cross_entropy"]

        @jax.jit
        def step(training, x, y):
            def update(gradient, state, learned):
                return jax.tree.map(
                    lambda number, slope: number - hyper.learning_rate * slope, learned, gradient
                ), state

            batch = Batch(x.T, y, jnp.full(len(y), 1 / len(y)))
            return train_step(layers, loss, recipe.decay, update, training, batch, Context(hyper), hyper.weight_decay)[
                0
            ]

        for seed in range(SEEDS):
            drawn = tried.table.draw(seed, 60)
            first = found.snapshots[seed][0]._learned
            training = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), first), network.running(layers), ()
            training = Training(*jax.tree.map(jnp.asarray, training))
            fit_x, fit_y = jnp.asarray(drawn.rows.x[:60]), jnp.asarray(drawn.rows.y[:60])

            def scored(training, x, y):
                own = jax.tree.map(np.asarray, training)
                outputs = by_hand(architecture, own.learned, statistics_of(own.running), hyper, np.asarray(x))[-1]
                losses = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(y)), y]
                return [losses.mean(), (outputs.argmax(axis=1) == np.asarray(y)).mean()]

            for epoch in range(4):
                training = step(training, fit_x, fit_y)
                expected = scored(training, fit_x, fit_y), scored(training, drawn.x[:1500], drawn.y[:1500])
                np.testing.assert_allclose(found.training[seed, epoch], expected[0], rtol=1e-3, atol=2e-3)
                np.testing.assert_allclose(found.test[seed, epoch], expected[1], rtol=1e-3, atol=2e-3)
            np.testing.assert_allclose(found.final[seed], scored(training, drawn.x, drawn.y), rtol=1e-3, atol=2e-3)

    def test_that_is_scored_rarely_is_trained_no_differently(self, results):
        often, rare = results["slow"], results["rare"]
        np.testing.assert_allclose(rare.training, often.training[:, 1::2], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(rare.test, often.test[:, 1::2], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(rare.final, often.final, rtol=1e-4, atol=1e-5)


class TestPairs:
    """Two cells of one seed share all chance, so that what differs between them is what was changed."""

    def test_start_from_the_same_weights_whatever_they_differ_in(self, results):
        for seed in range(SEEDS):
            first = weights_of(results["slow"].snapshots[seed][0])
            for name in ("fast", "decayed", "wild", "normal", "rare"):
                for ours, expected in zip(weights_of(results[name].snapshots[seed][0]), first, strict=True):
                    np.testing.assert_array_equal(ours, expected)

    def test_of_other_seeds_start_from_other_weights(self, results):
        one, other = (weights_of(results["slow"].snapshots[seed][0])[0] for seed in (0, 1))
        assert np.abs(one - other).max() > 0.1

    def test_replicas_start_from_other_weights(self, results):
        for seed in range(SEEDS):
            one, other = (weights_of(results[name].snapshots[seed][0])[0] for name in ("slow", "replica"))
            assert np.abs(one - other).max() > 0.1

    def test_replicas_differ_in_nothing_but_their_initial_weights(self, linear):
        same(linear["one"], linear["replica"])
        assert len(set(linear["one"].test_loss)) == SEEDS

    def test_of_other_programs_see_the_same_batches(self, linear):
        np.testing.assert_allclose(linear["longer"].training[:, :4], linear["one"].training, rtol=1e-5)

    def test_see_the_same_batches_and_masks(self, train):
        """Without a step, what is left of the batches is in the running statistics, behind the masks."""
        of = {"batch_norm": "before", "dropout": True, "dropout_rate": 0.4, "learning_rate": 0.0}
        pair = train(
            {"one": cell(**of), "other": cell(**of, weight_decay=1.0), "more": cell(**of | {"dropout_rate": 0})}
        )
        np.testing.assert_array_equal(figures(pair["one"]), figures(pair["other"]))
        assert not np.array_equal(figures(pair["one"]), figures(pair["more"]))

    def test_that_take_no_step_stay_as_they_are(self, results):
        still = results["still"]
        for seed in range(SEEDS):
            for point in range(4):
                np.testing.assert_array_equal(still.training[seed, point], still.training[seed, 0])
            for ours, first in zip(weights_of(still.networks[seed]), weights_of(still.snapshots[seed][0]), strict=True):
                np.testing.assert_array_equal(ours, first)


class TestNetworks:
    @pytest.mark.parametrize("name", ["slow", "fast", "normal"])
    def test_are_scored_on_all_test_rows_at_the_end(self, results, name):
        found = results[name]
        for seed in range(SEEDS):
            drawn = table().draw(seed, 60)
            assert len(drawn.x) == 1640
            (expected,) = found.networks[seed].figures(drawn.x, drawn.y)
            np.testing.assert_allclose(found.final[seed], expected, rtol=1e-5)
            (watched,) = found.networks[seed].figures(drawn.x[:1500], drawn.y[:1500])
            np.testing.assert_allclose(found.test[seed, -1], watched, rtol=1e-3, atol=1.1e-3)
            assert abs(found.final[seed, 0] - found.test[seed, -1, 0]) > 1e-4

    @pytest.mark.parametrize("name", ["slow", "normal", "replica"])
    def test_are_kept_before_training_and_whenever_rows_are_scored(self, results, name):
        found, rows = results[name], 60
        for seed in range(SEEDS):
            drawn = table().draw(seed, rows)
            assert [*found.snapshots[seed]] == [0, 1, 2, 3, 4]
            for point, epoch in enumerate(found.epochs):
                (expected,) = found.snapshots[seed][epoch].figures(drawn.rows.x[:rows], drawn.rows.y[:rows])
                np.testing.assert_allclose(found.training[seed, point], expected, rtol=1e-3, atol=1e-3)
            (first,) = found.snapshots[seed][0].figures(drawn.rows.x[:rows], drawn.rows.y[:rows])
            assert abs(first[0] - found.training[seed, 0, 0]) > 1e-3

    def test_of_the_last_snapshot_are_those_that_are_handed_over(self, results):
        x = table().draw(0, 60).x
        for name in ("slow", "normal", "rare"):
            for seed in range(SEEDS):
                last = results[name].snapshots[seed][4]
                np.testing.assert_array_equal(last.outputs(x), results[name].networks[seed].outputs(x))

    def test_are_kept_by_epochs_where_rows_are_scored_rarely(self, results):
        x = table().draw(1, 60).x
        assert [*results["rare"].snapshots[1]] == [0, 2, 4]
        for epoch in (0, 2, 4):
            often, rare = (results[name].snapshots[1][epoch].outputs(x) for name in ("slow", "rare"))
            np.testing.assert_allclose(rare, often, rtol=1e-3, atol=1e-4)

    def test_are_kept_only_if_that_is_wanted(self, linear, train):
        assert sorted(linear["one"].networks) == [0, 1, 2]
        assert linear["one"].snapshots == {}
        nothing = train({"one": cell()})["one"]
        assert nothing.networks == nothing.snapshots == {}

    def test_of_a_cell_are_one(self, results):
        x = table().draw(0, 60).x
        assert results["replica"].networks[0].outputs(x).shape == (1, 1640, 3)

    def test_have_masks_of_their_own_in_every_seed_and_replica(self, results):
        x, found = table().draw(0, 60).x, [results[name].networks for name in ("normal", "normal replica")]
        assert np.abs(found[0][0].predict_masked(x, 0) - found[0][0].predict(x)).max() > 0.01
        assert len({int(networks[seed]._ids[0]) for networks in found for seed in range(SEEDS)}) == 2 * SEEDS


class TestANetworkThatDiverges:
    def test_is_as_good_as_a_constant_baseline(self, results):
        baseline = [np.log(3), 1 / 3]
        np.testing.assert_allclose(results["wild"].training, np.broadcast_to(baseline, (SEEDS, 4, 2)))
        np.testing.assert_allclose(results["wild"].test, np.broadcast_to(baseline, (SEEDS, 4, 2)))
        np.testing.assert_allclose(results["wild"].final, np.broadcast_to(baseline, (SEEDS, 2)))

    def test_spoils_no_neighbour(self, cells, results, train):
        assert all(np.isfinite(figures(found)).all() for found in results.values())
        same(results["fast"], train({"calm": cells["fast"]})["calm"])


class TestValues:
    def test_are_scored_by_the_share_of_the_variance_that_is_explained(self, values):
        well = values["well"]
        for seed in range(SEEDS):
            drawn = table(0).draw(seed, 60)
            watched = drawn.rows.y[drawn.rows.validation]
            for figure, y in (
                (well.training, drawn.rows.y[drawn.rows.training]),
                (well.test, watched),
                (well.final, drawn.y),
            ):
                np.testing.assert_allclose(figure[seed, ..., 1], 1 - figure[seed, ..., 0] / np.var(y), rtol=1e-5)
            error = np.square(well.networks[seed].predict(drawn.x)[0] - drawn.y).mean()
            assert well.test_loss[seed] == pytest.approx(error, rel=1e-5)
        assert (well.training[:, -1, 1] > well.training[:, 0, 1]).all()

    def test_a_network_that_diverges_says_the_mean(self, values):
        np.testing.assert_array_equal(values["wild"].training, np.broadcast_to([1.0, 0.0], (SEEDS, 4, 2)))
        np.testing.assert_array_equal(values["wild"].final, np.broadcast_to([1.0, 0.0], (SEEDS, 2)))


class TestTheWorkshop:
    def test_tells_of_every_network_once(self, train, told):
        before = sum(told)
        train({"one": cell(), "twin": cell(), "other": cell(learning_rate=0.2)})
        assert sum(told) - before == 2 * SEEDS

    def test_prepares_what_it_needs_and_no_more(self):
        some = [cell(), cell(learning_rate=0.5), cell(replica=8)]
        workshop = Workshop(SEEDS)
        try:
            workshop.prepare(some, "snapshots")
            prepared = dict(workshop._trainers)
            assert len(prepared) == 2
            workshop.train(dict(enumerate(some)), "snapshots")
            assert workshop._trainers == prepared
        finally:
            workshop.close()


class TestOneProgram:
    @pytest.mark.parametrize(
        "changes", [{"learning_rate": 0.7}, {"weight_decay": 1.0}, {"weight_std": 2.0}, {"replica": 7}]
    )
    def test_serves_cells_that_differ_in_numbers(self, changes):
        assert cell(**changes).program == cell().program
        assert cell(**changes) != cell()

    @pytest.mark.parametrize(
        "changes", [{"batch_norm": "after"}, {"rows": 50}, {"batch": 8}, {"epochs": 2}, {"every": 2}, {"dropout": True}]
    )
    def test_does_not_serve_cells_that_differ_in_shape(self, changes):
        assert cell(**changes).program != cell().program

    def test_does_not_serve_two_tables(self):
        assert cell(table(0)).program != cell().program
