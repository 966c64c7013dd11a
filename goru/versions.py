"""Versions of what computes: the bits of a result depend on them."""

from importlib.metadata import version

from goru import __version__

PACKAGES = ("jax", "numpy", "scikit-learn", "optax")


def versions() -> dict[str, str]:
    """Of goru and of what it computes with, by their names."""
    return {"goru": __version__, **{name: version(name) for name in PACKAGES}}
