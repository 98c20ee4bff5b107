"""COMPOSITION: one function per use case. Called by the surfaces; calls config, plan, the registry, the engine.

`planning` makes plans, `hands` gives the engine its adapters, `control_plane` is the engine with a person's words, `serving` runs it
as a process, `client` talks to that process, `housekeeping` stops and reads what runs, `doctor` looks for what is missing.
"""
