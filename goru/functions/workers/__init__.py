"""Who trains: processes of this machine, or of a Ray cluster."""
