"""By what a study was made."""

import hashlib
import json
import platform
from importlib.metadata import version

import jax
import numpy as np
import pytest

import goru
from goru.studies.environment import describe_environment, digest


class TestEnvironment:
    def test_it_names_the_versions_of_all_that_computes(self):
        found = describe_environment()
        assert (found["goru"], found["numpy"], found["jax"]) == (goru.__version__, np.__version__, jax.__version__)
        assert found["python"] == platform.python_version()
        assert (found["scikit-learn"], found["optax"]) == (version("scikit-learn"), version("optax"))

    def test_and_the_devices_that_computed(self):
        devices = jax.local_devices()
        assert describe_environment()["devices"] == f"{len(devices)} {devices[0].device_kind}"

    def test_but_not_whose_machine_it_was(self):
        found = describe_environment()
        assert found["system"] == f"{platform.system()} {platform.machine()}"
        assert platform.node() not in found.values()

    def test_it_is_plain_json_of_words(self):
        found = describe_environment()
        assert json.loads(json.dumps(found)) == found
        assert all(isinstance(value, str) and value for value in found.values())


class TestDigest:
    @pytest.mark.parametrize("size", [0, 3, 10_000_000])
    def test_of_a_file_it_is_that_of_its_bytes(self, tmp_path, size):
        content = b"a,b" * (size // 3)
        (tmp_path / "table.csv").write_bytes(content)
        assert digest(str(tmp_path / "table.csv")) == hashlib.sha256(content).hexdigest()

    def test_it_is_the_standard_s_own(self, tmp_path):
        """FIPS 180-2, appendix B.1."""
        (tmp_path / "abc").write_text("abc")
        expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert digest(str(tmp_path / "abc")) == expected

    def test_of_what_is_no_file_there_is_none(self, tmp_path):
        for source in (None, "iris", str(tmp_path), str(tmp_path / "missing.csv")):
            assert digest(source) is None
