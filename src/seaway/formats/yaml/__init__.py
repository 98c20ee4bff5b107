"""YAML as all formats read it: nodes with their places, limits against hostile text, and byte-exact patches."""
