"""Files of tables: which kind a file is, and its rows."""
