"""scikit-learn's checks of anything that calls itself an estimator."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from goru import MLPClassifier, MLPRegressor

REGULARISED = {"batch_norm": "after", "dropout": 0.2, "n_members": 2, "max_iter": 20}

LEFT_OUT = {
    # A row of weight 2 is as two rows in the loss. But batch norm sees the rows of a batch and not their weights, and
    # two rows have two masks of dropout.
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
    # Training ends when its loss no longer falls, of which dropout makes a noisy number: here too early for a class of
    # weight 0.0001 beside one of 1000 to be given up (it is, without that end).
    "check_class_weight_classifiers",
}


@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_defaults(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([MLPClassifier(**REGULARISED), MLPRegressor(**REGULARISED)])
def test_regularised(estimator, check):
    if check.func.__name__ in LEFT_OUT:
        return
    check(estimator)
