"""Blocks of networks on the workers of a cluster."""
