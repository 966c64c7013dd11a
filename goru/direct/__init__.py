"""A few networks at once, trained in NumPy: what `goru.nn` says, without a compiler and for any precision."""
