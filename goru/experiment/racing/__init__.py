"""How trials come about: what is trained next, by whom, where it is kept, and who is told."""
