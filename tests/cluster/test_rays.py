"""Ray's own clusters, of several nodes on this machine: the same run as without, whatever becomes of nodes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alone import own_network
from commands import contents
from populations import (
    CLASSIFY,
    PLAIN,
    ROWS,
    SHAPE,
    block,
    different_bits,
    five_blocks,
    member,
    outcome,
    train,
    trainer,
)

from goru.cluster.crew import Crew, connected
from goru.cluster.rays import CORES, RayCluster, check_address, worker_shares
from goru.errors import InputError
from goru.population.spec import TrainerSpec
from goru.versions import versions

pytest.importorskip("ray", reason="Ray is not installed")
SPEC = TrainerSpec(PLAIN, CLASSIFY, SHAPE, ROWS)
FIT = ("digits", "--networks", "60", "--hidden", "16")

slow = pytest.mark.slow


class TestShares:
    """The workers of a machine: cores and accelerators of each."""

    def test_a_few_cores_are_a_worker_s(self):
        assert worker_shares(1, 0) == [(1, 0)]
        assert worker_shares(CORES, 0) == [(CORES, 0)]

    def test_many_are_shared_out_evenly(self):
        assert worker_shares(2 * CORES + 1, 0) == [(3, 0)] * 3

    def test_every_accelerator_has_a_worker_and_its_part_of_the_cores(self):
        assert worker_shares(8, 2) == [(4, 1)] * 2

    def test_a_machine_that_only_leads_has_none(self):
        assert worker_shares(0, 0) == []


@pytest.fixture(scope="module", autouse=True)
def alone():
    """Ray listens on every interface that there is: here there is none but this machine's own."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(own_network())
        except OSError as error:
            pytest.skip(f"Ray would listen to the world ({error})")
        yield


@pytest.fixture(scope="module")
def cluster(alone):
    """A head that trains nothing, and two nodes of one core."""
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        found.add_node(num_cpus=1)
    yield found
    found.shutdown()


@pytest.fixture
def workers(cluster):
    found = RayCluster(cluster.address, versions())
    while len(found.idle()) < 2:
        found.wait(0.5)
    yield found
    found.close()


def goru(*words: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "goru.cli", *map(str, words)]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def assert_same(run: Path, whole: Path) -> None:
    """But for clocks, and for what trained."""
    found, expected = contents(run), contents(whole)
    for each in (found, expected):
        del each["answer"]["environment"]
    for name in expected:
        assert found[name] == expected[name], name


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    process = goru("fit", *FIT, "--out", run)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return run


@slow
class TestTwoNodes:
    def test_blocks_are_trained_to_the_same_bits(self, workers):
        found = dict(Crew(workers).train([(SPEC, one) for one in five_blocks()], keep_networks=True))
        for place, here in enumerate(train(trainer(PLAIN), *five_blocks())):
            for index in range(2):
                assert different_bits(outcome(found[place], index), outcome(here, index)) == []

    def test_they_are_described(self, workers):
        assert workers.describe() == "2 Ray workers, 2 cores"

    def test_a_run_is_that_of_one_machine(self, cluster, whole, tmp_path):
        process = goru("fit", *FIT, "--out", tmp_path / "run", "--cluster", cluster.address)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert_same(tmp_path / "run", whole)

    def test_with_a_budget_too(self, cluster, tmp_path):
        process = goru("fit", "digits", "--budget", "15s", "--out", tmp_path / "run", "--cluster", cluster.address)
        out, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "effect of each technique" in out

    def test_what_a_worker_raises_arrives(self, workers):
        too_many = block(*[member(number) for number in range(SHAPE.networks + 1)])
        with pytest.raises(ValueError, match="a block holds 4 networks, not 5"):
            list(Crew(workers).train([(SPEC, too_many)]))

    def test_where_it_is_enough_workers_are_soon_there_for_something_else(self, workers):
        endless = [(SPEC, block(member(number), epochs=10**6)) for number in range(2)]
        crew, began = Crew(workers), time.monotonic()
        assert list(crew.train(endless, on_epochs=lambda done: time.monotonic() < began + 3)) == []
        assert len(list(crew.train([(SPEC, one) for one in five_blocks()]))) == 5
        assert time.monotonic() < began + 60


@slow
class TestLosses:
    def test_a_node_that_is_killed_in_the_middle_costs_its_block_alone(self, cluster, whole, tmp_path):
        lost = cluster.add_node(num_cpus=1)
        process = goru("fit", *FIT, "--out", tmp_path / "run", "--cluster", cluster.address)
        database = tmp_path / "run" / ".making" / "study.sqlite-wal"
        while not (database.exists() and database.stat().st_size > 100_000):
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        cluster.remove_node(lost, allow_graceful=False)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert_same(tmp_path / "run", whole)

    def test_a_driver_that_is_killed_goes_on_on_the_cluster_or_without(self, cluster, whole, tmp_path):
        for how in (("--cluster", cluster.address), ()):
            run = tmp_path / f"run{len(how)}"
            process = goru("fit", *FIT, "--out", run, "--cluster", cluster.address)
            database = run / ".making" / "study.sqlite-wal"
            while not (database.exists() and database.stat().st_size > 100_000):
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            process = goru("fit", *FIT, "--out", run, "--resume", *how)
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
            assert_same(run, whole)

    def test_a_cluster_without_workers_is_waited_for_and_then_it_is_over(self):
        from ray.cluster_utils import Cluster

        head = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        try:
            with pytest.raises(InputError, match=r"has had no worker for 2 s\. Look at `ray status`"):
                RayCluster(head.address, versions(), patience=2.0)
        finally:
            head.shutdown()

    def test_where_there_are_other_versions_that_is_said(self, cluster):
        with pytest.raises(InputError, match=r"a machine has jax .*, and this one 0\.0; .* Install the same versions"):
            RayCluster(cluster.address, {**versions(), "jax": "0.0"})


@slow
class TestThisMachine:
    def test_a_local_cluster_gives_the_same_run_and_leaves_nothing(self, whole, tmp_path):
        process = goru("fit", *FIT, "--out", tmp_path / "run", "--cluster", "local")
        out, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert out.startswith("data ")
        assert_same(tmp_path / "run", whole)


class TestRefusals:
    def test_where_there_is_no_cluster_one_line_says_so(self, tmp_path):
        process = goru("fit", "iris", "--out", tmp_path / "run", "--cluster", "127.0.0.1:1")
        out, said = process.communicate(timeout=120)
        assert (process.returncode, out) == (2, "")
        assert said == "goru: --cluster 127.0.0.1:1: nobody answers there (Connection refused). Look at `ray status`.\n"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("address", ["", "here", "host:", ":1", "host:port", "http://host:1", "host:65536", "a b"])
    def test_what_is_no_address(self, address):
        with pytest.raises(InputError, match=r"is no address\. Give local, auto, "):
            check_address(address)

    def test_without_ray_it_is_said_how_to_install_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(InputError, match=r"cluster needs Ray: pip install 'ray\[client\]'\."), connected("local"):
            pass
