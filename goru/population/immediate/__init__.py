"""Populations trained by NumPy at once, where a program would take longer to compile than the work takes."""
