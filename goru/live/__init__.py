"""A page on which networks train while you switch techniques on and off."""
