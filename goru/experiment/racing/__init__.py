"""How trials come about: what is trained next, by whom, and where it is kept."""
