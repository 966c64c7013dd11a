"""The pictures of a report, one a file: a Plotly figure, a sentence that says what there is to see, and its numbers."""
