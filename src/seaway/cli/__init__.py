"""CLI: the commands, one file per noun. They ask `app`, print the result to stdout and everything else to stderr."""
