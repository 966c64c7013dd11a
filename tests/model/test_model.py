"""From a table to classes, probabilities and values."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from models import CLASSES, make_model, make_networks, make_table

from goru.errors import InputError
from goru.model.networks import softmax, tempered

NEW = make_table(rows=25, seed=9)


@pytest.fixture(scope="module")
def classifier():
    return make_model()


@pytest.fixture(scope="module")
def regressor():
    return make_model("regression")


class TestClasses:
    def test_probabilities_are_the_mean_over_the_networks(self, classifier):
        x = classifier.preparation.transform(classifier.schema.encode(NEW))
        each = [softmax(classifier.networks.only([network]).outputs(x)[0]) for network in range(3)]
        assert np.ptp(each, axis=0).max() > 0.1  # or a mean would not be told from any of them
        np.testing.assert_allclose(classifier.predict_proba(NEW), np.mean(each, axis=0), atol=1e-12)

    def test_probabilities_of_every_row_sum_to_one(self, classifier):
        probabilities = classifier.predict_proba(NEW)
        assert probabilities.shape == (25, 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
        assert (probabilities >= 0).all()

    def test_the_predicted_class_is_the_most_probable_one(self, classifier):
        most_probable = classifier.predict_proba(NEW).argmax(axis=1)
        assert len(set(most_probable)) > 1
        assert list(classifier.predict(NEW)) == [CLASSES[code] for code in most_probable]

    def test_classes_come_in_their_own_type(self, classifier):
        numbers = replace(classifier, target=replace(classifier.target, classes=(3, 5, 7)))
        assert numbers.predict(NEW).dtype.kind == "i"
        assert set(numbers.predict(NEW)) <= {3, 5, 7}

    def test_they_have_no_values(self, classifier):
        with pytest.raises(TypeError, match="no values"):
            classifier.values(classifier.schema.encode(NEW))


class TestTables:
    @pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
    def test_of_other_libraries_are_as_those_of_pandas(self, classifier, make):
        assert list(classifier.predict(make(NEW))) == list(classifier.predict(NEW))
        np.testing.assert_array_equal(classifier.predict_proba(make(NEW)), classifier.predict_proba(NEW))

    @pytest.mark.parametrize("make", [np.asarray, dict, str, list, lambda table: table.iloc[0]])
    def test_what_is_none_is_refused_in_one_line(self, classifier, make):
        for predict in (classifier.predict, classifier.predict_proba):
            with pytest.raises(InputError, match=f"a frame of pandas.*{type(make(NEW)).__name__}") as error:
                predict(make(NEW))
            assert "\n" not in str(error.value)

    def test_columns_that_are_missing_are_named_with_those_there_are(self, classifier):
        with pytest.raises(InputError, match=r"missing column.* There are '0\.1', 'x'"):
            classifier.predict(pd.DataFrame({"0.1": [1.0], "x": ["a"]}))


class TestRepr:
    def test_is_one_line_whatever_is_in_it(self, classifier, regressor):
        told = repr(classifier)
        assert "'kind': 3 classes; 3 networks" in told
        assert "regression" in repr(regressor)
        for one in (classifier, regressor.single, regressor.networks, regressor.preparation, regressor.schema):
            assert len(repr(one)) < 120
            assert "\n" not in repr(one)
            assert type(one).__name__ in repr(one)

    def test_names_widths_and_activation_of_the_networks(self, classifier):
        networks = classifier.networks
        assert f"{networks.inputs}-" in repr(networks)
        assert repr(networks).endswith(f"-{networks.n_outputs}, relu)")


class TestNumbers:
    def test_values_are_the_mean_over_the_networks_in_the_target_s_own_units(self, regressor):
        x = regressor.preparation.transform(regressor.schema.encode(NEW))
        scaled = regressor.networks.outputs(x)[..., 0].astype(np.float64)
        assert np.ptp(scaled, axis=0).max() > 0.1
        # A scaled target of 0 is the mean, 250, and of 1 a standard deviation, 40, more.
        np.testing.assert_allclose(regressor.predict(NEW), 250 + 40 * scaled.mean(axis=0), rtol=1e-12)

    def test_they_have_no_probabilities(self, regressor):
        with pytest.raises(TypeError, match="no probabilities"):
            regressor.predict_proba(NEW)


class TestDecisionWeights:
    def test_the_class_with_the_largest_product_is_predicted(self, classifier):
        weights = (1.0, 5.0, 0.2)
        model = replace(classifier, decision_weights=weights)
        probabilities = model.predict_proba(NEW)
        np.testing.assert_array_equal(probabilities, classifier.predict_proba(NEW))
        wanted = [classifier.target.classes[code] for code in (probabilities * weights).argmax(axis=1)]
        assert model.predict(NEW).tolist() == wanted != classifier.predict(NEW).tolist()


class TestTemperature:
    @pytest.mark.parametrize("temperature", [0.2, 0.7, 1.0, 1.6, 5.0])
    def test_it_tempers_the_mean_over_the_networks(self, classifier, temperature):
        mean = classifier.predict_proba(NEW)
        powers = mean ** (1 / temperature)
        found = replace(classifier, temperature=temperature).predict_proba(NEW)
        np.testing.assert_allclose(found, powers / powers.sum(axis=1, keepdims=True), rtol=1e-9)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)

    @pytest.mark.parametrize("temperature", [0.2, 5.0])
    def test_the_most_probable_class_stays_the_most_probable_one(self, classifier, temperature):
        """And so do the classes after it; only how sure of them one may be is another matter."""
        mean, found = classifier.predict_proba(NEW), replace(classifier, temperature=temperature).predict_proba(NEW)
        np.testing.assert_array_equal(found.argsort(axis=1), mean.argsort(axis=1))
        np.testing.assert_array_equal(
            replace(classifier, temperature=temperature).predict(NEW), classifier.predict(NEW)
        )
        surer = (found.max(axis=1) > mean.max(axis=1)).all()
        assert surer == (temperature < 1)

    def test_the_first_network_alone_has_its_own(self, classifier):
        model = replace(classifier, temperature=3.0, single_temperature=0.5)
        bare = classifier.single.predict_proba(NEW)
        np.testing.assert_array_equal(model.single.predict_proba(NEW), tempered(bare, 0.5))
        np.testing.assert_array_equal(model.single.single.predict_proba(NEW), tempered(bare, 0.5))

    def test_without_being_told_probabilities_stay_as_they_are(self, classifier):
        assert (classifier.temperature, classifier.single_temperature) == (1.0, 1.0)

    def test_values_have_none(self, regressor):
        hot = replace(regressor, temperature=3.0, single_temperature=3.0)
        np.testing.assert_array_equal(hot.predict(NEW), regressor.predict(NEW))
        np.testing.assert_array_equal(hot.single.predict(NEW), regressor.single.predict(NEW))

    @pytest.mark.parametrize("name", ["temperature", "single_temperature"])
    @pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
    def test_what_is_none_is_refused(self, classifier, name, value):
        with pytest.raises(ValueError, match="temperature"):
            replace(classifier, **{name: value})


class TestUniformShare:
    def test_it_is_mixed_into_what_the_temperature_leaves(self, classifier):
        model = replace(classifier, temperature=3.0, single_temperature=0.5, uniform_share=0.06)
        for bare, temperature, found in (
            (classifier, 3.0, model.predict_proba(NEW)),
            (classifier.single, 0.5, model.single.predict_proba(NEW)),
        ):
            np.testing.assert_allclose(found, 0.94 * tempered(bare.predict_proba(NEW), temperature) + 0.02, rtol=1e-12)

    def test_it_changes_no_class(self, classifier):
        model = replace(classifier, uniform_share=0.3)
        np.testing.assert_array_equal(model.predict(NEW), classifier.predict(NEW))

    def test_without_being_told_there_is_none(self, classifier):
        assert classifier.uniform_share == 0

    @pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
    def test_what_is_no_share_is_refused(self, classifier, value):
        with pytest.raises(ValueError, match="share"):
            replace(classifier, uniform_share=value)


@pytest.mark.parametrize("task", ["classification", "regression"])
class TestBoth:
    def test_the_single_model_is_the_first_network(self, task):
        model = make_model(task)
        encoded = model.schema.encode(NEW)
        x = model.preparation.transform(encoded)
        first = model.networks.outputs(x)[0]
        single = model.single
        if task == "classification":
            np.testing.assert_allclose(single.probabilities(encoded), softmax(first), atol=1e-7)
        else:
            np.testing.assert_allclose(single.values(encoded), 250 + 40 * first[:, 0].astype(np.float64), rtol=1e-6)
        assert (len(single.networks), single.members) == (1, model.members[:1])

    def test_a_row_s_prediction_does_not_depend_on_the_order_of_columns_and_rows(self, task):
        model, columns = make_model(task), ["day", "length", "colour"]
        expected = model.predict(NEW)
        np.testing.assert_array_equal(model.predict(NEW[columns]), expected)
        turned = model.predict(NEW.iloc[::-1])[::-1]
        if task == "classification":
            np.testing.assert_array_equal(turned, expected)
        else:
            # The kernels of matrix products add up a row by where it stands: sums of a few single-precision numbers.
            np.testing.assert_allclose(turned, expected, rtol=1e-5)

    def test_rows_beyond_the_training_rows_are_counted_where_a_quantity_is_predicted(self, task):
        model = make_model(task)
        far = NEW.assign(length=[1e6, -1e6, *NEW["length"][2:]])
        notes = model.notes_on(model.schema.encode(far))
        if task == "classification":
            assert notes == ()
        else:
            assert "'length'" in notes[0]
            assert int(notes[0].split()[0]) >= 2
        older = replace(model, preparation=replace(model.preparation, lows=(), highs=()))
        assert older.notes_on(older.schema.encode(far)) == ()

    def test_no_rows_get_no_predictions(self, task):
        assert make_model(task).predict(NEW.iloc[:0]).shape == (0,)

    def test_a_table_that_lacks_a_column_is_refused(self, task):
        with pytest.raises(InputError, match="missing column 'colour'"):
            make_model(task).predict(NEW.drop(columns="colour"))

    def test_rows_never_seen_before_are_predicted(self, task):
        days = pd.to_datetime(pd.Series([None, "1900-01-01", "2999-01-01"]), format="ISO8601").astype("datetime64[s]")
        odd = pd.DataFrame({"length": [np.nan, np.inf, 1e300], "colour": ["mauve", None, "red"], "day": days})
        assert pd.notna(make_model(task).predict(odd)).all()


class TestPartsThatDoNotFit:
    @pytest.mark.parametrize("task", ["classification", "regression"])
    @pytest.mark.parametrize(("inputs", "outputs"), [(1, 0), (-1, 0), (0, 1)])
    def test_networks_of_another_table_are_refused(self, task, inputs, outputs):
        model = make_model(task)
        widths = (model.networks.inputs + inputs, 4, model.networks.n_outputs + outputs)
        with pytest.raises(ValueError, match="do not fit"):
            replace(model, networks=make_networks(widths))

    def test_a_preparation_of_another_table_is_refused(self, classifier):
        other = replace(classifier.preparation, widths=(17,))
        with pytest.raises(ValueError, match="do not fit"):
            replace(classifier, preparation=other)

    def test_a_target_is_scaled_if_and_only_if_it_is_a_number(self, classifier, regressor):
        for model, scaling in ((classifier, regressor.scaling), (regressor, None)):
            with pytest.raises(ValueError, match="do not fit"):
                replace(model, scaling=scaling)
