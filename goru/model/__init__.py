"""What is handed over: prepared columns, a bag of networks, predictions in NumPy, and its files."""
