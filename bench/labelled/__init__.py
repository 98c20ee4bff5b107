"""The labelled set: sound pipelines of many shapes, faults put into them on purpose, and look-alikes that are no faults.

Nothing here reads or imports a rule: `projects` writes what is sound, `faults` and `decoys` know the rules' pages only.
"""
