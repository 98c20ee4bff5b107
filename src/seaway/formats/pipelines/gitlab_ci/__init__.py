"""GitLab CI: `.gitlab-ci.yml` <-> `model.pipeline`. Called by `app.pipelines` through the table in `registry`.

merge, includes   files, `extends` and `!reference` joined into one document
read, job, ...    the document as nouns
write, ...        nouns as the document that an expert would write
expressions       `$NAME` in text, and the conditions of `rules:if`
predefined        what GitLab's own variables mean
"""

from __future__ import annotations

from seaway.formats.pipelines.gitlab_ci.read import parse
from seaway.formats.pipelines.gitlab_ci.write import render

__all__ = ["NAMES", "parse", "render"]

NAMES = (".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml", ".gitlab/**/*.yml")
