"""Files and frames to arrays: reading, recognising the task, deciding columns, splitting and preparing."""
