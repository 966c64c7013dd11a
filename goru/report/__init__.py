"""What a study found, for people."""
