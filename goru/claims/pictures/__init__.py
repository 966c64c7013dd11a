"""The pictures of a report of claims."""
