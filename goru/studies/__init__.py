"""Which technique helps: arms and configurations, their training, effects, and the final model."""
