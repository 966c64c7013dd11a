"""Tables come in text, Parquet, NumPy and IDX files, or by the name of one that is built in."""

from pathlib import Path

import numpy as np
import pytest
from outcomes import VERDICT, table_of

CONTAINERS = ["new.csv", "new.tsv", "new.csv.gz", "new.tsv.gz", "new.parquet"]


class TestContainers:
    """Predicting needs the same reader as fitting and costs no training."""

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_every_text_or_parquet_file_gives_the_same_predictions(self, goru, credit_run, write, name):
        reference = goru("predict", credit_run.folder, write(credit_run.features, "reference.csv"), "--proba")
        outcome = goru("predict", credit_run.folder, write(credit_run.features, name), "--proba")
        assert outcome.code == 0, outcome
        assert outcome.stdout == reference.stdout

    def test_parquet_categories_dates_and_booleans_keep_their_meaning(self, goru, messy_run, write):
        table = messy_run.features
        typed = table.astype({"region": "category", "is_member": "boolean", "opened": "datetime64[ns]"})
        texts, types = (
            goru("predict", messy_run.folder, name, "--proba")
            for name in (write(table, "texts.csv"), write(typed, "types.parquet"))
        )
        assert types.code == 0, types
        assert types.stdout == texts.stdout

    def test_a_built_in_data_set_is_fitted_by_its_name_within_a_time(self, goru):
        outcome = goru("fit", "iris", "--budget", "3s", "--hidden", "8")
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        assert Path("runs/iris/model").is_dir()

    def test_npz(self, goru, credit, write):
        table = credit()
        features = table[["income", "age", "debt"]].to_numpy()
        np.savez("credit.npz", X=features, y=(table["target"] == "good").astype(int))
        outcome = goru("fit", "credit.npz", "--networks", 12, "--hidden", "8", "--seed", 0)
        assert outcome.code == 0, outcome
        np.savez("new.npz", X=features[:40])
        predictions = table_of(goru("predict", "runs/credit", "new.npz").stdout)
        assert predictions.shape == (40, 1)
        assert set(predictions.iloc[:, 0]) <= {0, 1}

    def test_idx_pair(self, goru, write_idx):
        labels = np.arange(120) % 3
        images = np.random.default_rng(0).integers(0, 60, (120, 4, 4))
        images[np.arange(120), labels] += 150
        write_idx(Path("images"), images, labels)
        outcome = goru("fit", "images", "--networks", 12, "--hidden", 8, "--seed", 0)
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        assert Path("runs/images/model").is_dir()
