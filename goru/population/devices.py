"""The devices there are, and JAX's cache of compiled programs."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from goru import forks
from goru.errors import InputError

CACHE_MEGABYTES = 512


def cache_folder() -> Path:
    """Where compiled programs are kept between runs: `goru/programs` in `$XDG_CACHE_HOME`, by default `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "goru" / "programs"


def prepare(cores: int | None = None) -> None:
    """Let JAX see every core as a device, and keep compiled programs on disk.

    **Arguments:**

    - `cores`: how many there are to be; by default all that this process may use.

    Called by whoever starts work, never at import. What the user has already set is left alone, and where JAX
    is already running, the devices that it has are the devices that there are.

    There are two devices at least, though it be on one core: XLA compiles a program for a single device along another
    path, which rounds differently; for any number from two, the bits of a result are the same.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        # A home that is missing or read-only is no reason to stop: programs are then compiled each time.
        with contextlib.suppress(OSError, RuntimeError):
            folder = cache_folder()
            # The programs are machine code: nobody else may write them.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            jax.config.update("jax_compilation_cache_dir", str(folder))
            # By default only programs that took a second are kept, and without bound. Reading one takes 0.02 s.
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.03)
            jax.config.update("jax_compilation_cache_max_size", CACHE_MEGABYTES * 2**20)
    told_xla = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if getattr(jax.config, "jax_num_cpu_devices", -1) in (None, -1) and not told_xla:
        # JAX refuses once somebody has used it.
        with contextlib.suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", max(cores or n_cores(), 2))


def devices() -> tuple[jax.Device, ...]:
    """The devices there are, of the kind that JAX computes on by default; this starts JAX.

    **Raises:** `InputError` if there are none.
    """
    default = getattr(jax.config, "jax_default_device")  # noqa: B009  # of which its type knows nothing
    try:
        return tuple(jax.local_devices(backend=getattr(default, "platform", default)))
    except (RuntimeError, AssertionError) as error:  # the latter, without a word, for platforms that JAX knows
        for name in ("jax_platforms", "jax_default_device"):
            if asked := getattr(jax.config, name):
                raise InputError(
                    f"{name.upper()}={asked}: JAX finds no such device here. Unset it, or set cpu."
                ) from None
        why = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"JAX finds no device to compute on ({why}). Set JAX_PLATFORMS=cpu.") from None


def devices_to_train_on() -> tuple[jax.Device, ...]:
    """The devices there are.

    **Raises:** `InputError` if there are none, or they are those of the process that this one was forked from.
    """
    forks.refuse_fork()
    return devices()


def compiler_options(found: Sequence[jax.Device]) -> dict[str, Any]:
    """What XLA is told for programs on these devices.

    On a processor: to use vectors of 512 bits where it has them. LLVM's own choice is 256, made for older ones that
    slow down under wider vectors; where they are at home, loops over activations are up to 15 % faster.
    """
    return {"xla_cpu_prefer_vector_width": 512} if found[0].platform == "cpu" else {}


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def out_of_memory(error: Exception) -> bool:
    """Whether a device, or this machine, has run out of memory."""
    # JAX has one exception for all that its runtime reports.
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error) or "Out of memory" in str(error)
