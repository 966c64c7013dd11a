"""The page of a study: how large it is, how long it takes to write, and until it can be used in a browser.

    python benchmarks/report.py --write          # with Debian's chromium

Of a study of 240 networks and of one of more than 5,000, both on iris. *Written*: a process that reads the run and
writes the page, and the same without starting Python and importing. *Readable*: from the navigation until the text is
there; *usable*: until the first picture is drawn, from when on the page answers while the others are; *drawn*: until
all are; in a fresh browser context, medians of several.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import page

STUDIES = (240, 5_040)
REPEATED = 5
TIMES = "(name) => performance.getEntriesByName(name)[0].startTime"  # by the browser, from the navigation on


def fitted(networks: int, folder: Path) -> Path:
    run = folder / str(networks)
    words = ["fit", "iris", "--networks", str(networks), "--hidden", "16", "--out", str(run)]
    subprocess.run([sys.executable, "-m", "goru.cli", *words], check=True, capture_output=True)
    return run


def written(run: Path) -> tuple[float, float]:
    """Seconds of the command, and of writing alone."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "goru.cli", "report", str(run)], check=True, capture_output=True)
    command = time.perf_counter() - began
    from goru.report.study_page import write_study_page
    from goru.studies.runs.run import open_run

    seconds = []
    for _ in range(REPEATED):
        began = time.perf_counter()
        write_study_page(open_run(run))
        seconds.append(time.perf_counter() - began)
    return command, median(seconds)


def opened(file: Path) -> list[float]:
    """Seconds until the text is there, the first picture is drawn, and all are."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(REPEATED + 1):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            tab = context.new_page()
            tab.goto(file.as_uri())
            tab.wait_for_selector("html[data-drawn]")
            found.append([tab.evaluate(TIMES, name) / 1000 for name in ("first-contentful-paint", "usable", "drawn")])
            context.close()
        browser.close()
    # The first warms the file and the browser up.
    return [median(times) for times in zip(*found[1:], strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    given = parser.parse_args()
    lines = [
        "| networks | page MB | `goru report` s | writing alone s | readable s | usable s | drawn s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for networks in STUDIES:
            run = fitted(networks, Path(folder))
            command, alone = written(run)
            file = run / "report.html"
            size, times = file.stat().st_size / 1e6, " | ".join(f"{seconds:.2f}" for seconds in opened(file))
            lines.append(f"| {networks:,} | {size:.1f} | {command:.1f} | {alone:.2f} | {times} |")
    text = "\n".join(lines)
    print(text)
    if given.write:
        page.write("report", text)


if __name__ == "__main__":
    main()
