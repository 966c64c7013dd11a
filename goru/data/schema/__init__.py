"""What the columns of a table are, and their cells as numbers, dates and codes."""
