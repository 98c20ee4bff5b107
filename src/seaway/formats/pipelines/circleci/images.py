"""CircleCI's images in place of other systems' machines and set-up components. Asked by `lower`.

Source: CircleCI's lists of convenience images (cimg/...) and of machine images.
"""

from __future__ import annotations

from typing import Final

LINUX: Final = "ubuntu-2404:current"
WINDOWS: Final = "windows-server-2022-gui:current"
XCODE: Final = "16.2.0"
BASE: Final = "cimg/base:current"

# A component that brings a language -> (the image that has it, the input that says which version).
TOOLS: Final[dict[str, tuple[str, str]]] = {
    "actions/setup-node": ("cimg/node", "node-version"),
    "actions/setup-python": ("cimg/python", "python-version"),
    "actions/setup-go": ("cimg/go", "go-version"),
    "actions/setup-java": ("cimg/openjdk", "java-version"),
    "ruby/setup-ruby": ("cimg/ruby", "ruby-version"),
    "nodetool": ("cimg/node", "versionSpec"),
    "usepythonversion": ("cimg/python", "versionSpec"),
    "gotool": ("cimg/go", "version"),
    "userubyversion": ("cimg/ruby", "versionSpec"),
}

# A tool that is cached by its set-up component -> (its lock file, its folder).
CACHES: Final[dict[str, tuple[str, str]]] = {
    "npm": ("package-lock.json", "~/.npm"),
    "yarn": ("yarn.lock", "~/.cache/yarn"),
    "pnpm": ("pnpm-lock.yaml", "~/.local/share/pnpm/store"),
    "pip": ("requirements.txt", "~/.cache/pip"),
    "go": ("go.sum", "~/go/pkg/mod"),
    "maven": ("pom.xml", "~/.m2"),
    "gradle": ("build.gradle", "~/.gradle/caches"),
}
