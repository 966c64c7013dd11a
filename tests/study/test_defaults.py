"""What follows from the size of a table."""

import pytest

from goru.data.splitting import N_FOLDS
from goru.study import defaults


@pytest.mark.parametrize(("rows", "widths"), [(30, (128, 128)), (3_999, (128, 128)), (4_000, (256, 256))])
def test_hidden_layers_grow_with_the_development_rows(rows, widths):
    assert defaults.hidden(rows) == widths


def test_a_full_study_has_as_many_folds_as_the_table_is_checked_for():
    assert defaults.FOLDS == N_FOLDS


@pytest.mark.parametrize(
    ("fit_rows", "batch"),
    [(2, 2), (3, 2), (16, 16), (31, 16), (32, 32), (499, 32), (500, 128), (4_999, 128), (5_000, 256), (50_000, 512)],
)
def test_mini_batches_grow_with_the_table_and_never_beyond_it(fit_rows, batch):
    assert defaults.batch_size(fit_rows) == batch <= fit_rows


@pytest.mark.parametrize(("parameters", "networks"), [(100, 8), (14_999, 8), (15_000, 4), (40_000, 2), (10**7, 2)])
def test_a_block_holds_fewer_of_large_networks_and_always_arms_with_and_without_decay(parameters, networks):
    assert defaults.networks_in_a_block(parameters) == networks
    assert networks % 2 == 0
