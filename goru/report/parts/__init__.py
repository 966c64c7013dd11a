"""What pages and lines are made of."""
