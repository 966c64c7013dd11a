"""Mixup, CutMix and cutout: what is random in them, and what each does to a mini-batch."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import key_of, mix_share, uniform
from scipy import stats

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.augmentation import CutMix, Cutout, InputDropout, Mixup, symmetric_beta
from goru.nn.layers.dropout import mask_key, uniforms
from goru.nn.layers.layer import Context

IDS = np.arange(4000, dtype=np.uint32)
ROWS, COLUMNS = 6, 40
STRONG = Hyperparameters(mixup_alpha=0.7, cutmix_rate=1.0, cutout_rate=0.4, input_dropout_rate=0.3)
#: Every number is another one, so that it is seen where it goes.
NUMBERED = np.arange(COLUMNS * ROWS, dtype=np.float64).reshape(COLUMNS, ROWS) + 1


def shares(layer, hyper, ids=IDS, step=0):
    """λ of many networks in one step."""
    _, kept = layer.forward((), np.ones((COLUMNS, 2)), Context(hyper, ids, step))
    return layer.own_share(kept)


class TestUniformNumbers:
    def test_they_are_those_of_the_hash_and_never_zero_nor_one(self):
        for network, step in ((0, 0), (3, 17), (4_000_000_000, 2**31)):
            found = uniforms(mask_key(np.uint32(network), step, 0xA1), 3)
            np.testing.assert_allclose(found, [uniform(key_of(network, step, 0xA1), n) for n in (1, 2, 3)], rtol=1e-7)
        many = uniforms(mask_key(np.arange(200_000, dtype=np.uint32), 0, 1), 2)
        assert many.dtype == np.float32
        assert 0 < many.min() < 1e-4 < 1 - 1e-4 < many.max() < 1

    def test_they_are_uniform_and_independent(self):
        one, other = uniforms(mask_key(IDS, 5, 0xA1), 2)
        assert stats.kstest(one, "uniform").pvalue > 0.01
        assert stats.kstest(other, "uniform").pvalue > 0.01
        assert abs(np.corrcoef(one, other)[0, 1]) < 3 / np.sqrt(len(IDS))


class TestMixup:
    @pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 2.0])
    @pytest.mark.parametrize("over", ["networks", "steps"])
    def test_its_share_is_beta_distributed_over_networks_and_over_steps(self, alpha, over):
        hyper = Hyperparameters(mixup_alpha=alpha)
        if over == "networks":
            found = shares(Mixup(), hyper, step=11)
        else:
            found = shares(Mixup(), hyper, np.full(4000, 7, np.uint32), np.arange(4000))
        assert found.min() >= 0
        assert found.max() <= 1
        assert stats.kstest(found, stats.beta(alpha, alpha).cdf).pvalue > 0.01

    @pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 2.0, 30.0])
    def test_its_share_is_baileys_formula_in_both_precisions(self, alpha):
        u, v = np.random.default_rng(0).uniform(1e-6, 1 - 1e-6, (2, 500))
        expected = [mix_share(*pair, alpha) for pair in zip(u, v, strict=True)]
        np.testing.assert_allclose(symmetric_beta(u, v, alpha), expected, atol=1e-12)
        single = symmetric_beta(jnp.float32(u), jnp.float32(v), jnp.float32(alpha))
        np.testing.assert_allclose(single, expected, atol=2e-3)  # of a root near zero half of the digits are left

    @pytest.mark.parametrize("alpha", [1e-3, 1e3])
    def test_the_most_extreme_numbers_give_a_share_all_the_same(self, alpha):
        ends = np.float32([2**-24, 0.25, 0.5, 0.75, 1 - 2**-24])
        found = symmetric_beta(*np.meshgrid(ends, ends), np.float32(alpha))
        assert ((found >= 0) & (found <= 1)).all()

    def test_no_row_is_lost_and_each_goes_into_itself_and_the_next(self):
        y, share = Mixup().forward((), np.eye(ROWS), Context(STRONG, np.uint32(3), 4))
        np.testing.assert_allclose(np.diag(y), share, rtol=1e-7)
        np.testing.assert_allclose([y[row - 1, row] for row in range(ROWS)], 1 - share, rtol=1e-6)
        np.testing.assert_allclose(y.sum(axis=1), 1)
        np.testing.assert_allclose(y.sum(axis=0), 1)


class TestCutMix:
    def test_every_column_is_a_rows_own_or_the_row_befores_of_all_rows_alike(self):
        y, _ = CutMix().forward((), NUMBERED, Context(STRONG, np.uint32(3), 4))
        own, before = y == NUMBERED, y == np.roll(NUMBERED, 1, axis=1)
        assert (own ^ before).all()
        assert (own == own[:, :1]).all()
        assert 0 < own[:, 0].mean() < 1
        assert sorted(y.ravel()) == sorted(NUMBERED.ravel())  # nothing is lost

    def test_its_share_is_that_of_the_columns_that_are_own(self):
        context = Context(STRONG._replace(cutmix_rate=np.full(50, 0.7)), IDS[:50], 4)
        y, kept = CutMix().forward((), NUMBERED, context)
        np.testing.assert_allclose(CutMix().own_share(kept), (y == NUMBERED)[..., 0].mean(axis=-1), rtol=1e-6)

    @pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
    def test_so_many_of_the_steps_are_mixed(self, rate):
        found = shares(CutMix(), Hyperparameters(cutmix_rate=rate))
        assert np.mean(found < 1) == pytest.approx(rate, abs=0.03)

    def test_where_it_is_applied_any_share_of_the_columns_is_as_likely(self):
        counts = np.bincount(np.rint(shares(CutMix(), STRONG) * COLUMNS).astype(int), minlength=COLUMNS + 1)
        assert stats.chisquare(counts).pvalue > 0.01  # a binomial of a uniform share is uniform


class TestCutout:
    def test_half_of_the_rows_have_holes_of_a_share_of_their_columns_and_nothing_is_scaled(self):
        x = np.ones((COLUMNS, 200))
        y, _ = Cutout().forward((), x, Context(STRONG, np.uint32(3), 4))
        assert set(np.unique(y)) == {0.0, 1.0}
        whole = (y == 1).all(axis=0)
        assert whole.mean() == pytest.approx(0.5, abs=0.1)
        assert (y[:, ~whole] == 0).mean() == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("layer", [Mixup(), CutMix(), Cutout(), InputDropout()], ids=lambda layer: layer.kind)
class TestAllOfThem:
    def test_at_inference_the_rows_are_as_they_were(self, layer):
        np.testing.assert_array_equal(layer.infer((), NUMBERED, (), Context(STRONG)), NUMBERED)

    def test_folding_drops_it(self, layer):
        assert layer.fold((), (), STRONG) == (1, 0)

    def test_another_network_and_another_step_are_other_chance(self, layer):
        def rows(network, step):
            return layer.forward((), NUMBERED, Context(STRONG, np.uint32(network), step))[0].tobytes()

        assert rows(3, 4) == rows(3, 4)
        assert len({rows(network, step) for network in range(4) for step in range(4)}) == 16

    def test_alone_and_in_a_population_it_is_one_thing(self, layer):
        hyper = jax.tree.map(lambda number: np.full(5, number), STRONG)
        together, _ = layer.forward((), NUMBERED, Context(hyper, IDS[:5], 9))
        for network in range(5):
            alone, _ = layer.forward((), NUMBERED, Context(STRONG, IDS[network], 9))
            np.testing.assert_array_equal(together[network], alone)

    def test_a_compiled_step_has_the_same_chance(self, layer):
        run = jax.jit(partial(layer.forward, ()))
        for network in range(3):
            compiled, _ = run(jnp.float32(NUMBERED), Context(STRONG, np.uint32(network), np.int32(8)))
            plain, _ = layer.forward((), np.float32(NUMBERED), Context(STRONG, np.uint32(network), 8))
            np.testing.assert_allclose(compiled, plain, rtol=1e-4)
