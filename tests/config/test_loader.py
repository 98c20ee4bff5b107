"""seaway.yaml becomes the model, or a list of every mistake in it, each with its place."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.mistakes import LATE, SOUND, WRONG, written
from seaway.config import docs, loader
from seaway.config.document import MAX_PROBLEMS
from seaway.errors import ConfigError
from seaway.model.environment import CanaryStep, Concurrency, EngineLost, Environment, Gate, IfEngineLost, Strategy
from seaway.model.service import (
    Before,
    Probe,
    ProbeKind,
    Protocol,
    RollbackClass,
    Route,
    Service,
    Sticky,
    Tls,
)
from seaway.model.sink import Sink
from seaway.model.verdict import Guard, Measure, Reaction

COMPLETE = """
services:
  shop:
    command: python3 -m "shop floor" $PORT
    artifact: build
    exclude: ["*.log"]
    replicas: 3
    environment: {DEBUG: on, VERSION: 1.10, EMPTY: "", HOME_: $HOME}
    secrets: {DB: env:SHOP_DB, KEY: file:/etc/shop/key}
    stop_signal: SIGINT
    stop_grace: 1m30s
    start_timeout: 20s
    readiness: {http: {path: /healthz}, interval: 250ms, timeout: 2s, successes: 2, failures: 5}
    liveness: {command: [./alive, 1]}
    before: {command: ./migrate --now, rollback: forward-only, timeout: 5m}
    routes:
      - {hosts: [shop.example.com, "*.shop.example.com"], paths: [/, /api], protocol: grpc, websocket: true,
         timeout: 10s, idle_timeout: 1h, retries: 0, drain: 2m}
    sticky: {header: X-User}
    owners: [ada]
  queue:
    command: [./work]
    worker: true
environments:
  staging: {traffic: {listen: "[::1]:8081"}}
  production:
    target: process
    metrics: envoy
    traffic: {router: envoy, listen: 127.0.0.1:8080, tls: {certificate: a.crt, key: a.key}}
    strategy:
      canary:
        steps: [{set_weight: 0.5}, {set_weight: 5%}, {pause: 30s}, {pause: until promoted}, {analysis: 1m}, {hold: ask}]
        deadline: 2h
    gates: [{approval: {approvers: [ada], deadline: 1h}}, {until: 2030-01-31T09:00:00+01:00}]
    objectives:
      - {success_rate: {at_least: 99.9%}, min_samples: 7, window: 30s, on: {fail: hold, no_data: continue}, extend_max: 1m}
      - {latency: {quantile: p99.9, at_most: 250ms}}
      - {latency: {against: stable, margin: 20%}, name: slower}
      - {success_rate: {against: stable, margin: 1%}}
    soak: 10m
    promote_from: staging
    concurrency: queue
    on_unobservable: hold
    if_engine_lost: {action: stable, after: 5m}
    tick: 500ms
events: [{to: jsonl, path: events.jsonl}]
"""


def read(text: str, path: str = "/srv/shop/seaway.yaml", known=None):
    return loader.parse(text.encode(), Path(path), known)


def problems(text: str, known=None):
    with pytest.raises(ConfigError) as caught:
        read(text, known=known)
    return caught.value.problems


def test_a_complete_file_becomes_the_model(tmp_path):
    for name in ("a.crt", "a.key"):
        (tmp_path / name).touch()
    (tmp_path / "seaway.yaml").write_text(COMPLETE)
    found = loader.load(tmp_path)
    assert found.path == tmp_path / "seaway.yaml"
    assert found.sinks == (Sink("jsonl", str(tmp_path / "events.jsonl")),)
    assert found.services["shop"] == Service(
        name="shop",
        command=("python3", "-m", "shop floor", "$PORT"),
        artifact=str(tmp_path / "build"),
        directory=str(tmp_path),
        exclude=("*.log",),
        replicas=3,
        environment={"DEBUG": "on", "VERSION": "1.10", "EMPTY": "", "HOME_": "$HOME"},
        secrets={"DB": "env:SHOP_DB", "KEY": "file:/etc/shop/key"},
        stop_signal="SIGINT",
        stop_grace=timedelta(seconds=90),
        start_timeout=timedelta(seconds=20),
        readiness=Probe(
            ProbeKind.HTTP, "/healthz", (), timedelta(milliseconds=250), timedelta(seconds=2), successes=2, failures=5
        ),
        liveness=Probe(ProbeKind.COMMAND, command=("./alive", "1")),
        before=Before(("./migrate", "--now"), RollbackClass.FORWARD_ONLY, timedelta(minutes=5)),
        routes=(
            Route(
                ("shop.example.com", "*.shop.example.com"),
                ("/", "/api"),
                Protocol.GRPC,
                websocket=True,
                timeout=timedelta(seconds=10),
                idle_timeout=timedelta(hours=1),
                retries=0,
                drain=timedelta(minutes=2),
            ),
        ),
        sticky=Sticky(salt="shop", header="x-user"),
        owners=("ada",),
    )
    assert found.services["queue"] == Service("queue", ("./work",), directory=str(tmp_path), worker=True)
    assert found.environments["staging"] == Environment("staging", listen="[::1]:8081")
    assert found.environments["production"] == Environment(
        name="production",
        tls=Tls(str(tmp_path / "a.crt"), str(tmp_path / "a.key")),
        strategy=Strategy(
            "canary",
            (
                CanaryStep(set_weight=5_000),
                CanaryStep(set_weight=50_000),
                CanaryStep(pause=timedelta(seconds=30)),
                CanaryStep(pause_until_promoted=True),
                CanaryStep(analysis=timedelta(minutes=1)),
                CanaryStep(hold="ask"),
            ),
            deadline=timedelta(hours=2),
        ),
        gates=(
            Gate("approval", approvers=("ada",), deadline=timedelta(hours=1)),
            Gate("until", until=datetime(2030, 1, 31, 8, tzinfo=UTC)),
        ),
        objectives=(
            Guard(
                "success-rate",
                Measure.SUCCESS_RATE,
                at_least=0.999,
                min_samples=7,
                window=timedelta(seconds=30),
                on_fail=Reaction.HOLD,
                on_no_data=Reaction.CONTINUE,
                extend_max=timedelta(minutes=1),
            ),
            Guard("latency-p99-9", Measure.LATENCY, at_most=250.0, quantile=0.999),
            Guard("slower", Measure.LATENCY, "stable", margin=0.2),
            Guard("success-rate-2", Measure.SUCCESS_RATE, "stable", margin=0.01),
        ),
        soak=timedelta(minutes=10),
        promote_from="staging",
        concurrency=Concurrency.QUEUE,
        on_unobservable="hold",
        if_engine_lost=IfEngineLost(EngineLost.STABLE, timedelta(minutes=5)),
        tick=timedelta(milliseconds=500),
    )


def test_what_is_left_out_has_the_defaults_of_the_model():
    found = read("services: {shop: {command: ./shop}}\nenvironments: {production: {}}")
    expected = Service("shop", ("./shop",), directory="/srv/shop", routes=(Route(),))
    assert found.services == {"shop": expected}
    assert found.environments == {"production": Environment("production")}


def test_other_strategies_become_the_model():
    text = "services: {{shop: {{command: ./shop}}}}\nenvironments: {{production: {{strategy: {}}}}}"
    rolling = read(text.format("{rolling: {max_surge: 2, max_unavailable: 10%}}"))
    assert rolling.environments["production"].strategy == Strategy("rolling", max_surge="2", max_unavailable="10%")
    given_ = (
        "{blue-green: {preview_host: next.example.com, auto_promotion: false, auto_promotion_after: 5s, deadline: 3h}}"
    )
    assert read(text.format(given_)).environments["production"].strategy == Strategy(
        "blue-green",
        auto_promotion=False,
        auto_promotion_after=timedelta(seconds=5),
        preview_host="next.example.com",
        deadline=timedelta(hours=3),
    )


def test_yaml_11_words_for_booleans_are_words():
    text = "services: {shop: {command: [echo, on, No, 0x10, 1e3, ~x], environment: {A: yes, B: OFF, C: 010}}}\n"
    found = read(text + "environments: {production: {}}").services["shop"]
    assert found.command == ("echo", "on", "No", "0x10", "1e3", "~x")
    assert found.environment == {"A": "yes", "B": "OFF", "C": "010"}


def test_nothing_in_the_file_is_expanded(monkeypatch):
    monkeypatch.setenv("SECRET", "hunter2")
    text = (
        "services: {shop: {command: [echo, $SECRET, '${SECRET}', '`id`', '{{ 7*7 }}']}}\nenvironments: {production: {}}"
    )
    assert read(text).services["shop"].command == ("echo", "$SECRET", "${SECRET}", "`id`", "{{ 7*7 }}")


@pytest.mark.parametrize("name", SOUND)
def test_a_file_without_a_mistake_is_read(name):
    assert read(written(SOUND[name])).services


@pytest.mark.parametrize("name", [*WRONG, *LATE])
def test_each_mistake_is_named_with_its_place_and_what_was_meant(name):
    mistake = {**WRONG, **LATE}[name]
    found = problems(written(mistake.text))
    assert mistake.words in str(found[0]), "\n".join(map(str, found))
    assert (found[0].line, found[0].column) == mistake.place(), str(found[0])
    assert len(found) == 1, "\n".join(map(str, found))


def test_all_mistakes_come_at_once_in_the_order_of_the_file():
    text = """\
services:
  shop:
    command: []
    replica: 2
  api:
    command: [./api]
  web:
    command: [./web]
environments:
  production:
    promote_from: stagin
  staging:
    soak: 5
    strategy: {canary: {steps: [{setWeight: 5}, {set_weight: 101}]}}
evnts: []
"""
    found = [(problem.line, problem.column) for problem in problems(text)]
    assert found == [(3, 5), (4, 5), (7, 3), (11, 19), (13, 11), (14, 34), (14, 62), (15, 1)]


def test_at_most_fifty_problems_are_reported():
    text = "services: {shop: {command: ./shop}}\nenvironments: {production: {}}\n"
    assert len(problems(text + "".join(f"k{number}: 1\n" for number in range(5_000)))) == MAX_PROBLEMS


def test_a_secret_in_the_file_is_refused_and_never_repeated():
    for secret in ("hunter2", "'hun ter2'", "[hunter2]", "{hunter2: x}", "ENV:hunter2", "file:hunter2", "env:hun-ter2"):
        said = "".join(
            map(
                str,
                problems(f"services: {{shop: {{command: ./x, secrets: {{DB: {secret}}}}}}}\nenvironments: {{p: {{}}}}"),
            )
        )
        assert "env:NAME" in said
        assert "hun" not in said
    said = "".join(map(str, problems("services: {shop: {command: ./x, secrets: hunter2}}\nenvironments: {p: {}}")))
    assert "hunter2" not in said


def test_names_of_adapters_are_checked_where_they_are_known():
    text = """\
services: {shop: {command: ./shop}}
environments:
  production:
    target: proces
    traffic: {router: haproxy}
    metrics: envoy
events: [{to: kafka, path: x}]
"""
    assert read(text).environments["production"].router == "haproxy"
    known = {"target": ("process",), "traffic": ("envoy",), "metrics": ("envoy",), "events": ("jsonl",)}
    said = problems(text, known)
    assert [(problem.line, problem.column) for problem in said] == [(4, 13), (5, 23), (7, 15)]
    assert said[0].suggestion == "did you mean process?"


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(ConfigError, match="no such file") as caught:
        loader.load(tmp_path / "seaway.yaml")
    assert caught.value.hint == "seaway init"


def test_a_pipe_or_device_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "seaway.yaml")
    began = time.monotonic()
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="not a regular file"):
            loader.load(path)
    assert time.monotonic() - began < 60


def test_paths_in_messages_are_short_from_where_the_reader_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seaway.yaml").write_text("x: 1")
    with pytest.raises(ConfigError, match=r"^seaway\.yaml:1:1: "):
        loader.load(tmp_path)


WORDS = (
    "services environments shop production command worker routes hosts paths strategy canary steps set_weight pause on "
    "objectives success_rate at_least against stable 5 5% 99% 30s -1 1e999 null ~ true [] {} '' \"\\0\" & * !t << : - , | > "
    "env:X file:/x 127.0.0.1:80 999.0.0.1:80 [::]:1 p99 999999999999999999999d 00000000000000000000000 \t \n \n\n é 😀"
)
words = st.sampled_from(WORDS.split(" "))
soup = st.lists(st.tuples(words, st.sampled_from(["", " ", ": ", "\n", "\n  ", "\n    - "]))).map(
    lambda parts: "".join(word + glue for word, glue in parts)
)


def either_way(content: bytes) -> None:
    try:
        found, said = loader.parse(content, Path("/srv/seaway.yaml")), []
    except ConfigError as error:
        found, said = None, error.problems
    assert found or said
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in said)


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@quick
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")),
        soup.map(str.encode),
    )
)
def test_any_text_gives_a_configuration_or_problems_with_places(content):
    either_way(content)


@quick
@given(st.sampled_from([COMPLETE, *map(docs.section, docs.sections())]), st.data())
def test_any_damage_to_a_sound_file_gives_a_configuration_or_problems_with_places(text, data):
    lines = text.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        at = data.draw(st.integers(0, len(line)))
        lines[index] = line[:at] + data.draw(words) + line[data.draw(st.integers(at, len(line))) :]
    either_way("\n".join(lines).encode())


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
keys = [line.strip(" -").partition(":")[0] for line in COMPLETE.splitlines() if ":" in line]


@quick
@given(
    st.dictionaries(st.sampled_from(keys), values, max_size=6),
    st.dictionaries(st.sampled_from(keys), values, max_size=6),
)
def test_any_value_under_a_known_key_gives_a_configuration_or_problems(service, environment):
    import json

    file = {"services": {"shop": {"command": "x", **service}}, "environments": {"production": environment}}
    either_way(json.dumps(file).encode())
