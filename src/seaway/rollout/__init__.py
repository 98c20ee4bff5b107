"""PURE: the state machine of a rollout. `decide(state, event, now) -> (state, commands)`, and nothing else."""
