"""PURE: what tools print about the past (`git log`, deployments, incidents) as text <-> model. Called by `app.dora`."""
