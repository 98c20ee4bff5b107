"""What a delivery consists of beside pipelines: container files, manifests, infrastructure as code. Read by `app.estate`.

Each module has `parse(text, path) -> list of things`, which raises ConfigError. A thing knows its `path` and where it stands.
"""
