"""Predictions on disk: what the name says, whole or not at all."""

import gzip
import os
import threading

import pandas as pd
import pytest

from goru.data.files.reading import read_table
from goru.errors import InputError
from goru.report.predictions import check_output, write_predictions

PREDICTED = pd.DataFrame({"kind": ["x", "y, z"], "p": [0.25, 0.75]})


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.csv.gz", "P.TSV.GZ"])
def test_what_is_written_can_be_read_again(tmp_path, name):
    check_output(tmp_path / name)
    write_predictions(PREDICTED, tmp_path / name)
    frame = read_table(tmp_path / name).frame
    assert frame["kind"].tolist() == ["x", "y, z"]
    assert frame["p"].tolist() == [0.25, 0.75]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_without_an_ending_is_csv(tmp_path):
    write_predictions(PREDICTED, tmp_path / "p")
    assert (tmp_path / "p").read_text() == PREDICTED.to_csv(index=False)
    write_predictions(PREDICTED, tmp_path / "p.gz")
    assert gzip.decompress((tmp_path / "p.gz").read_bytes()).decode() == PREDICTED.to_csv(index=False)


def test_the_same_predictions_are_the_same_file(tmp_path, monkeypatch):
    write_predictions(PREDICTED, tmp_path / "p.csv.gz")
    before = (tmp_path / "p.csv.gz").read_bytes()
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_predictions(PREDICTED, tmp_path / "p.csv.gz")
    assert (tmp_path / "p.csv.gz").read_bytes() == before


@pytest.mark.parametrize("name", ["p.parquet", "p.npz", "p.json", "p.xlsx", "p.parquet.gz", "p.csv.zip"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"predictions are written as \.csv or \.tsv"):
        check_output(tmp_path / name)


def test_a_folder_or_a_place_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "p.csv"):
        with pytest.raises(InputError, match="cannot be written"):
            check_output(path)


def test_a_pipe_is_written_into_whatever_it_is_called(tmp_path):
    pipe = tmp_path / "p.parquet"
    os.mkfifo(pipe)
    check_output(pipe)
    writer = threading.Thread(target=write_predictions, args=(PREDICTED, pipe))
    writer.start()
    assert pipe.read_text() == PREDICTED.to_csv(index=False)
    writer.join()


def test_what_is_there_stays_if_the_disk_is_full(tmp_path, monkeypatch):
    (tmp_path / "p.csv").write_text("good\n")

    def fail(self, path, **_):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(InputError, match="No space left"):
        write_predictions(PREDICTED, tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]
    assert (tmp_path / "p.csv").read_text() == "good\n"
