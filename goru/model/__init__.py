"""The final model: prepared columns, an ensemble of networks, predictions in NumPy, and its files."""
