"""Networks of a page in training: drawn, trained, compiled, scored."""
