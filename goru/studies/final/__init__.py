"""The final model, and what else is tried on the test rows."""
