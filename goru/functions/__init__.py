"""Experiments on a training function of the user's own, whatever framework it is written in."""
