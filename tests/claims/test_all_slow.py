"""Every claim, really tried on small tables."""

import numpy as np
import pytest
from planted import figure_of

from goru.claims.running import NAMES, run_all, set_up


@pytest.mark.slow
@pytest.mark.parametrize("data", ["wine", "diabetes"])
def test_every_claim_is_tried(data, monkeypatch):
    tried = []
    for found in run_all(NAMES, set_up(data, seeds=3)):  # which compiles what claims share but once
        tried.append(found.name)
        assert found.setup.table.name == data
        assert len(found.effects) == len(found.claim.expected)
        for effect in found.effects:
            assert np.isfinite([effect.change, effect.low, effect.high]).all(), found
        plan = found.claim.plan(found.setup)
        assert len(found.frame) == 3 * len(plan)
        assert not found.frame.duplicated([*found.claim.columns, "seed"]).any()
        assert np.isfinite(found.frame.select_dtypes("number")).all(axis=None), found
        assert len(found.curves) == 3 * sum(cell.epochs // cell.every for cell in plan.values())
        assert found.paragraph.endswith(found.claim.meaning[found.said])
        assert "nan" not in found.found
        assert figure_of(found, monkeypatch).axes
    assert tried == [*NAMES]
