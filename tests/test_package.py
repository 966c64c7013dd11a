"""What `import goru` gives."""

import subprocess
import sys

import goru


def test_dir_shows_what_a_user_may_use_and_nothing_else():
    assert {*dir(goru)} == {*goru.__all__, "claims", "export", "live", "torch", "__version__"}
    assert all(callable(getattr(goru, name)) for name in goru.__all__)


def test_what_is_not_installed_is_not_there_and_the_line_says_what_is_needed():
    script = """
import sys
sys.modules["torch"] = None
import goru, inspect, pydoc
pydoc.render_doc(goru)
print(hasattr(goru, "torch"), "torch" in dict(inspect.getmembers(goru)))
try:
    goru.torch
except goru.InputError as error:
    print(error)
try:
    import goru.torch
except goru.InputError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    needed = "goru.torch needs PyTorch. Install it with: pip install torch."
    assert said.stdout.splitlines() == ["False False", needed, needed], said.stderr


def test_nothing_heavy_is_imported_before_it_is_used():
    script = "import sys, goru; dir(goru); print([name for name in ('jax', 'pandas', 'plotly') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_command_is_there_without_a_script():
    said = subprocess.run([sys.executable, "-m", "goru", "--version"], capture_output=True, text=True)
    assert said.stdout == f"goru {goru.__version__}\n"
