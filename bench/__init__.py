"""Measurements: every figure that the documentation quotes, each as a ratio to a peer or a limit of the same run."""
