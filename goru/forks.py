"""Whether this process was forked from one that had used JAX: its threads are not here, and who waits for them hangs.

What only looks at JAX's devices, and all that is computed in NumPy, works here as anywhere.
"""

import os
import sys
import threading
from typing import Any

from goru.errors import InputError

_TASKS = "/proc/self/task"


def refuse_fork() -> None:
    """Raise `InputError` where JAX cannot compute because of a fork."""
    if _Fork.left_threads:
        raise InputError(
            "JAX was used before this process was forked, and cannot compute in it. Start processes by 'spawn' or "
            "'forkserver' (as joblib does by default), or fork before anything is trained."
        )


def _jax_runs() -> bool:
    jax: Any = sys.modules.get("jax")
    try:
        devices = jax.config.jax_num_cpu_devices
        # JAX takes another number for as long as nobody has used it.
        jax.config.update("jax_num_cpu_devices", max(devices, 0) + 1)
        jax.config.update("jax_num_cpu_devices", devices)
    except RuntimeError:
        return True
    except AttributeError:  # it has not been imported, or not all of it
        pass
    return False


class _Fork:
    """What is known of the last fork, and of those before it."""

    # Where goru is imported after a fork, nobody has looked before: JAX's threads would be more than Python's.
    left_threads = _jax_runs() and os.path.isdir(_TASKS) and len(os.listdir(_TASKS)) <= threading.active_count()
    _jax_ran = False

    @classmethod
    def before(cls) -> None:
        cls._jax_ran = _jax_runs()

    @classmethod
    def in_child(cls) -> None:
        cls.left_threads = cls.left_threads or cls._jax_ran


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_Fork.before, after_in_child=_Fork.in_child)
