"""goru: neural networks that generalise."""

__version__ = "0.1.0"
