"""Questions and answers as text: what is filled in stays a value, and no answer breaks the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.monitoring.prometheus import answers, promql, templates
from seaway.formats.monitoring.prometheus.answers import Malformed, Said
from seaway.model.metrics import MetricsSource, Queries

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "adapters" / "metrics.md"
HTTP = templates.TABLE["http"]


def test_words_are_filled_in_and_other_dollars_stay() -> None:
    queries = Queries('x{a="$service",v=~"$revisions",p=~"^/$",$labels}', "v", "code")
    source = MetricsSource(labels=(("zone", 'a"b\\c\n'),))
    assert promql.selector(queries.requests, source, queries, "shop", ("shop-1", "shop-2")) == (
        'x{a="shop",v=~"(?:shop-1|shop-2)",p=~"^/$",zone="a\\"b\\\\c\\n"}'
    )
    assert promql.selector('x{$labels,v=~"$revisions"}', MetricsSource(), queries, "shop", ()) == (
        'x{seaway_none="",v=~".*"}'
    )


@given(st.text(max_size=30))
def test_no_value_leaves_its_quotes(value: str) -> None:
    text = promql.escaped(value)
    assert not re.search(r'(?<!\\)(?:\\\\)*"', text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\\$", text)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("template", "value", "owner"),
    [
        ("http", "shop-1", "shop-1"),
        ("http", "shop-11", None),
        ("http", "", None),
        ("envoy", "shop-2", "shop-2"),
        ("traefik", "shop-1@docker", "shop-1"),
        ("traefik", "prod-shop-1-80@kubernetes", "shop-1"),
        ("traefik", "shop-1", None),
    ],
)
def test_a_label_belongs_to_the_revision_that_its_pattern_matches(template: str, value: str, owner: str | None) -> None:
    assert promql.owner(templates.TABLE[template], value, ("shop-1", "shop-2")) == owner


@pytest.mark.parametrize("name", templates.TABLE)
def test_each_template_names_its_revisions_and_stands_in_the_documentation(name: str) -> None:
    queries = templates.TABLE[name]
    for text in filter(None, (queries.requests, queries.latency)):
        assert f'{queries.revision_label}=~"$revisions"' in text
        assert text.endswith(",$labels}")
    counter, failed = queries.requests.partition("{")[0], f"`{queries.status_label}` = `{queries.failed}`"
    assert f"| {name} | `{counter}` | `{queries.revision_label}` | {failed} |" in PAGE.read_text()
    assert re.compile(queries.failed)
    assert not re.fullmatch(queries.failed, "200")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["vector", "matrix", "scalar"]))
def test_no_answer_breaks_the_reader(value: object, kind: str) -> None:
    """Series, a no, or why it is no evidence: nothing else."""
    shapes = (value, {"status": "success", "data": {"resultType": kind, "result": value}},
              {"status": "success", "data": {"resultType": kind, "result": [{"metric": {}, "value": value, "values": value}]}})  # fmt: skip
    for document in shapes:
        try:
            found = answers.read(document)
        except (Malformed, Said):
            continue
        assert all(isinstance(at, float) for series in found for at, _ in series.points)


def test_which_errors_may_go_away() -> None:
    for kind, again in (("timeout", True), ("unavailable", True), ("bad_data", False), ("internal", False)):
        with pytest.raises(Said, match=kind) as caught:
            answers.read({"status": "error", "errorType": kind, "error": "words"})
        assert caught.value.again is again


def test_an_honest_answer_is_series() -> None:
    document = json.loads(
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"],[1.5,"3"]]}]}}'
    )
    (series,) = answers.read(document)
    assert (series.labels, series.points) == ({"a": "b"}, ((1.0, 2.0), (1.5, 3.0)))
