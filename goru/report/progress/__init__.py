"""How far a study has got, on a terminal, in a notebook, and in plain lines."""
