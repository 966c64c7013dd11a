"""What it costs to keep a study, so that it can go on where it stopped.

    python benchmarks/checkpoints.py --write

The seconds in which trials and decisions are written to the disk, over those of the whole run: of a study that trains
long and of one that trains as little as a network can be.
"""

import argparse
import tempfile
import time
from pathlib import Path

import page

STUDIES = (("digits", 240, (128, 128)), ("iris", 2_400, (16,)))


def measured(source: str, networks: int, hidden: tuple[int, ...]) -> tuple[float, float, int]:
    """Seconds of the run, seconds of keeping it, and how often something was kept."""
    from goru.report.study_page import write
    from goru.study.fitting import TableOptions, fit
    from goru.study.options import Options
    from goru.study.store import Store

    kept: list[float] = []
    originals = {name: getattr(Store, name) for name in ("add", "remember", "close")}

    def timed(name: str):
        def call(self, *given):
            began = time.perf_counter()
            try:
                return originals[name](self, *given)
            finally:
                kept.append(time.perf_counter() - began)

        return call

    for name in originals:
        setattr(Store, name, timed(name))
    try:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            options = Options(networks=networks, hidden=hidden)
            fit(TableOptions(source), options, Path(folder) / "run", report=write)
            return time.perf_counter() - began, sum(kept), len(kept)
    finally:
        for name, original in originals.items():
            setattr(Store, name, original)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    given = parser.parse_args()
    lines = [
        "| table | networks | the run s | keeping it s | writes | share |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for source, networks, hidden in STUDIES:
        whole, kept, writes = measured(source, networks, hidden)
        lines.append(f"| {source} | {networks:,} | {whole:.1f} | {kept:.2f} | {writes} | {kept / whole:.1%} |")
    text = "\n".join(lines)
    print(text)
    if given.write:
        page.write("checkpoints", text)


if __name__ == "__main__":
    main()
