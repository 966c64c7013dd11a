"""Many networks of one architecture as one compiled program."""
