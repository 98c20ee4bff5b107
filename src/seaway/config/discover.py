"""What `seaway init` writes: a commented seaway.yaml from what a folder looks like. Called by `cli`.

It looks at names and a few small files of the folder itself, runs nothing, and says in the text what it saw and what it guessed.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 256 * 1024  # bytes of a file that are looked at
_READ = (
    "Procfile",
    "Dockerfile",
    "package.json",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "app.py",
    "main.py",
    "wsgi.py",
    "asgi.py",
    "server.js",
    "index.js",
    "go.mod",
    "Cargo.toml",
    "Gemfile",
    "config.ru",
)
_VENVS = (".venv", "venv")
_EDIT = "EDIT THIS: the program that serves, listening on 127.0.0.1 at the port in the environment variable PORT"


@dataclass(frozen=True, slots=True)
class Guess:
    """A command, where it comes from, and what a person should check. `through_sh`: it needs one, for `$PORT` or an operator."""

    saw: str
    command: str
    through_sh: bool = False
    check: tuple[str, ...] = ()
    worker: bool = False
    artifact: str = "."
    name: str = ""  # of the service, where the source names it


def render(folder: Path) -> str:
    """The text of a seaway.yaml for this folder; it loads without errors whatever the folder holds."""
    folder = folder.absolute()
    return text(folder.name, listing(folder))


def listing(folder: Path) -> dict[str, str]:
    """Name -> content of the files that say something about what runs here; what cannot be read is not there."""
    found = {}
    for name in _READ:
        try:
            path = folder / name
            if path.is_file():
                with path.open("rb") as file:
                    found[name] = file.read(_LARGEST).decode("utf-8", errors="replace")
        except OSError:
            continue
    for venv in _VENVS:
        if (folder / venv / "bin" / "python").exists():
            found[f"{venv}/bin/python"] = ""
    return found


def text(name: str, files: Mapping[str, str]) -> str:
    """The same, pure: for a folder of this name with these files."""
    guesses = next((found for look in _LOOKS if (found := list(look(files)))), [])
    service = _service_name(name)
    if not guesses:
        return (
            _HEAD.format(saw="Nothing here says how the service starts: `command` is the one thing to edit.")
            + _entry(service, Guess("", "", check=(_EDIT,)))
            + _ENVIRONMENTS
        )
    saw = f"Written from {guesses[0].saw}. Check `command`: it is the one thing that must be right."
    taken: dict[str, Guess] = {}
    for guess in guesses:
        taken.setdefault(_service_name(guess.name) if guess.name not in ("", "web") else service, guess)
    entries = "\n".join(_entry(known, guess) for known, guess in taken.items())
    return _HEAD.format(saw=saw) + entries + _ENVIRONMENTS


def _procfile(files: Mapping[str, str]) -> Iterator[Guess]:
    for line in files.get("Procfile", "").splitlines():
        named = re.fullmatch(r"([A-Za-z0-9_-]{1,40}):\s*(\S.*?)\s*", line)
        if named and named[1] == "release":
            continue  # a step before the release, not a process: `seaway docs before`
        if named:
            yield Guess("Procfile", named[2], _needs_shell(named[2]), worker=named[1] != "web", name=named[1])


def _package(files: Mapping[str, str]) -> Iterator[Guess]:
    if "package.json" not in files:
        return
    try:
        start = json.loads(files["package.json"])["scripts"]["start"]
    except (ValueError, KeyError, TypeError, RecursionError):
        start = ""
    if isinstance(start, str) and start and "\n" not in start:
        words = start.split()
        is_plain = words[0] == "node" and not _needs_shell(start)
        # npm would stand between the keeper and the program and keep signals for itself
        check = () if is_plain else ("signals must reach the program: prefer `node ...` to a wrapper like npm",)
        yield Guess("the start script of package.json", start if is_plain else "npm start", check=check)
        return
    for script in ("server.js", "index.js"):
        if script in files:
            yield Guess(script, f"node {script}")
            return


def _python(files: Mapping[str, str]) -> Iterator[Guess]:
    said = "\n".join(files.get(name, "") for name in ("requirements.txt", "pyproject.toml")).lower()
    venv = next((name for name in _VENVS if f"{name}/bin/python" in files), "")
    if "manage.py" in files:
        module = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([A-Za-z0-9_]+)", files["manage.py"])
        application = f"{module[1] if module else 'project'}.wsgi:application"
        check = ("gunicorn must be installed; the bare development server is not for production",)
        command = f"{_module('gunicorn', venv)} --bind 127.0.0.1:$PORT {application}"
        yield Guess("manage.py (Django)", command, through_sh=True, check=check)
        return
    for name in ("asgi.py", "wsgi.py", "app.py", "main.py"):
        if name in files:
            yield _python_script(name, files[name], said, venv)
            return


def _python_script(name: str, source: str, said: str, venv: str) -> Guess:
    module = name.removesuffix(".py")
    created = re.search(
        r"^([A-Za-z_]\w{0,40})\s*(?::[^=\n]{1,80})?=\s*(?:\w+\.)?(FastAPI|Starlette|Flask)\(", source, re.MULTILINE
    )
    application = f"{module}:{created[1] if created else 'app'}"
    framework = created[2] if created else next((kind for kind in ("FastAPI", "Flask") if kind.lower() in said), "")
    if framework in ("FastAPI", "Starlette") or name == "asgi.py":
        command = f"{_module('uvicorn', venv)} --host 127.0.0.1 --port $PORT {application}"
        return Guess(f"{name} ({framework or 'ASGI'})", command, through_sh=True, check=("uvicorn must be installed",))
    if framework == "Flask" or name == "wsgi.py":
        command = f"{_module('gunicorn', venv)} --bind 127.0.0.1:$PORT {application}"
        return Guess(f"{name} ({framework or 'WSGI'})", command, through_sh=True, check=("gunicorn must be installed",))
    return Guess(name, f"{_interpreter(venv)} {name}", check=(f"{name} must listen on the port in PORT",))


def _interpreter(venv: str) -> str:
    return f"{venv}/bin/python" if venv else "python3"


def _module(program: str, venv: str) -> str:
    """How to run a program of a virtual environment: its own script names the interpreter by the path it was installed at."""
    return f"{_interpreter(venv)} -m {program}" if venv else program


def _compiled(files: Mapping[str, str]) -> Iterator[Guess]:
    if "go.mod" in files:
        module = re.search(r"^module\s+(\S+)", files["go.mod"], re.MULTILINE)
        binary = _service_name(module[1].rpartition("/")[2] if module else "server")
        check: tuple[str, ...] = (f"build it first: go build -o {binary}",)
        yield Guess("go.mod", f"./{binary}", check=check, artifact=binary)
    elif "Cargo.toml" in files:
        package = re.search(r"^\s*name\s*=\s*\"([A-Za-z0-9_-]{1,60})\"", files["Cargo.toml"], re.MULTILINE)
        binary = package[1] if package else "server"
        check = ("build it first: cargo build --release",)
        yield Guess("Cargo.toml", f"./{binary}", check=check, artifact=f"target/release/{binary}")


def _ruby(files: Mapping[str, str]) -> Iterator[Guess]:
    if "Gemfile" in files:
        server = "puma --bind tcp://127.0.0.1:$PORT" if "puma" in files["Gemfile"] else "rackup --port $PORT"
        yield Guess("Gemfile", f"bundle exec {server}", through_sh=True)


def _dockerfile(files: Mapping[str, str]) -> Iterator[Guess]:
    source = files.get("Dockerfile", "").replace("\\\n", " ")
    command = re.findall(r"^\s*CMD\s+(\S.*)$", source, re.MULTILINE | re.IGNORECASE)
    if not command:
        return
    exposed = re.findall(r"^\s*EXPOSE\s+(\d{1,5})", source, re.MULTILINE | re.IGNORECASE)
    port = exposed[-1] if exposed else ""
    check: tuple[str, ...] = ("the command stood in a Dockerfile: here it runs without a container",)
    if port:
        check += (f"it listened on {port} there: here it must listen on the port in PORT",)
    try:
        words = json.loads(command[-1])
    except (ValueError, RecursionError):
        yield Guess("Dockerfile (CMD)", command[-1].strip(), through_sh=True, check=check)
        return
    if isinstance(words, list) and words and all(isinstance(word, str) and word for word in words):
        yield Guess("Dockerfile (CMD)", shlex.join(words), check=check)


# What says most about how the service runs comes first.
_LOOKS: tuple[Callable[[Mapping[str, str]], Iterator[Guess]], ...] = (
    _procfile,
    _python,
    _package,
    _ruby,
    _compiled,
    _dockerfile,
)


def _needs_shell(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return True
    return bool(re.search(r"[|&;<>$`(){}*?~]|^\s*\w+=", command))


def _service_name(text_: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", text_.lower()).strip("-")[:40].strip("-")
    return name or "app"


def _words(guess: Guess) -> str:
    """The command as YAML: every word in double quotes, which JSON writes just as YAML reads them."""
    command = "".join(char if char.isprintable() else " " for char in guess.command)
    if not command.strip():
        return json.dumps(["./EDIT-THIS"])
    if guess.through_sh:
        # `exec`: the signal to end must reach the program, not a shell in between.
        is_single = not re.search(r"[|&;<>(]|^\s*\w+=", command)
        return json.dumps(["sh", "-c", f"exec {command}" if is_single else command], ensure_ascii=False)
    return json.dumps(shlex.split(command), ensure_ascii=False)


def _entry(name: str, guess: Guess) -> str:
    notes = "".join(f"    # {note}.\n" for note in guess.check)
    parts = [f"  {name}:\n{notes}    command: {_words(guess)}\n"]
    parts.append(_ARTIFACT if guess.artifact == "." else _FILE.format(artifact=guess.artifact))
    parts.append(_WORKER if guess.worker else _WEB)
    return "".join(parts)


_HEAD = """\
# How this repository is released. {saw}
# `seaway docs SECTION` explains every part, `seaway plan production` shows what a release would do before anything happens.

services:
"""
_ARTIFACT = """\
    # The folder that is copied at each release; the command runs in the copy, so that a rollback brings the old code back.
    artifact: .
    # What is no part of a release (names and patterns): logs, local databases, files that the running service writes.
    exclude: ["*.log", "*.sqlite", "*.sqlite3"]
"""
_FILE = """\
    # The file that is copied at each release; the command runs beside the copy, so that a rollback brings the old code back.
    artifact: {artifact}
"""
_WORKER = """\
    # It takes its work from elsewhere: no port, no traffic.
    worker: true
"""
_WEB = """\
    # How many instances run.
    replicas: 1
    # An instance gets traffic when its port accepts a connection. Better, where there is a page that tells:
    # readiness:
    #   http:
    #     path: /healthz
    # Variables with plain values, and secrets by where they are found (`seaway docs secrets`):
    # environment:
    #   LOG_LEVEL: info
    # secrets:
    #   DATABASE_URL: env:DATABASE_URL
"""
_ENVIRONMENTS = """\

environments:
  production:
    traffic:
      # Where users reach the service; 0.0.0.0:8080 opens it to every network.
      listen: 127.0.0.1:8080
    # A tenth of the traffic, then half of it, then all; objectives watch the new revision all the time.
    strategy:
      canary:
        steps:
          - set_weight: 10
          - pause: 1m
          - set_weight: 50
          - pause: 1m
    # What fails brings the traffic back by itself.
    objectives:
      - success_rate:
          at_least: 99%
        # Too few requests to judge: go on. `hold` waits for a person instead.
        on:
          no_data: continue
    # With some traffic: a judge that compares with the stable revision, and lets nothing reach 100 % that is not proven
    # (`seaway docs analysis`); with `canary: {ramp: {}}` instead of steps the share follows its evidence.
    # analysis: {}
    # How long the old revision stays warm after promotion, for a return in one step.
    soak: 5m
"""
