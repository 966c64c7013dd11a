"""One network, as pure functions: the book.

Nothing here knows about many networks; ``goru.population`` adds that axis with ``jax.vmap``.
"""
