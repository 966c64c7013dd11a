"""What goru does to JAX's configuration: nothing at import, little when work starts, and never over the user's own."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.population.program import BlockShape
from goru.population.trainer import Trainer

ROOT = Path(__file__).parents[2]

# The parts of JAX's configuration that goru touches.
REPORT = """
import json, jax
names = ["jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs", "jax_compilation_cache_max_size",
         "jax_num_cpu_devices"]
def report(**more):
    print(json.dumps({name: getattr(jax.config, name) for name in names} | more))
"""


@pytest.fixture
def python(tmp_path):
    """Run lines in a fresh Python, with a home and a cache of its own, and read what they print."""

    def run(lines: str, **environment: str) -> list[dict]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_", "XDG_"))}
        home = {"HOME": str(tmp_path), "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", REPORT + lines],
            env=inherited | home | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


PREPARE = """
from goru.population.devices import prepare
report()
prepare()
report(devices=len(jax.devices()))
"""


def test_importing_goru_configures_nothing_and_does_not_start_jax(python, tmp_path):
    before, after = python("""
report()
import importlib, importlib.util, pkgutil, goru
for module in pkgutil.walk_packages(goru.__path__, "goru."):
    if module.name != "goru.torch" or importlib.util.find_spec("torch"):
        importlib.import_module(module.name)
jax.config.update("jax_num_cpu_devices", 3)  # refused where JAX is running
assert len(jax.devices()) == 3
report()
""")
    assert before.pop("jax_num_cpu_devices") == -1
    assert after.pop("jax_num_cpu_devices") == 3
    assert before == after
    assert list(tmp_path.iterdir()) == []


def test_preparing_makes_every_core_a_device_and_keeps_programs_on_disk(python, tmp_path):
    before, after = python(PREPARE)
    assert before["jax_compilation_cache_dir"] is None
    assert after["jax_compilation_cache_dir"] == str(tmp_path / ".cache" / "goru" / "programs")
    assert after["jax_compilation_cache_max_size"] == 512 * 2**20
    assert after["jax_persistent_cache_min_compile_time_secs"] < 1
    assert after["devices"] == max(devices.n_cores(), 2)


def test_a_program_that_is_compiled_after_it_is_found_in_the_folder(python, tmp_path):
    python(
        """
from goru.population.devices import prepare
prepare()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)  # however fast this machine is
jax.jit(lambda x: x * 2 + 1)(1.0)
""",
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert any(each.is_file() for each in (tmp_path / "cache" / "goru" / "programs").iterdir())


def test_the_folder_is_private_whatever_the_umask(python, tmp_path):
    python("import os; os.umask(0)" + PREPARE, XDG_CACHE_HOME=str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "goru" / "programs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_could_write_is_made_private(python, tmp_path):
    folder = tmp_path / "cache" / "goru" / "programs"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    python(PREPARE, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_written_is_no_reason_to_stop(python, tmp_path):
    (tmp_path / "file").touch()
    _, after = python(PREPARE, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert after["jax_compilation_cache_dir"] is None
    assert after["devices"] == max(devices.n_cores(), 2)


def test_what_the_user_has_set_in_the_environment_is_left_alone(python, tmp_path):
    mine = str(tmp_path / "mine")
    before, after = python(PREPARE, JAX_COMPILATION_CACHE_DIR=mine, JAX_NUM_CPU_DEVICES="3")
    assert before["jax_compilation_cache_dir"] == mine
    assert after.pop("devices") == 3
    assert before == after
    assert not (tmp_path / ".cache").exists()


def test_what_the_user_has_set_in_python_is_left_alone(python, tmp_path):
    before, after = python(f"""
jax.config.update("jax_compilation_cache_dir", {str(tmp_path / "mine")!r})
jax.config.update("jax_compilation_cache_max_size", 12345)
jax.config.update("jax_num_cpu_devices", 3)
{PREPARE}""")
    assert after.pop("devices") == 3
    assert before == after
    assert not (tmp_path / ".cache").exists()


def test_the_number_of_devices_that_the_user_told_xla_is_left_alone(python):
    _, after = python(PREPARE, XLA_FLAGS="--xla_force_host_platform_device_count=3")
    assert after["devices"] == 3


def test_one_core_is_two_devices_because_a_program_for_one_device_rounds_differently(python):
    _, after = python("import os; os.sched_getaffinity = lambda _: {0}" + PREPARE)
    assert after["devices"] == 2


def test_where_jax_is_already_running_the_devices_are_those_that_it_has(python):
    _, after = python("jax.devices()" + PREPARE)
    assert after["devices"] == 1


def test_the_cache_is_in_the_folder_that_the_system_names_for_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert devices.cache_folder() == tmp_path / "goru" / "programs"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert devices.cache_folder() == tmp_path / "home" / ".cache" / "goru" / "programs"


def test_what_xla_is_told_reaches_it(monkeypatch):
    assert devices.compiler_options(jax.local_devices(backend="cpu")) == {"xla_cpu_prefer_vector_width": 512}
    monkeypatch.setattr("goru.population.trainer.compiler_options", lambda found: {"no_such_option": 1})
    linear = Trainer(Architecture(2, (), 2), Recipe(), BlockShape(1, 2, 1, 1, 1, 1), rows=2)
    with pytest.raises(Exception, match="no_such_option"):
        linear.compile()
