"""What it costs to keep everything that a study has done, so that it can go on after whatever stops it.

    python benchmarks/checkpoints.py --write

Seconds of `goru fit` and, of these, seconds that go into the record: opening it, writing every block and
every decision so that they survive a power cut, closing it. Medians of several runs, each in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import page

# Tables, networks, and units of their only hidden layer if they are not the usual ones: the last are so small that as
# little is trained between two writes as can be.
STUDIES = (("digits", 240, None), ("iris", 240, None), ("iris", 2_400, 16))
REPEATED = 3
BAR = 0.03  # of the time of a run


def study(number: int, folder: str) -> None:
    """Print seconds of the run and of its record, and how many blocks were written, as JSON."""
    from goru.experiment.racing.store import Store
    from goru.report.study_page import write_study_page
    from goru.studies.asked.options import Options
    from goru.studies.fitting import TableOptions, fit_table

    source, networks, units = STUDIES[number]
    told = {"record": 0.0, "blocks": 0}

    def timed(name):
        do = getattr(Store, name)

        def doing(*given):
            began = time.perf_counter()
            found = do(*given)
            told["record"] += time.perf_counter() - began
            told["blocks"] += name == "add"
            return found

        return doing

    for name in ("__init__", "add", "remember", "close"):
        setattr(Store, name, timed(name))
    began = time.perf_counter()
    options = Options(networks=networks, hidden=None if units is None else (units,))
    fit_table(TableOptions(source), options, Path(folder) / "run", report=write_study_page)
    print(json.dumps({"run": time.perf_counter() - began, **told}))


def measured(number: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--of", str(number), "--in", folder]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    for hidden in ("--of", "--in"):
        parser.add_argument(hidden, dest=hidden.strip("-"), help=argparse.SUPPRESS)
    given = vars(parser.parse_args())
    if given["of"]:
        study(int(given["of"]), given["in"])
        return
    lines = [
        "| table | networks | hidden units | blocks | run s | record s | share |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, (source, networks, units) in enumerate(STUDIES):
        measured(number)  # compiles the programs
        found = [measured(number) for _ in range(REPEATED)]
        run, record = (median(each[name] for each in found) for name in ("run", "record"))
        share = median(each["record"] / each["run"] for each in found)
        blocks = int(found[0]["blocks"])
        lines.append(
            f"| {source} | {networks:,} | {units or 'as usual'} | {blocks} | {run:.1f} | {record:.3f} | {share:.1%} |"
        )
        if share > BAR:
            print(f"{source}: more than {BAR:.0%} of the run", file=sys.stderr)
    text = "\n".join(lines)
    print(text)
    if given["write"]:
        page.write("checkpoints", text)


if __name__ == "__main__":
    main()
