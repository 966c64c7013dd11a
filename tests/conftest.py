"""Shapes in signatures are checked while tests run, and JAX sees two devices, whatever the machine.

jaxtyping's import hook lets beartype check every annotated function and dataclass of the array code, on each
call. It has to stand before the first import of that code; pytest reads this file before any test.
"""

import os

from jaxtyping import install_import_hook

install_import_hook(["goru.nn", "goru.population"], "beartype.beartype")
os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")
