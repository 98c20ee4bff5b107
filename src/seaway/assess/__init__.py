"""PURE: the model of what a team has in; what is wrong, what it costs and how delivery goes out. Called by `app`."""
