"""Examples have no deadline: a first call of pandas takes longer than the others, and a busy machine longer still."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
