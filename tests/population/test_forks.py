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


def in_a_child():
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        return
    model.predict(np.eye(8))
    try:
        devices.devices_to_train_on()
    except InputError as error:
        print(error, flush=True)
        os._exit(3)
    os._exit(0)

in_a_child()
devices.devices()[0]
in_a_child()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_process_forked_from_one_that_has_used_jax_is_told_so_and_may_predict():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, timeout=120)
    before_use, *said, after_use = done.stdout.splitlines()
    assert (before_use, after_use) == ("0", "3"), done
    assert "before this process was forked" in " ".join(said)


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
