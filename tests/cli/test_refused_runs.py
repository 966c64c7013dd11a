"""Run folders and model files that goru refuses: exit status 2, one line that names them, nothing touched."""

import fcntl
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from outcomes import Tripwire, truncated

from goru.studies.runs.manifest import write_manifest


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


class TestRunFolders:
    def test_a_finished_run_is_not_fitted_again(self, goru, refused, bring, credit_run, credit, write):
        run = bring(credit_run)
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target"), str(run), "--overwrite", "--out")

    def test_a_finished_run_given_as_out_is_refused(self, goru, refused, bring, credit_run, credit, write):
        run = bring(credit_run, "elsewhere")
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--out", run), str(run), "--overwrite", "--out")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--target", "tarket"), ("tarket", "target")),
            (("--target", "target", "--groups", "regoin"), ("--groups", "region")),
            (("--target", "target", "--drop", "regoin"), ("--drop", "region")),
            (("--target", "target", "--test", "none.csv"), ("none.csv",)),
            (("--target", "target", "--test", "credit.csv"), ("--test", "credit.csv")),
            (("--target", "target", "--task", "guessing"), ("--task", "guessing")),
            (("--budget", "soon"), ("--budget", "soon")),
            (("--budget", "0s"), ("--budget",)),
            (("--resume", "--target", "tarket"), ("tarket", "target")),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("name", ["credit.csv", "credit.parquet"])
    def test_a_finished_run_does_not_hide_what_is_mistyped(
        self, goru, refused, bring, credit_run, credit, write, name, options, words
    ):
        bring(credit_run)
        write(credit(), "credit.csv")
        refused(goru("fit", write(credit(), name), *(word.replace("credit.csv", name) for word in options)), *words[:1])

    def test_rows_are_not_read_before_the_folder_is_looked_at(self, goru, refused, bring, credit_run, credit, write):
        run = bring(credit_run)
        write(credit(), "credit.csv")
        with Path("credit.csv").open("a") as file:
            file.write("ragged\n")
        refused(goru("fit", "credit.csv", "--target", "target"), str(run), "--overwrite")

    def test_a_refused_fit_leaves_the_finished_run_that_it_was_to_overwrite(
        self, goru, refused, bring, credit_run, credit, write
    ):
        bring(credit_run)
        write(credit().assign(target="good"), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--overwrite"), "class")

    @pytest.mark.parametrize("options", [(), ("--overwrite",)])
    def test_a_run_folder_in_use_is_refused(self, goru, refused, bring, credit_run, credit, write, options):
        run = bring(credit_run)
        shutil.rmtree(run / "model")
        write(credit(), "credit.csv")
        with (run / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            refused(goru("fit", "credit.csv", "--target", "target", *options), str(run), "in use")

    def test_a_finished_run_that_is_being_overwritten_is_refused(self, goru, refused, bring, credit_run, credit, write):
        run = bring(credit_run)
        write(credit(), "credit.csv")
        with (run / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            refused(goru("fit", "credit.csv", "--target", "target", "--overwrite"), str(run), "in use")

    @pytest.mark.parametrize("options", [(), ("--overwrite",)], ids=["", "overwrite"])
    @pytest.mark.parametrize("content", ["notes.txt", "config.json", "model/weights.safetensors", "src/main.py"])
    def test_a_folder_that_is_no_run_is_never_touched(self, goru, refused, credit, write, options, content):
        foreign = Path("thesis", content)
        foreign.parent.mkdir(parents=True)
        foreign.write_text('{"name": "years of work"}')
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--out", "thesis", *options), "thesis")
        assert foreign.read_text() == '{"name": "years of work"}'

    @pytest.mark.parametrize("options", [(), ("--overwrite",)], ids=["", "overwrite"])
    @pytest.mark.parametrize("out", ["notes.txt", "notes.txt/run"])
    def test_a_file_is_no_place_for_a_run(self, goru, refused, credit, write, out, options):
        Path("notes.txt").write_text("years of work")
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--out", out, *options), "notes.txt")


class TestModelFiles:
    @pytest.fixture
    def new(self, bring, credit_run, write):
        """New rows in the test's own folder."""
        return write(credit_run.features, "new.csv")

    @pytest.mark.parametrize("damage", [flipped, truncated, Path.unlink], ids=["flipped", "truncated", "deleted"])
    def test_damage_to_any_model_file_is_found(self, goru, refused, bring, credit_run, new, damage):
        files = sorted(path for path in (credit_run.folder / "model").rglob("*") if path.is_file())
        assert len(files) >= 3
        for number, file in enumerate(files):
            run = bring(credit_run, f"damaged-{number}")
            damage(run / file.relative_to(credit_run.folder))
            refused(goru("predict", run, new, "-o", "predictions.csv"), file.name)

    def test_weights_of_another_network_are_refused(self, goru, refused, bring, credit_run, new):
        from safetensors.numpy import save_file

        run = bring(credit_run)
        for weights in (run / "model").rglob("*.safetensors"):
            save_file({"weight": np.ones((3, 3), np.float32)}, weights)
        refused(goru("predict", run, new, "-o", "predictions.csv"), ".safetensors")

    def test_a_pickle_in_place_of_the_weights_is_never_unpickled(self, goru, refused, bring, credit_run, new):
        import pickle

        run = bring(credit_run)
        for weights in (run / "model").rglob("*.safetensors"):
            weights.write_bytes(pickle.dumps(Tripwire()))
        refused(goru("predict", run, new, "-o", "predictions.csv"), ".safetensors")
        assert not Path("unpickled").exists()

    def test_a_model_of_a_newer_goru_is_refused_as_such(self, goru, refused, bring, credit_run, new):
        run = bring(credit_run)
        changed = self.raise_format_version(run / "model")
        assert changed, "no JSON file under model/ holds a format version"
        (run / "manifest.json").unlink()
        write_manifest(run)
        refused(goru("predict", run, new, "-o", "predictions.csv"), re.compile("newer|version", re.IGNORECASE))

    @staticmethod
    def raise_format_version(folder: Path) -> list[Path]:
        """Set every format version under `folder` to 999, and write the new digests where the old ones stood."""
        files = sorted(folder.rglob("*.json"), key=lambda path: ("manifest" in path.name, path))
        changed = []
        digests: dict[str, str] = {}
        for file in files:
            old = file.read_bytes()
            text = old.decode()
            for before, after in digests.items():
                text = text.replace(before, after)
            content = json.loads(text)
            for key, value in list(content.items()) if isinstance(content, dict) else ():
                if ("version" in key or key == "format") and type(value) is int:
                    content[key] = 999
                    changed.append(file)
            if file in changed:
                text = json.dumps(content)
            file.write_text(text)
            digests[hashlib.sha256(old).hexdigest()] = hashlib.sha256(text.encode()).hexdigest()
        return changed

    @pytest.mark.parametrize("command", ["predict", "show"])
    @pytest.mark.parametrize("place", ["nowhere", "thesis", "notes.txt"])
    def test_what_is_no_run_is_refused(self, goru, refused, new, command, place):
        Path("thesis").mkdir()
        Path("thesis", "config.json").write_text('{"name": "years of work"}')
        Path("notes.txt").write_text("years of work")
        arguments = (new, "-o", "predictions.csv") if command == "predict" else ()
        refused(goru(command, place, *arguments), place)
