"""`goru.forks` and platforms that are not there: said in one line, in a process of its own each."""

import os
import subprocess
import sys

import pytest

FORKED = """
import os
import numpy as np
import goru
from goru.errors import InputError
from goru.population import devices

devices.prepare()
model = goru.MLPClassifier((4,), max_iter=2, random_state=0).fit(np.eye(8), np.arange(8) % 2)
{used}
child = os.fork()
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
model.predict(np.eye(8))
try:
    devices.devices_to_train_on()
except InputError as error:
    print(error, flush=True)
    os._exit(3)
os._exit(0)
"""


def run(code: str, **variables: str) -> subprocess.CompletedProcess:
    given = {"env": os.environ | variables, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], **given)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.parametrize(("used", "code"), [("devices.devices()[0]", 3), ("", 0)], ids=["after use", "before use"])
def test_a_process_forked_from_one_that_has_used_jax_is_told_so_and_may_predict(used, code):
    done = run(FORKED.format(used=used))
    assert done.returncode == code, done
    assert ("before this process was forked" in done.stdout) == (code == 3)


def test_a_platform_that_is_not_there_is_named_before_anything_is_trained(tmp_path):
    command = "import sys; from goru.cli import main; sys.argv[0] = 'goru'; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", command, "fit", "iris", "--networks", "12", "--out", str(tmp_path / "run")],
        env=os.environ | {"JAX_PLATFORMS": "cuda"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "JAX_PLATFORMS=cuda: JAX finds no such device here" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
