"""Claims about activations and dropout, which look at the networks, say what was planted."""

import re

import numpy as np
import pytest
from planted import (
    SEEDS,
    WILD,
    Key,
    Scaled,
    Spread,
    Sure,
    changes,
    figure_of,
    four,
    lucky,
    plant,
    read,
    texts_of,
    verdicts,
)

from goru.claims.promises.activations import spread
from goru.claims.promises.dropout_ensemble import mean_loss

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"


class TestSpread:
    def test_of_neurons_that_vary(self):
        rng = np.random.default_rng(0)
        found = spread("tanh", rng.uniform(-0.9, 0.9, (500, 8)))
        assert found["spread"] == pytest.approx(0.9 / 3**0.5, rel=0.05)
        assert (found["dead"], found["saturated"], found["in_use"]) == (0, 0, 1)

    def test_neurons_that_say_the_same_about_all_rows_are_dead(self):
        activations = np.tile([0.5, 0.2, -0.3, 0.0], (50, 1))
        activations[:, 0] += np.linspace(-0.3, 0.3, 50)
        found = spread("tanh", activations)
        assert (found["dead"], found["saturated"], found["in_use"]) == (0.75, 0, 0.25)

    @pytest.mark.parametrize(
        ("kind", "value", "saturated"),
        [
            ("sigmoid", 0.985, False),
            ("sigmoid", 0.995, True),
            ("sigmoid", 0.005, True),
            ("sigmoid", -0.0, True),
            ("tanh", 0.975, False),
            ("tanh", 0.985, True),
            ("tanh", -0.985, True),
            ("relu", 0.0, False),
            ("relu", 1e6, False),
        ],
    )
    def test_what_is_near_an_end_of_the_range_is_saturated(self, kind, value, saturated):
        assert spread(kind, np.full((4, 2), value))["saturated"] == saturated

    def test_neurons_at_an_end_for_most_rows_are_not_in_use(self):
        activations = np.full((10, 2), 1.0)
        activations[:4, 0] = activations[:6, 1] = 0.0
        found = spread("tanh", activations)
        assert (found["saturated"], found["in_use"], found["dead"]) == (0.5, 0.5, 0)

    def test_what_is_no_number_is_dead(self):
        activations = np.full((6, 2), np.nan)
        activations[:, 1] = np.arange(6)
        assert spread("relu", activations)["dead"] == 0.5


SUITED = {"sigmoid": "Xavier", "tanh": "Xavier", "relu": "He"}


class TestActivations:
    def read(self, used, of=None):
        """`used`: of a key and a seed, how many of the last layer's ten units are in use before training."""
        of = of or four()
        depth, results = of.learning.depth, plant("activations", of, noise=0)
        for key, found in results.items():
            k = Key.of("activations", key)
            for seed in range(SEEDS):
                rows = of.table.draw(seed, of.learning.rows).rows
                x = rows.x[rows.training]
                found.snapshots[seed] = {
                    # Elsewhere, and later, it is otherwise.
                    epoch: Spread(k.activation, [3] * (depth - 1) + [used(k, seed) if epoch == 0 else 7], 1, x)
                    for epoch in (0, 10, 20)
                }
        return read("activations", of, results)

    @staticmethod
    def usual(k, seed):
        if k.batch_norm == "before":
            return 9 if k.init == SUITED[k.activation] else 8
        return 9 if k.init == SUITED[k.activation] else {"std 1": 2, "std 0.01": 1}.get(k.init, 5)

    def test_suitable_weights_and_batch_norm_keep_neurons_in_use(self):
        found = self.read(self.usual)
        assert changes(found) == pytest.approx([90 - 15, 80 - 15])
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "holds")
        for kind, init in SUITED.items():
            assert f"{kind} 90% ({init}), 20% (std 1), 10% (std 0.01)" in found.found.split("With it")[0]
            assert f"{kind} 90% ({init}), 80% (std 1), 80% (std 0.01)" in found.found.split("With it")[1]

    def test_where_nothing_matters(self):
        found = self.read(lambda k, seed: 6)
        assert (verdicts(found), found.said) == ([NONE, NONE], "does not hold")

    def test_half_of_the_promise(self):
        found = self.read(lambda k, seed: 0 if k.batch_norm == "before" else self.usual(k, seed))
        assert (verdicts(found), found.said) == ([HELPS, HURTS], "holds in part")

    def test_wild_seeds_decide_nothing(self):
        found = self.read(lambda k, seed: int(4 * WILD[seed]) if k.batch_norm == "before" else 4)
        assert verdicts(found) == [NONE, INCONCLUSIVE]

    def test_the_table_has_every_layer_of_every_network_at_three_times(self):
        table = self.read(self.usual).tables["layers"]
        assert len(table) == 24 * SEEDS * 3 * four().learning.depth
        assert {*table["epoch"]} == {0, 10, 20}
        own = table[(table["init"] == "std 1") & (table["batch_norm"] == "none") & (table["activation"] == "tanh")]
        last = own[own["layer"] == 5].set_index(["epoch", "seed"])
        assert last.loc[0, "in_use"].tolist() == [0.2] * SEEDS
        assert last.loc[20, "in_use"].tolist() == [0.7] * SEEDS
        assert last.loc[0, "dead"].tolist() == [0.8] * SEEDS
        assert last.loc[0, "saturated"].tolist() == pytest.approx([0.7] * SEEDS)
        assert own[own["layer"] == 4]["in_use"].unique().tolist() == [0.3]

    def test_the_figure_has_a_panel_a_layer(self, monkeypatch):
        figure = figure_of(self.read(self.usual), monkeypatch)
        assert len(figure.axes) == 3 * 4 * 5
        assert "ReLU, activations above 0" in texts_of(figure)


# Share deleted, in the classic form, to loss, score on training rows, score on test rows.
CLASSIC = {0.0: (1.0, 0.98, 0.70), 0.1: (0.7, 0.95, 0.75), 0.2: (0.8, 0.90, 0.76)}


class TestDropout:
    KEPT, ONE, DELETED = (0.8, 0.76), (0.9, 0.7), (1.6, 0.4)

    def read(self, classic=CLASSIC, deleted=DELETED, of=None, best=0.1, tests=None, noise=0.001):
        of = of or four()

        def ends(k):
            loss, fit, test = classic.get(k.dropout_rate, (3.0, 0.8, 0.6))
            loss = loss if k.form == "classic" else 2 * loss - 1  # of no dropout it is the same
            loss = tests(k) if tests else loss * (1 if k.learning_rate == best else 2)
            return {"test_loss": loss, "training_score": fit, "test_score": test}

        results = plant("dropout", of, ends, noise)
        for key, found in results.items():
            k = Key.of("dropout", key)
            if (k.form, k.dropout_rate) == ("classic", 0.2):
                for seed in range(SEEDS):
                    drawn = of.table.draw(seed, of.overfitting.rows)
                    figures = {0.8: self.KEPT, 1.0: self.ONE, 0.2: deleted}
                    if not of.table.classes:
                        figures = {share: (loss, None) for share, (loss, _) in figures.items()}
                    if k.learning_rate != best:
                        figures = dict.fromkeys(figures, (77.0, 0.0))
                    found.networks[seed] = Scaled(figures, (drawn.x, drawn.y))
        return read("dropout", of, results)

    def test_the_gap_the_loss_and_the_scaling(self):
        found = self.read()
        assert changes(found) == pytest.approx([-14, -20, 100], abs=0.5)
        assert (verdicts(found), found.said) == ([HELPS, HELPS, HURTS], "holds")
        for number in ("90.0%", "76.0%", "98.0%", "70.0%", "8 points"):
            assert number in found.found
        # Every change stands there with its interval.
        assert re.search(r"−30\.\d % \(−3[01]\.\d to −2[89]\.\d; mostly 0\.1\) in the classic", found.found)
        assert re.search(r"−60\.\d % \(−6[01]\.\d to −5[89]\.\d; mostly 0\.1\) in the inverted", found.found)
        scaled = "kept share 0.8, have a test accuracy of 76.0%; not scaled, 70.0%; scaled by the deleted share 0.2"
        assert scaled in found.found
        assert found.found.endswith("by mistake, 40.0%.")

    def test_other_verdicts(self):
        found = self.read({0.0: (1.0, 0.9, 0.7), 0.2: (1.5, 0.9, 0.7)}, deleted=self.KEPT)
        assert (verdicts(found), found.said) == ([NONE, HURTS, NONE], "does not hold")
        found = self.read(CLASSIC, deleted=(0.4, 0.9))
        assert (verdicts(found), found.said) == ([HELPS, HELPS, HELPS], "holds in part")

    def test_no_cost_on_training_rows_is_not_spoken_of(self):
        found = self.read({0.0: (1.0, 0.98, 0.70), 0.2: (0.8, 0.95, 0.76)})
        assert "So dropout costs" not in found.found

    def test_a_network_that_diverges_when_scaled_is_as_good_as_a_constant_baseline(self):
        found = self.read(deleted=(np.inf, 0.2))
        table = found.tables["scaling"]
        own = table[table["scaled_by"] == "deleted"]
        assert own["test_loss"].tolist() == pytest.approx([np.log(3)] * SEEDS)
        assert own["test_score"].tolist() == pytest.approx([1 / 3] * SEEDS)

    def test_no_seed_is_judged_at_a_learning_rate_that_is_best_with_it_alone(self):
        rates = four().rates

        def tests(k):
            if k.dropout_rate == 0.2 and k.learning_rate != rates[-1]:
                return lucky(rates.index(k.learning_rate))
            return 1.0

        found = self.read(best=rates[-1], tests=tests, noise=0)
        assert changes(found)[1] == pytest.approx(0)
        assert found.tables["scaling"]["test_loss"].max() < 2  # the networks are those of that rate too

    def test_the_table_has_all_factors(self):
        table = self.read().tables["scaling"]
        assert table.groupby("scaled_by")["factor"].first().to_dict() == {"kept": 0.8, "one": 1.0, "deleted": 0.2}
        for name, (loss, score) in {"kept": self.KEPT, "one": self.ONE, "deleted": self.DELETED}.items():
            own = table[table["scaled_by"] == name]
            assert own["seed"].tolist() == [*range(SEEDS)]
            assert own["test_loss"].unique().tolist() == [loss]
            assert own["test_score"].unique().tolist() == [score]

    def test_of_values_the_loss_says_what_is_explained(self):
        of = four(0)
        table = self.read(of=of).tables["scaling"]
        variances = [np.var(of.table.draw(seed, of.overfitting.rows).y) for seed in table["seed"]]
        np.testing.assert_allclose(table["test_score"], 1 - table["test_loss"] / variances, rtol=1e-5)

    def test_the_figure(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert "kept share\n(0.8)" in shown
        assert "classic" in shown
        assert "inverted" in shown


class TestMeanLoss:
    def test_of_probabilities(self):
        predicted = np.array([[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]])
        assert mean_loss(predicted, np.array([0, 1, 0])) == pytest.approx(-np.log(0.45) / 3)
        assert mean_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-12))

    def test_of_values(self):
        assert mean_loss(np.array([[1.0], [2.0]]), np.array([[0.0], [4.0]])) == pytest.approx(2.5)


class TestDropoutEnsemble:
    def read(self, plain, dropout, masks, of=None, best=None):
        """`plain`: how sure a member is; `dropout`: how sure the one network is, of a seed; `masks`: with masks."""
        of = of or four()
        best = of.rates[1] if best is None else best
        self.asked = []

        def ends(k):
            return {"test_loss": 1.0 if k.which == best else 2.0, "training_score": 0.9 if k.side == "plain" else 0.8}

        results = plant("dropout-ensemble", of, ends, noise=0)
        for key, found in results.items():
            k = Key.of("dropout-ensemble", key)
            for seed in range(SEEDS):
                y = of.table.draw(seed, of.overfitting.rows).y
                if k.side == "plain":
                    found.networks[seed] = Sure(y, of.table.classes, plain(k.which) + seed / 1000)
                elif k.which == best:
                    found.networks[seed] = Sure(y, of.table.classes, dropout(seed), masks)
                    self.asked.append(found.networks[seed])
                else:
                    found.networks[seed] = Sure(y, of.table.classes, 0.01)
        return read("dropout-ensemble", of, results)

    @staticmethod
    def growing(replica):
        """An average that is surer the more there are: 0.3, then 0.7."""
        return 0.3 if replica == 0 else 0.7

    def test_all_three_comparisons(self):
        mean32 = (0.3 + 31 * 0.7) / 32
        found = self.read(self.growing, lambda seed: mean32 + seed / 1000, (mean32 - 0.1, mean32 + 0.1))
        one, many = -np.log(0.3015), -np.log(mean32 + 0.0015)
        assert changes(found)[0] == pytest.approx(100 * (many / one - 1), abs=0.5)
        assert changes(found)[1:] == pytest.approx([0, 0], abs=0.6)
        assert (verdicts(found), found.said) == ([HELPS, NONE, NONE], "holds")
        assert f"one plain network {one:.3f}, 32 averaged {many:.3f}; the dropout network {many:.3f}" in found.found
        assert "accuracy was 90.0% for plain networks and 80.0% with dropout" in found.found

    def test_masks_are_new_and_are_averaged(self):
        found = self.read(self.growing, lambda seed: 0.6, (0.2, 0.8))
        for network in self.asked:
            assert len({*network.steps}) == len(network.steps) == 500
            assert min(network.steps) > 10**5  # more than any training takes
        masks = found.tables["masks"].groupby("masks")
        losses, apart = masks["test_loss"].mean(), masks["mean_difference"].mean()
        assert [*losses.index] == [1, 2, 5, 10, 20, 50, 100, 200, 500]
        assert losses[1] == pytest.approx(-np.log(0.8))  # the first of them is a good one
        assert losses[2] == losses[500] == pytest.approx(-np.log(0.5))
        # The true class is said with 0.1 less, two others with 0.05 more.
        assert apart[500] == pytest.approx(0.2 / 3)
        assert f"differ by {0.2 / 3:.3f} with 10 masks" in found.found

    def test_a_worse_dropout_network(self):
        found = self.read(lambda replica: 0.7, lambda seed: 0.3, (0.8,))
        assert (verdicts(found), found.said) == ([HURTS, HURTS, HURTS], "does not hold")
        assert re.search(r"One plain network does as well .*: test loss against its −70\.\d % \(−7", found.found)

    def test_a_better_one(self):
        found = self.read(lambda replica: 0.5, lambda seed: 0.9, (0.3,))
        assert verdicts(found) == [HELPS, HELPS, HELPS]
        assert re.search(r"No number of plain networks up to 32 does as well .* is \+\d+\.\d % \(\+\d", found.found)

    def test_how_many_plain_networks_it_takes(self):
        found = self.read(self.growing, lambda seed: 0.59, (0.59,))  # four have 0.6 on average, two have 0.5
        assert re.search(r"It takes 4 plain networks .*: test loss against its −\d\.\d % \(", found.found)

    def test_wild_seeds_decide_nothing(self):
        found = self.read(lambda replica: 0.5, lambda seed: WILD[seed] / 2, (0.5,))
        assert (verdicts(found), found.said) == ([INCONCLUSIVE] * 3, "inconclusive")

    def test_the_tables_have_every_seed(self):
        found = self.read(self.growing, lambda seed: 0.4 + seed / 10, (0.5,))
        ensemble = found.tables["ensemble"].set_index(["members", "seed"])["test_loss"]
        assert len(ensemble) == 6 * SEEDS
        for seed in range(SEEDS):
            assert ensemble[1, seed] == pytest.approx(-np.log(0.3 + seed / 1000))
            assert ensemble[2, seed] == pytest.approx(-np.log(0.5 + seed / 1000))
        losses = found.tables["dropout"].set_index("seed")["test_loss"]
        np.testing.assert_allclose(losses, -np.log([0.4, 0.5, 0.6, 0.7]))

    def test_values_are_averaged_too(self):
        found = self.read(lambda replica: (-1) ** replica, lambda seed: 0.5, (0.1,), four(0))
        ensemble = found.tables["ensemble"].groupby("members")["test_loss"].mean()
        assert ensemble[1] == pytest.approx(1, abs=0.01)
        assert ensemble[32] == pytest.approx(0, abs=0.01)
        assert found.tables["dropout"]["test_loss"].tolist() == pytest.approx([0.25] * SEEDS)
        assert "predicted values" in found.done

    def test_a_network_that_diverged_guesses(self):
        found = self.read(lambda replica: np.nan if replica else 0.5, lambda seed: 0.5, (0.5,))
        ensemble = found.tables["ensemble"].groupby("members")["test_loss"].mean()
        assert ensemble[2] == pytest.approx(-np.log((0.5015 + 1 / 3) / 2), abs=0.001)

    def test_the_figure(self, monkeypatch):
        shown = texts_of(figure_of(self.read(self.growing, lambda seed: 0.6, (0.5,)), monkeypatch))
        assert "plain networks, averaged" in shown
        assert "mean difference of probabilities" in shown
