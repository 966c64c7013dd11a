"""Where the time of a step goes: what the processor spends on every operation of the compiled program.

    python benchmarks/operations.py book               # or table, wide; --top 40 for more lines

Seconds are those of one core, for one step of one network; the profile is JAX's own.
"""

import argparse
import glob
import re
import tempfile
from collections import Counter

import jax.profiler
from contenders import trainer_of
from workloads import WORKLOADS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices=list(WORKLOADS))
    parser.add_argument("--top", type=int, default=25)
    asked = parser.parse_args()
    work = WORKLOADS[asked.workload]
    epochs = -(-64 * work.batch // work.rows)
    trainer, blocks = trainer_of(work.but(networks=work.block * 2), epochs)
    calls = 8
    list(trainer.train(blocks(2)))
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            list(trainer.train(blocks(calls)))
        (found,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        profile = jax.profiler.ProfileData.from_file(found)
    spent: Counter[str] = Counter()
    for plane in profile.planes:
        for line in plane.lines:
            for event in line.events:
                spent[event.name] += event.duration_ns
    program = trainer.compile().as_text()
    made = dict(re.findall(r"^ *(?:ROOT )?%([\w.-]+) = (\w+\[[\d,]*\])", program, re.MULTILINE))
    source = dict(re.findall(r"^ *(?:ROOT )?%([\w.-]+) = .*?op_name=\"([^\"]*)\"", program, re.MULTILINE))
    steps = calls * epochs * work.rows // work.batch * work.block * 2
    own = {name: nanoseconds for name, nanoseconds in spent.items() if name in made and "while" not in name}
    total = sum(own.values())
    print(f"{total / steps / 1e3:.1f} µs a step of a network")
    for name, nanoseconds in sorted(own.items(), key=lambda item: -item[1])[: asked.top]:
        what = source.get(name, "").rsplit("while/body/", 1)[-1]
        print(f"{nanoseconds / steps / 1e3:8.2f} µs {nanoseconds / total:5.1%}  {name:32} {made[name]:18} {what}")


if __name__ == "__main__":
    main()
