"""Pipelines of CI systems: text <-> `model.pipeline`. Called by `app.pipelines` through the table in `registry`.

One module or package per system, named like the system, with

    NAMES                              how its files are called: patterns of paths, most telling first
    parse(text, path, sources=None)    the pipeline as written; with `sources` resolved, as far as files are there
    render(pipeline)                   the pipeline in this system's language, with every loss  (systems that are written)

and, for its language of conditions, `expressions` with `condition(text, phase)`, `template(text)` and their printers. Nothing
here reads a file or a network: `Sources` answers with text or with None. `parse` raises ConfigError for what is not this
system's language at all; a part that it does not understand it keeps: as an Opaque step, as Native, or as unresolved.
"""
