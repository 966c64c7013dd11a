"""How memory grows over a long study.

    python benchmarks/memory.py --write

The resident memory of `goru fit` on iris, sampled while 5,040 networks are trained: the mean of each quarter of the
race, and the most that was ever used.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import page

NETWORKS = 5_040


def study(folder: str) -> None:
    """Print the samples, as JSON: networks done, and megabytes."""
    from goru.experiment.racing.watcher import Silent
    from goru.report.study_page import write_study_page
    from goru.studies.asked.options import Options
    from goru.studies.fitting import TableOptions, fit_table

    samples = []

    class Sampling(Silent):
        def progress(self, progress) -> None:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            samples.append((progress.done, pages * resource.getpagesize() / 1e6))

    options = Options(networks=NETWORKS, hidden=(16,))
    fit_table(TableOptions("iris"), options, Path(folder) / "run", watcher=Sampling(), report=write_study_page)
    print(json.dumps({"samples": samples, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    parser.add_argument("--in", dest="folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        study(given.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--in", folder]
        found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    last = max(done for done, _ in found["samples"])
    quarters = [
        [megabytes for done, megabytes in found["samples"] if quarter * last / 4 < done <= (quarter + 1) * last / 4]
        for quarter in range(4)
    ]
    means = [sum(quarter) / len(quarter) for quarter in quarters]
    lines = [
        "| first quarter MB | second | third | last | last against second | most |",
        "| --- | --- | --- | --- | --- | --- |",
        f"| {' | '.join(f'{mean:,.0f}' for mean in means)} | {means[3] / means[1] - 1:+.1%} | {found['peak']:,.0f} |",
    ]
    text = "\n".join(lines)
    print(text)
    if given.write:
        page.write("memory", text)


if __name__ == "__main__":
    main()
