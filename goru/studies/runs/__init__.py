"""A run on disk: whole, checked, and able to go on."""
