"""What `seaway init` writes loads, says what it saw, and names what a person must check."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.config import discover, loader

SHELL = ("sh", "-c")

# name -> files of the folder `shop`, services and the command of the first, what the text says
REPOSITORIES = {
    "procfile": (
        {"Procfile": "release: ./migrate\nweb: gunicorn app:app --bind 127.0.0.1:$PORT\nworker: python work.py\n"},
        {"shop": (*SHELL, "exec gunicorn app:app --bind 127.0.0.1:$PORT"), "worker": ("python", "work.py")},
        "Procfile",
    ),
    "procfile-with-variables": (
        {"Procfile": "web: A=1 ./serve && echo done\n"},
        {"shop": (*SHELL, "A=1 ./serve && echo done")},
        "Procfile",
    ),
    "dockerfile": (
        {"Dockerfile": 'FROM x\nEXPOSE 8000/tcp\nCMD ["./serve", "--name", "the shop"]\n'},
        {"shop": ("./serve", "--name", "the shop")},
        "it listened on 8000 there",
    ),
    "dockerfile-shell": (
        {"Dockerfile": "FROM x\nCMD ./serve \\\n  --port $PORT\n"},
        {"shop": (*SHELL, "exec ./serve    --port $PORT")},
        "runs without a container",
    ),
    "dockerfile-without-command": ({"Dockerfile": "FROM x\n"}, {"shop": ("./EDIT-THIS",)}, "EDIT THIS"),
    "node": (
        {"package.json": '{"scripts": {"start": "node server.js"}}'},
        {"shop": ("node", "server.js")},
        "package.json",
    ),
    "npm": ({"package.json": '{"scripts": {"start": "next start"}}'}, {"shop": ("npm", "start")}, "signals"),
    "node-without-script": ({"package.json": "{}", "index.js": ""}, {"shop": ("node", "index.js")}, "index.js"),
    "broken-package": ({"package.json": "[" * 5000}, {"shop": ("./EDIT-THIS",)}, "EDIT THIS"),
    "flask": (
        {"app.py": "from flask import Flask\nshop = Flask(__name__)\n"},
        {"shop": (*SHELL, "exec gunicorn --bind 127.0.0.1:$PORT app:shop")},
        "gunicorn must be installed",
    ),
    "fastapi": (
        {"main.py": "import fastapi\napi: fastapi.FastAPI = fastapi.FastAPI()\n"},
        {"shop": (*SHELL, "exec uvicorn --host 127.0.0.1 --port $PORT main:api")},
        "main.py (FastAPI)",
    ),
    "fastapi-by-requirement": (
        {"main.py": "from shop import app\n", "requirements.txt": "fastapi==1\n"},
        {"shop": (*SHELL, "exec uvicorn --host 127.0.0.1 --port $PORT main:app")},
        "main.py (FastAPI)",
    ),
    "virtual-environment": (
        {"app.py": "app = Flask(__name__)\n", ".venv/bin/python": ""},
        {"shop": (*SHELL, "exec .venv/bin/python -m gunicorn --bind 127.0.0.1:$PORT app:app")},
        "app.py (Flask)",
    ),
    "django": (
        {"manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'store.settings')\n"},
        {"shop": (*SHELL, "exec gunicorn --bind 127.0.0.1:$PORT store.wsgi:application")},
        "Django",
    ),
    "asgi": ({"asgi.py": ""}, {"shop": (*SHELL, "exec uvicorn --host 127.0.0.1 --port $PORT asgi:app")}, "asgi.py"),
    "python": ({"main.py": "print('hello')\n"}, {"shop": ("python3", "main.py")}, "the port in PORT"),
    "go": ({"go.mod": "module example.com/team/store-api\n"}, {"shop": ("./store-api",)}, "artifact: store-api"),
    "rust": ({"Cargo.toml": '[package]\nname = "store"\n'}, {"shop": ("./store",)}, "artifact: target/release/store"),
    "ruby": (
        {"Gemfile": 'gem "puma"\n'},
        {"shop": (*SHELL, "exec bundle exec puma --bind tcp://127.0.0.1:$PORT")},
        "Gemfile",
    ),
    "unknown": ({"README.md": "hello"}, {"shop": ("./EDIT-THIS",)}, "the one thing to edit"),
}


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    made = tmp_path / "shop"
    for name, content in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(content)
    return made


@pytest.mark.parametrize("name", REPOSITORIES)
def test_each_kind_of_repository_gets_a_file_that_loads_with_its_command(name, tmp_path):
    files, commands, said = REPOSITORIES[name]
    place = folder(tmp_path, files)
    text = discover.render(place)
    (place / "seaway.yaml").write_text(text)
    found = loader.load(place)
    assert {service.name: service.command for service in found.services.values()} == commands
    assert said in text
    assert list(found.environments) == ["production"]
    assert [service.worker for service in found.services.values()] == [service != "shop" for service in commands]


def test_comments_of_the_written_file_are_right_once_their_marks_are_removed(tmp_path):
    text = discover.text("shop", {})
    marks = ("readiness:", "  http:", "    path:", "environment:", "  LOG_LEVEL", "secrets:", "  DATABASE_URL")
    opened = "\n".join(
        line.replace("# ", "", 1) if line.lstrip(" #").startswith(tuple(mark.strip() for mark in marks)) else line
        for line in text.splitlines()
    )
    service = loader.parse(opened.encode(), tmp_path / "seaway.yaml").services["shop"]
    assert service.readiness.path == "/healthz"
    assert service.environment == {"LOG_LEVEL": "info"}
    assert service.secrets == {"DATABASE_URL": "env:DATABASE_URL"}


def test_a_folder_that_cannot_be_read_gets_the_template(tmp_path):
    (tmp_path / "Procfile").mkdir()
    (tmp_path / "app.py").symlink_to("nowhere")
    assert "EDIT THIS" in discover.render(tmp_path)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.text(max_size=60),
    st.dictionaries(
        st.sampled_from(
            ["Procfile", "Dockerfile", "package.json", "app.py", "manage.py", "go.mod", "Cargo.toml", "Gemfile"]
        ),
        st.one_of(
            st.text(max_size=80),
            st.text(max_size=40).map(lambda text: f"web: {text}\nweb: x\nWeb: y\n"),
            st.text(max_size=40).map(lambda text: f"CMD {text}\n"),
            st.lists(st.text(max_size=9), max_size=3).map(lambda words: f"CMD {words}".replace("'", '"')),
        ),
        max_size=3,
    ),
)
def test_whatever_the_files_hold_the_text_loads(name, files):
    assert loader.parse(discover.text(name, files).encode("utf-8", "replace"), Path("/srv/seaway.yaml")).services
