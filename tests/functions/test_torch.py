import pickle
from dataclasses import replace

import cloudpickle
import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from standins import Config, epochs, split, values  # noqa: E402
from torch import nn  # noqa: E402

import goru.torch  # noqa: E402
from goru.errors import InputError  # noqa: E402

torch.set_num_threads(1)  # more get in each other's way in networks of this size
RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 5))
LABELS = np.array(["low", "middle", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]
VALUES = 1000 + 50 * X[:, 0]


class Network(nn.Module):
    def __init__(self, config, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, 16),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.Dropout(config.get("rate", 0.0)),
            nn.Linear(16, outputs),
        )

    def forward(self, x):
        return self.layers(x)


def linear(config, inputs, outputs):
    return nn.Linear(inputs, outputs)


def trained(make_module=Network, y=LABELS, x=X, weights=None, config=(), seed=0, stop_after=None, **arguments):
    fit, validation = split(x, y, weights)
    train = goru.torch.training(make_module, **{"epochs": 3, "batch_size": 32, **arguments})
    yielded, module = epochs(train(fit, validation, Config({"learning_rate": 0.03, **dict(config)}), seed), stop_after)
    return [values(one) for one in yielded], module


class TestClasses:
    def test_probabilities_of_the_validation_rows_after_each_epoch(self):
        yielded, _ = trained()
        assert [p.shape for p in yielded] == [(40, 3)] * 3
        np.testing.assert_allclose(np.sum(yielded, axis=-1), 1)

    def test_it_learns(self):
        yielded, _ = trained(epochs=20)
        classes = np.unique(LABELS)
        assert np.mean(classes[yielded[-1].argmax(1)] == LABELS[200:]) > 0.8

    def test_the_module_that_is_returned_predicts_as_the_last_epoch_did(self):
        yielded, module = trained()
        assert not module.training
        with torch.no_grad():
            logits = module(torch.from_numpy(X[200:].astype(np.float32)))
        np.testing.assert_allclose(logits.double().softmax(1), yielded[-1], rtol=1e-5)

    def test_one_logit_is_enough_for_two_classes(self):
        y = (X[:, 0] > 0).astype(int)
        yielded, _ = trained(lambda config: nn.Sequential(nn.Linear(5, 1), nn.Flatten(0)), y, epochs=20)
        assert np.mean(yielded[-1].argmax(1) == y[200:]) > 0.9

    def test_outputs_that_do_not_fit_the_classes(self):
        with pytest.raises(InputError, match="3 classes"):
            trained(lambda config: nn.Linear(5, 4))


class TestNumbers:
    def test_values_in_the_targets_units(self):
        yielded, module = trained(y=VALUES, epochs=20)
        assert yielded[-1].shape == (40,)
        assert np.corrcoef(yielded[-1], VALUES[200:])[0, 1] > 0.9
        assert abs(yielded[-1].mean() - VALUES[200:].mean()) < 20
        assert not module.training
        with torch.no_grad():
            np.testing.assert_allclose(
                module(torch.from_numpy(X[200:].astype(np.float32)))[:, 0], yielded[-1], rtol=1e-5
            )

    def test_a_constant_target(self):
        yielded, _ = trained(y=np.full(240, 7.0))
        assert np.isfinite(yielded).all()

    def test_more_than_one_number_a_row(self):
        with pytest.raises(InputError, match="one number a row"):
            trained(lambda config: nn.Linear(5, 2), VALUES)


def test_rows_without_a_target():
    fit, validation = split(X, LABELS)
    with pytest.raises(InputError, match="needs y"):
        next(goru.torch.training(Network)(replace(fit, codes=None, classes=None), validation, Config(), 0))


class TestSeed:
    def test_the_same_seed_gives_the_same_training(self):
        np.testing.assert_array_equal(trained(config={"rate": 0.5})[0], trained(config={"rate": 0.5})[0])

    def test_initial_weights_are_a_function_of_it(self):
        frozen = {"learning_rate": 1e-12}
        assert np.abs(trained(config=frozen)[0][0] - trained(config=frozen, seed=1)[0][0]).max() > 0.01

    def test_the_order_of_the_rows_is_a_function_of_it_and_another_in_every_epoch(self):
        def orders(seed):
            seen = []

            class Noting(Network):
                def forward(self, x):
                    if self.training:
                        seen.extend(x[:, 0].tolist())
                    return super().forward(x)

            trained(Noting, seed=seed, epochs=2)
            return np.split(np.array(seen), 2)

        (first, second), (another, _) = orders(0), orders(1)
        rows = X[:200, 0].astype(np.float32)
        for order in (first, second, another):
            assert (order != rows).any()
            np.testing.assert_array_equal(np.sort(order), np.sort(rows))
        assert (first != second).any()
        assert (first != another).any()

    def test_masks_of_dropout_are_others_in_every_epoch(self):
        masks = []

        class Noting(nn.Module):
            def __init__(self, config, inputs, outputs):
                super().__init__()
                self.line = nn.Linear(inputs, outputs)

            def forward(self, x):
                kept = nn.functional.dropout(torch.ones_like(x), 0.5, self.training)
                if self.training:
                    masks.append(kept)
                return self.line(x * kept)

        trained(Noting, batch_size=200, epochs=2)
        assert not torch.equal(*masks)

    def test_what_others_draw_between_epochs_changes_nothing(self):
        fit, validation = split(X, LABELS)
        training = goru.torch.training(Network, epochs=3)(fit, validation, Config(rate=0.5), 0)
        disturbed = [(torch.rand(7), values(next(training)))[1] for _ in range(3)]
        undisturbed, _ = trained(config={"rate": 0.5, "learning_rate": 1e-3}, batch_size=64)
        np.testing.assert_array_equal(disturbed, undisturbed)

    def test_random_numbers_of_others_are_left_alone(self):
        torch.manual_seed(3)
        expected = torch.rand(2)
        torch.manual_seed(3)
        trained()
        assert torch.equal(torch.rand(2), expected)


class TestConfiguration:
    def test_the_default_optimizer_takes_learning_rate_and_weight_decay(self):
        plain, decayed = (
            trained(linear, config={"weight_decay": decay, "learning_rate": 0.1}, epochs=30)[1] for decay in (0.0, 3.0)
        )
        assert decayed.weight.norm() < 0.5 * plain.weight.norm()

    def test_biases_are_not_decayed(self):
        # With a learning rate of next to nothing, decay alone moves parameters: by 1 - rate * decay a step.
        _, module = trained(linear, config={"weight_decay": 1e6, "learning_rate": 1e-7}, epochs=10)
        torch.manual_seed(0)
        start = nn.Linear(5, 3)
        assert module.weight.norm() < 0.1 * start.weight.norm()
        torch.testing.assert_close(module.bias, start.bias, atol=1e-4, rtol=0)

    def test_a_level_that_is_no_number_is_refused(self):
        with pytest.raises(InputError, match="weight_decay is True"):
            trained(config={"weight_decay": True})

    def test_a_batch_size_of_the_configuration_comes_first(self):
        sizes = []

        class Counting(Network):
            def forward(self, x):
                if self.training:
                    sizes.append(len(x))
                return super().forward(x)

        trained(Counting, config={"batch_size": 100}, epochs=1)
        assert sizes == [100, 100]

    def test_no_batch_has_a_single_row_left_over(self):
        trained(batch_size=199)  # batch norm refuses one row; 200 are fitted

    def test_own_optimizer_and_scheduler_and_loss(self):
        made = []

        def scheduler(optimizer, steps, config):
            made.append(torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps))
            return made[0]

        def loss(outputs, y, config):
            return nn.functional.cross_entropy(outputs, y, label_smoothing=config.smoothing)

        def sgd(module, config):
            return torch.optim.SGD(module.parameters(), lr=config.learning_rate)

        yielded, _ = trained(
            optimizer=sgd, scheduler=scheduler, loss=loss, config={"smoothing": 0.9, "learning_rate": 0.1}, epochs=20
        )
        assert made[0].get_last_lr() == pytest.approx([0.0])
        assert made[0].last_epoch == 20 * 7
        assert yielded[-1].max() < 0.7  # as smoothed labels are

    def test_make_module_of_the_configuration_alone_with_lazy_layers(self):
        yielded, _ = trained(lambda config: nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3)))
        assert yielded[-1].shape == (40, 3)

    def test_a_factory_of_other_arguments_is_refused(self):
        with pytest.raises(InputError, match="make_module"):
            trained(lambda: nn.Linear(5, 3))

    def test_stop_ends_the_training(self):
        yielded, module = trained(stop_after=2)
        assert len(yielded) == 2
        assert isinstance(module, nn.Module)


class TestTheTrainingLoss:
    def test_of_classes_is_the_log_loss(self):
        rows, _ = split(X, LABELS, np.linspace(1, 2, 240))
        yielded, _ = epochs(goru.torch.training(Network, epochs=2)(rows, rows, Config(rate=0.5), 0))
        for one in yielded:
            losses = -np.log(values(one)[np.arange(200), rows.codes])
            assert one.training == pytest.approx(np.average(losses, weights=rows.weights), rel=1e-4)

    def test_of_numbers_is_the_squared_error_over_their_variance(self):
        rows, _ = split(X, VALUES)
        yielded, _ = epochs(goru.torch.training(Network, epochs=2)(rows, rows, Config(rate=0.5), 0))
        for one in yielded:
            assert one.training == pytest.approx(np.mean((values(one) - rows.y) ** 2) / np.var(rows.y), rel=1e-4)


class TestWeights:
    def test_rows_of_weight_zero_teach_nothing(self):
        spoiled = LABELS.copy()
        spoiled[:100] = "low"
        weights = np.r_[np.zeros(100), np.full(140, 5.0)]
        yielded, _ = trained(y=spoiled, weights=weights, epochs=30)
        assert np.mean(np.unique(LABELS)[yielded[-1].argmax(1)] == LABELS[200:]) > 0.8

    def test_their_scale_does_not_matter(self):
        weights = RNG.uniform(1, 2, 240)
        np.testing.assert_allclose(trained(weights=weights)[0], trained(weights=1024 * weights)[0], rtol=1e-5)

    def test_a_loss_that_gives_a_mean_is_refused(self):
        with pytest.raises(InputError, match="reduction"):
            trained(weights=np.ones(240), loss=lambda outputs, y, config: nn.functional.cross_entropy(outputs, y))


class TestRows:
    def test_frames_and_tensors_are_taken_as_arrays_are(self):
        expected, _ = trained()
        frame = pd.DataFrame(X, columns=list("abcde"))
        np.testing.assert_array_equal(trained(x=frame)[0], expected)
        np.testing.assert_array_equal(trained(x=torch.from_numpy(X))[0], expected)

    def test_a_column_of_words_is_named(self):
        with pytest.raises(InputError, match="'town'"):
            trained(x=pd.DataFrame({"size": X[:, 0], "town": LABELS}))

    def test_whole_numbers_of_a_tensor_stay_so(self):
        tokens = torch.from_numpy(RNG.integers(0, 9, (240, 4)))
        yielded, _ = trained(lambda config: nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(12, 3)), x=tokens)
        assert yielded[-1].shape == (40, 3)

    def test_images_give_their_shape(self):
        shapes = []

        def make(config, inputs, outputs):
            shapes.append(inputs)
            return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.LazyLinear(outputs))

        trained(make, x=RNG.normal(size=(240, 1, 5, 5)))
        assert shapes == [(1, 5, 5)]

    def test_items_of_a_data_set(self):
        data = torch.utils.data.TensorDataset(torch.from_numpy(X.astype(np.float32)), torch.zeros(240))
        np.testing.assert_array_equal(trained(x=range(240), dataset=data)[0], trained()[0])

    def test_items_that_are_dictionaries(self):
        class Named(torch.utils.data.Dataset):
            def __getitem__(self, i):
                return {"numbers": X[i].astype(np.float32)}

        class Reading(Network):
            def forward(self, batch):
                return super().forward(batch["numbers"])

        yielded, _ = trained(lambda config: Reading(config, 5, 3), x=range(240), dataset=Named())
        np.testing.assert_array_equal(yielded, trained()[0])


def test_it_goes_to_other_processes():
    class Local(Network):
        pass

    train = goru.torch.training(Local, epochs=2)
    there = pickle.loads(cloudpickle.dumps(train))
    fit, validation = split(X, LABELS)
    (first, last), (also_first, also_last) = (epochs(each(fit, validation, Config(), 0))[0] for each in (train, there))
    np.testing.assert_array_equal(values(first), values(also_first))
    np.testing.assert_array_equal(values(last), values(also_last))


@pytest.mark.parametrize("arguments", [{"epochs": 0}, {"batch_size": 0}])
def test_refused_arguments(arguments):
    with pytest.raises(InputError, match=r": 0 is out of range. Give 1 or more"):
        goru.torch.training(Network, **arguments)
