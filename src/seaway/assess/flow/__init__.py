"""How long a pipeline takes and why: critical path, slack, schedules on few machines, what a change would bring."""
