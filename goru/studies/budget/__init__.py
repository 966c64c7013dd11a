"""What a budget pays for, and where its time goes."""
