"""What `make dist` runs in an environment that has the wheel and what it depends on, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pandas as pd

import goru

TREE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Import, the command, a fit of a tiny table from Python, its report, and a model that is written and read."""
    if Path(goru.__file__).resolve().parent == TREE / "goru":
        sys.exit(f"{goru.__file__}: this is the working tree, and not the wheel")
    command = Path(sys.executable).with_name("goru")
    said = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    if "fit" not in said:
        sys.exit(f"goru --help says {said!r}")
    frame = pd.DataFrame({"a": range(60), "b": [n * 7 % 11 for n in range(60)]})
    frame["y"] = (frame["a"] + frame["b"] > 35).astype(int)
    run = goru.fit(frame, target="y", networks=36, hidden=4, epochs=3, verbose=False)
    page = run.report()
    if "<html" not in page.read_text("utf-8") or len(run.predict(frame)) != len(frame):
        sys.exit("no report, or no predictions")
    model = goru.MLPClassifier((4,), max_iter=5, random_state=0).fit(frame[["a", "b"]], frame["y"])
    again = goru.load(model.save(run.folder / "of-an-estimator"))
    if (again.predict(frame) != model.predict(frame[["a", "b"]])).any():
        sys.exit("a model that was read predicts something else")
    print(f"goru {goru.__version__} from {Path(goru.__file__).parent}: works")


if __name__ == "__main__":
    main()
