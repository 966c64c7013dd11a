"""What is imported by its name: `crews` (machines that these tests share), `alone` (a network of their own),
`populations` (networks and programs), and `commands` (when two runs are the same).
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "population", HERE.parent / "faults"):
    sys.path.insert(0, str(folder))
