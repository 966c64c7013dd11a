"""What a cluster of Ray's costs, and what it costs to lose one of its machines.

    python benchmarks/cluster.py --write

Blocks of networks that take ten seconds and more are trained by one process with two cores, by two workers of one core
each on two nodes of a cluster on this machine, and so again while one of the nodes is killed and another takes its
place. Everything is compiled before the clock runs. Ray listens on every interface: `unshare --net` keeps it alone.
"""

import argparse
import time
from statistics import median

import numpy as np
import page

CORES = 2
HIDDEN, NETWORKS, BATCH, EPOCHS, BLOCKS = (128, 128), 16, 64, 400, 8
REPEATED = 2


def made(blocks: int, epochs: int):
    """What trains, and blocks for it."""
    from goru.data.dataset import load_dataset
    from goru.nn.architecture import Architecture, Hyperparameters, Recipe
    from goru.nn.layers.scaled_affine import FASTER
    from goru.population.member import Block, Member
    from goru.population.spec import TrainerSpec
    from goru.studies.laboratory import NetworkLaboratory, block_shape
    from goru.studies.splits import cut

    dataset = load_dataset("digits", seed=0)
    splits = next(iter(cut(dataset, 0, None).values()))[0]
    base = Architecture(
        dataset.n_features, HIDDEN, dataset.n_outputs, batch_norm="before", dropout=True, column_scales=FASTER
    )
    shape = block_shape(len(dataset.y_development), splits, BATCH, NETWORKS)
    laboratory = NetworkLaboratory(dataset, base, Recipe(), shape, seed=0, arms=[])
    tables = [laboratory.rows(split) for split in splits]
    spec = TrainerSpec(base, Recipe(), shape, len(dataset.y_development))
    hyper = Hyperparameters(learning_rate=1e-3, dropout_rate=0.2)
    members = [tuple(Member(block * 100 + index, (0,), hyper) for index in range(NETWORKS)) for block in range(blocks)]
    return spec, [Block(own, tables[index % len(tables)], (index,), epochs) for index, own in enumerate(members)]


def seconds(train, blocks) -> tuple[float, list]:
    began = time.monotonic()
    found = train(blocks)
    return time.monotonic() - began, found


def curves(found) -> np.ndarray:
    return np.stack([trained.curves for trained in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args()

    from ray.cluster_utils import Cluster

    from goru.cluster.crew import Crew
    from goru.cluster.rays import RayCluster
    from goru.population import devices
    from goru.versions import versions

    # The cluster begins before anything is computed here, as it would.
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(CORES)]
    devices.prepare(CORES)
    spec, blocks = made(BLOCKS, given.epochs)
    _, warming = made(2 * CORES, 1)
    trainer = spec.build()
    workers = RayCluster(cluster.address, versions())
    try:
        while len(workers.idle()) < CORES:
            workers.wait(0.5)
        crew = Crew(workers)

        def here(some):
            return list(trainer.train(some))

        def there(some):
            found = dict(crew.train([(spec, block) for block in some]))
            return [found[place] for place in range(len(some))]

        def losing(some):
            killed_at = time.monotonic() + 0.6 * median(alone) / BLOCKS * CORES  # in the middle of the first blocks
            left = [nodes.pop()]

            def watch(done):
                if left and time.monotonic() > killed_at:
                    cluster.remove_node(left.pop(), allow_graceful=False)
                    nodes.append(cluster.add_node(num_cpus=1))
                return True

            found = dict(crew.train([(spec, block) for block in some], on_epochs=watch))
            assert not left
            return [found[place] for place in range(len(some))]

        here(warming), there(warming)
        alone, together, lost = [], [], []
        for _ in range(REPEATED):
            one, expected = seconds(here, blocks)
            two, found = seconds(there, blocks)
            assert np.array_equal(curves(expected), curves(found))
            alone.append(one), together.append(two)
        for _ in range(REPEATED):
            three, found = seconds(losing, blocks)
            assert np.array_equal(curves(expected), curves(found))
            lost.append(three)
        block = median(alone) / BLOCKS * CORES
        lines = [
            "| who trains | seconds | of one process |",
            "| --- | --- | --- |",
            f"| one process, {CORES} cores | {median(alone):.1f} | |",
            f"| {CORES} Ray workers of one core | {median(together):.1f} | {median(alone) / median(together):.0%} |",
            f"| the same, a node killed and replaced | {median(lost):.1f} | {median(alone) / median(lost):.0%} |",
        ]
        text = "\n".join(lines)
        print(f"{BLOCKS} blocks of {block:.1f} s each; {alone} {together} {lost}")
        print(text)
        if given.write:
            page.write("cluster", f"{BLOCKS} blocks of {NETWORKS} networks, {block:.0f} s each:\n\n{text}")
    finally:
        workers.close()
        cluster.shutdown()


if __name__ == "__main__":
    main()
