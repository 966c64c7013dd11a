"""scikit-learn's interface to networks, and to studies."""
