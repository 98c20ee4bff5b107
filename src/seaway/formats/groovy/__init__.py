"""Groovy text -> a tree that knows where it stands, for pipelines written in it. Called by the Jenkins format.

The subset is what pipelines use; what is outside it becomes an `Opaque` statement with its text. `read` fails only for a text
that is beyond its limits.
"""

from seaway.formats.groovy.script import Script, constant, read

__all__ = ["Script", "constant", "read"]
