"""From the losses of trials to verdicts."""
