"""Shapes in signatures are checked while tests run, JAX sees two devices, and goru speaks English, on any machine.

jaxtyping's import hook lets beartype check every annotated function and dataclass of the array code, on each
call. It has to stand before the first import of that code; pytest reads this file before any test. Networks of a few
units take ten times as long by it: `GORU_SHAPES=0` leaves it out, where other things are tested than this code.
"""

import os
import sys
from pathlib import Path

from hypothesis import settings
from jaxtyping import install_import_hook

if os.environ.get("GORU_SHAPES") != "0":
    install_import_hook(["goru.nn", "goru.population"], "beartype.beartype")
sys.path.insert(0, str(Path(__file__).parent))  # `reference` is imported by its name
os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")
for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):  # what is read is English, whatever the machine speaks
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"
# Examples are the same in every run, so that a change fails only by what it changes; `make fuzz` looks for new ones.
# They have no deadline: a first call takes longer than the others, and a busy machine longer still.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
