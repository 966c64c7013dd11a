"""The book: a layer a file, forward and backward, one text for NumPy and for JAX.

The rows of a mini-batch are the columns of every matrix: activations are `(..., units, rows)`, weights
`(..., outputs, inputs)`. What stands before is the axis of the networks, or nothing: `goru.population` adds that axis
to JAX arrays with `jax.vmap`, and NumPy arrays have it.
"""
