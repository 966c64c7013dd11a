"""What an architecture and a recipe accept, what they refuse, and the layers that an architecture stands for."""

import dataclasses

import jax
import jaxtyping
import numpy as np
import pytest

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Affine


@pytest.fixture
def as_a_user_sees_it():
    """Without the checks of tests/conftest.py, which would speak before the classes do."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("as_a_user_sees_it")
class TestRefused:
    @pytest.mark.parametrize(
        "widths", [(0, (3,), 1), (4, (0,), 1), (4, (3, -1, 3), 1), (4, (3,), 0), (-1, (), 1), (1, (), 0)]
    )
    def test_a_layer_without_neurons(self, widths):
        with pytest.raises(ValueError, match="every width must be at least 1"):
            Architecture(*widths)

    @pytest.mark.parametrize("name", ["activation", "dropout_form", "weight_init"])
    @pytest.mark.parametrize("value", ["swoosh", "", None, "ReLU"])
    def test_an_unknown_choice_in_an_architecture(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be one of .*got {value!r}"):
            Architecture(4, (3,), 1, **{name: value})

    @pytest.mark.parametrize("value", ["both", "", True, False, "Before"])
    def test_an_unknown_place_of_batch_norm(self, value):
        with pytest.raises(ValueError, match="batch_norm must be None, 'before' or 'after'"):
            Architecture(4, (3,), 1, batch_norm=value)

    @pytest.mark.parametrize("name", ["norm", "mix"])
    @pytest.mark.parametrize("value", ["swoosh", "", True, False, "Layer", "Mixup"])
    def test_an_unknown_norm_or_mix(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be None or one of .*got {value!r}"):
            Architecture(4, (3,), 1, **{name: value})

    @pytest.mark.parametrize("norm", ["layer", "rms"])
    @pytest.mark.parametrize("batch_norm", ["before", "after"])
    def test_two_norms(self, norm, batch_norm):
        with pytest.raises(ValueError, match="cannot be combined"):
            Architecture(4, (3,), 1, norm=norm, batch_norm=batch_norm)

    @pytest.mark.parametrize("name", ["loss", "optimizer", "schedule", "decay"])
    @pytest.mark.parametrize("value", ["swoosh", "", None])
    def test_an_unknown_choice_in_a_recipe(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be one of .*got {value!r}"):
            Recipe(**{name: value})

    def test_a_later_change(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            Architecture(4, (3,), 1).inputs = 5
        with pytest.raises(dataclasses.FrozenInstanceError):
            Recipe().loss = "poisson"


def test_widths_go_from_the_inputs_to_the_outputs():
    assert Architecture(4, (8, 6), 3).widths == (4, 8, 6, 3)
    assert Architecture(4, (), 3).widths == (4, 3)


NORMS = [{}, {"batch_norm": "before"}, {"batch_norm": "after"}, {"norm": "layer"}, {"norm": "rms"}]


@pytest.mark.parametrize("mix", [None, "mixup", "cutmix"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("hidden", [(), (8,), (8, 6), (6, 6, 6)])
def test_n_parameters_counts_every_learned_number(hidden, norm, residual, mix):
    architecture = Architecture(4, hidden, 3, dropout=True, residual=residual, mix=mix, cutout=True, **norm)
    learned = network.init(architecture.layers, np.random.default_rng(0), Hyperparameters())
    assert architecture.n_parameters == sum(leaf.size for leaf in jax.tree.leaves(learned))


def test_n_parameters_by_hand():
    # (4·8 + 8) + (8·6 + 6) + (6·3 + 3), and γ and β of 8 + 6 features, whose β stands in for a bias before it
    assert Architecture(4, (8, 6), 3).n_parameters == 115
    assert Architecture(4, (8, 6), 3, batch_norm="after").n_parameters == 115 + 28
    assert Architecture(4, (8, 6), 3, batch_norm="before").n_parameters == 115 + 28 - 14


@pytest.mark.parametrize(
    ("place", "block"),
    [
        (None, ["affine", "activation", "dropout"]),
        ("before", ["affine", "batch_norm", "activation", "dropout"]),
        ("after", ["affine", "activation", "batch_norm", "dropout"]),
    ],
)
def test_a_block_has_its_layers_in_order_and_no_bias_below_batch_norm(place, block):
    layers = Architecture(4, (8, 6), 3, batch_norm=place, dropout=True, dropout_form="classic").layers
    assert [layer.kind for layer in layers] == [*block, *block, "affine"]
    affines = [layer for layer in layers if isinstance(layer, Affine)]
    assert [(layer.inputs, layer.outputs) for layer in affines] == [(4, 8), (8, 6), (6, 3)]
    assert [layer.bias for layer in affines] == [place != "before"] * 2 + [True]
    dropouts = [layer for layer in layers if layer.kind == "dropout"]
    assert [(layer.index, layer.form) for layer in dropouts] == [(0, "classic"), (1, "classic")]
    assert len(Architecture(4, (8, 6), 3, batch_norm=place).layers) == len(layers) - 2


@pytest.mark.parametrize(
    ("changes", "first", "block"),
    [
        ({"norm": "layer"}, [], ["affine", "layer_norm", "activation"]),
        ({"norm": "rms", "dropout": True}, [], ["affine", "rms_norm", "activation", "dropout"]),
        ({"mix": "cutmix", "cutout": True, "input_dropout": True}, ["cutmix", "cutout", "input_dropout"], []),
        ({"cutout": True}, ["cutout"], []),
    ],
)
def test_what_changes_rows_stands_first_and_a_norm_before_the_activation(changes, first, block):
    layers = Architecture(4, (8, 6), 3, **changes).layers
    block = block or ["affine", "activation"]
    assert [layer.kind for layer in layers] == [*first, *block, *block, "affine"]


@pytest.mark.parametrize("norm", NORMS)
def test_mixup_stands_behind_the_first_affine_layer_alone(norm):
    """There all networks of a block still read the same rows."""
    kinds = [layer.kind for layer in Architecture(4, (8, 6), 3, mix="mixup", **norm).layers]
    assert kinds[:2] == ["affine", "mixup"]
    assert kinds.count("mixup") == 1
    assert [layer.kind for layer in Architecture(4, (), 3, mix="mixup").layers] == ["mixup", "affine"]


@pytest.mark.parametrize("changes", [*NORMS, {"dropout": True}])
def test_a_block_is_residual_where_it_puts_out_as_many_units_as_it_reads_but_for_the_first(changes):
    plain = Architecture(6, (6, 6, 8, 8), 6, **changes).layers
    layers = Architecture(6, (6, 6, 8, 8), 6, residual=True, **changes).layers
    found = [layer.kind == "residual" for layer in layers if layer.kind in ("affine", "residual")]
    assert found == [False, True, False, True, False]
    opened = [inner for layer in layers for inner in (layer.layers if layer.kind == "residual" else (layer,))]
    assert tuple(opened) == plain


def test_equal_architectures_are_one_key():
    """They share a compiled program, so they must be found in a dictionary by value."""
    assert {Architecture(4, (8,), 3): 1}[Architecture(4, (8,), 3)] == 1
    assert {Architecture(4, (8,), 3).layers: 1}[Architecture(4, (8,), 3).layers] == 1
    assert {Recipe(): 1}[Recipe()] == 1
    assert Architecture(4, (8,), 3) != Architecture(4, (8,), 3, dropout=True)


def test_the_defaults_are_those_of_the_design():
    architecture, recipe, hyper = Architecture(4, (8,), 3), Recipe(), Hyperparameters()
    assert (architecture.activation, architecture.weight_init) == ("relu", "he_normal")
    assert (architecture.batch_norm, architecture.dropout) == (None, False)
    assert (recipe.optimizer, recipe.schedule, recipe.decay) == ("adam", "cosine", "decoupled")
    assert (hyper.beta1, hyper.beta2) == (0.9, 0.99)
    assert (hyper.batch_norm_epsilon, hyper.batch_norm_momentum) == (1e-5, 0.9)
    assert (hyper.batch_norm_scale, hyper.batch_norm_shift) == (1.0, 0.0)
    assert (hyper.weight_decay, hyper.dropout_rate) == (0.0, 0.0)


def test_hyperparameters_are_leaves_of_a_tree_so_that_each_network_may_have_its_own():
    stacked = jax.tree.map(lambda a, b: np.stack([a, b]), Hyperparameters(), Hyperparameters(learning_rate=0.1))
    np.testing.assert_allclose(stacked.learning_rate, [1e-3, 0.1])
    assert len(jax.tree.leaves(Hyperparameters())) == len(Hyperparameters._fields)
