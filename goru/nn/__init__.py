"""The book: a layer a file, forward and backward, one text for NumPy and for JAX.

The rows of a mini-batch are the columns of every matrix: activations are `(..., units, rows)`, weights
`(..., outputs, inputs)`. What stands before is the axis of the networks, or nothing: `goru.population` adds that axis
to JAX arrays with `jax.vmap`, and NumPy arrays have it.

These words mean the same in every function:

- `layers`: a tuple of layers, from the input to the output; `recipe`, `loss`, `decay`: how they are trained.
- `learned`: what they have learned, a tuple of a tree of arrays a layer; `weight` is one matrix of it.
- `running`, `statistics`: batch norm's, in such a tuple: as they are followed in training, and as inference wants them.
- `training`: all that changes from step to step; `batch`: the rows of a step.
- `hyper`: numbers of the network; `context`: these, its id, and the number of the step; `weight_decay`: λ.
- `x`: what is read, `(..., inputs, rows)`; `outputs`: what the last layer gives, `(..., outputs, rows)`.
- `y`, `targets`: what is to be predicted, class indices `(rows,)` or numbers `(outputs, rows)`.
- `kept`: what the way forward keeps for the way back.
- `gradient`: of the loss, with respect to what is named beside it; `inputs`: whether that of the input is wanted too.
- `out`: NumPy arrays to write into; `None` makes new ones.
"""
