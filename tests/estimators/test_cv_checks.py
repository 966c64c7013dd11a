"""scikit-learn's own checks of the estimators that pick their regularisation."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import goru

# scikit-learn says so of its own that are tuned by cross-validation, TunedThresholdClassifierCV for one.
SPLITS = "rows left out, or repeated, are other splits and other batches than rows with weights"
# On some processors: the check wants seven digits, which is what float32 has.
ROUNDING = "a product of float32 matrices rounds a row by where it stands, in the seventh digit"
EXPECTED = {
    "check_methods_sample_order_invariance": ROUNDING,
    "check_sample_weight_equivalence_on_dense_data": SPLITS,
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        goru.MLPClassifierCV(n_networks=36, hidden_layer_sizes=(16,), epochs=50),
        goru.MLPRegressorCV(n_networks=36, hidden_layer_sizes=(16,), epochs=50),
    ],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_scikit_learn_agrees(estimator, check):
    check(estimator)
