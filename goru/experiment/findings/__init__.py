"""What was found, as it is kept, shown and drawn."""
