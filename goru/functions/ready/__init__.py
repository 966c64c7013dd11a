"""What the ready training functions, of PyTorch and of JAX, are made of."""
