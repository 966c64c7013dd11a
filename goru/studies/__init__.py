"""Which technique helps: arms and draws, their training, effects, and the network that is handed over."""
