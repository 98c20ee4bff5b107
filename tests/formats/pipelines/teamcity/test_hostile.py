"""Texts made to hurt: a clear error with a place, or a model, within a second."""

from __future__ import annotations

import tracemalloc

import pytest

from seaway.errors import ConfigError
from seaway.formats.pipelines.sources import Sources, from_mapping
from seaway.formats.pipelines.teamcity import parse
from seaway.model.pipeline import Pipeline
from support.pace import within

pytestmark = pytest.mark.broad

LAUGHS = (
    '<!DOCTYPE p [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><project><name>&j;</name></project>"
)
FOREIGN = '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><name>&a;</name></project>'
REFUSED = {
    "laughs": ("x.xml", LAUGHS),
    "a file of the machine": ("x.xml", FOREIGN),
    "an entity that nobody declared": ("x.xml", "<project><name>&nobody;</name></project>"),
    "deep elements": ("x.xml", "<project>" + "<a>" * 10_000),
    "many elements": ("x.xml", "<project>" + "<a/>" * 150_000 + "</project>"),
    "not closed": ("x.xml", "<project><name>"),
    "large": ("x.xml", "<project>" + " " * 2_000_000 + "</project>"),
    "large Kotlin": ("x.kts", "// " + "x" * 5_000_000),
    "NUL": ("x.kts", "project {\0}"),
    "no Kotlin": ("x.kts", "]]]]" * 1000),
    "brackets": ("x.kts", "(" * 10_000),
    "recursion without end": (
        "x.kts",
        'fun f(): Int { f(); f(); return 1 }\nproject { buildType { name = "${f()}" } }',
    ),
    "a loop in loops": ("x.kts", "project { for (a in 1..9999) for (b in 1..9999) buildType { } }"),
}
READ = {
    "deep blocks": "project { " + "a { " * 5_000 + "}" * 5_001,
    "deep sums": 'project { buildType { name = "a" ' + '+ "a" ' * 5_000 + "} }",
    "texts that double": 'fun d(s: String, n: Int): String = if (n == 0) s else d(s + s, n - 1)\nproject { buildType { name = d("aaaa", 40) } }',
    "lists that double": 'fun d(s: List<Int>, n: Int): List<Int> = if (n == 0) s else d(s + s, n - 1)\nval x = d(listOf(1), 40)\nproject { buildType { name = "${x.size}" } }',
    "a class within itself": 'class A : BuildType({ name = "a"; params { param("x", A().id) } })\nproject { buildType(A()) }',
    "a base of itself": 'open class A : B()\nopen class B : A()\nproject { buildType { name = "q" } }',
    "an object within itself": "object A : BuildType({ name = A.name })\nproject { buildType(A) }",
    "numbers without end": 'project { buildType { name = "${9223372036854775807 * 9223372036854775807}" } }',
    "a division by zero": "project { buildType { maxRunningBuilds = 1 / 0 } }",
    "mistake on mistake": "project { }\n" + "val = = 3\nfun (\n" * 300,
}  # fmt: skip


def within_limits(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    with within(1):
        return parse(text, path, sources)


@pytest.mark.parametrize("name", ["laughs", "deep elements", "no Kotlin", "texts that double", "lists that double"])
def test_hostile_text_takes_little_memory(name: str) -> None:
    path, text = REFUSED.get(name) or ("x.kts", READ[name])
    tracemalloc.start()
    try:
        parse(text, path)
    except ConfigError:
        assert name in REFUSED
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 200 * 1024 * 1024


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_text_is_refused_with_a_place(name: str) -> None:
    path, text = REFUSED[name]
    with pytest.raises(ConfigError) as caught:
        within_limits(text, path)
    assert str(caught.value).startswith(f"{path}:")
    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("name", READ)
def test_hostile_text_that_can_be_read_is_read_within_limits(name: str) -> None:
    assert within_limits(READ[name], "x.kts").path == "x.kts"


def test_files_beside_never_lead_out_of_the_repository() -> None:
    asked: list[str] = []

    def file(place: str) -> str | None:
        asked.append(place)
        return None

    sources = Sources(file, paths=lambda: [".teamcity/../../etc/x.kt", ".teamcity/a.kt"])
    within_limits("project { }", ".teamcity/settings.kts", sources)
    assert asked == [".teamcity/a.kt"]


def test_many_files_beside_are_read_within_limits() -> None:
    files = {f".teamcity/f{n}.kt": f'object B{n} : BuildType({{ name = "{n}" }})' for n in range(150)}
    found = within_limits("project { buildType(B7) }", ".teamcity/settings.kts", from_mapping(files))
    assert [one.id for one in found.jobs] == ["B7"]


@pytest.mark.parametrize(
    "text", ['project {\r\n    buildType { name = "ünï 中" }\r\n}\r\n', '\ufeffproject { buildType { name = "x" } }']
)
def test_places_count_characters(text: str) -> None:
    found = within_limits(text, "x.kts").jobs[0]
    assert found.span is not None
    assert text.removeprefix("\ufeff")[found.span.start : found.span.end].startswith("buildType {")
    assert text.removeprefix("\ufeff")[found.span.start : found.span.end].endswith("}")
