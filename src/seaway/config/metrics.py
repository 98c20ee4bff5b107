"""The shape of `metrics:` of an environment at the edge, and the source it becomes. Called by `config.environment`.

A name alone is short for `source: NAME`. What a key means is written in the samples.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator

from seaway.config.fields import ADAPTER, Adapter, Fields, Meant, Reference, Text, Tick, choice, nearest
from seaway.formats.monitoring.prometheus import templates
from seaway.model.environment import Environment
from seaway.model.metrics import MetricsSource, Queries, Unit

_ENVIRONMENT = Environment(name="")
_SOURCE = MetricsSource()
_QUERIES = Queries("", "", "")
_GATEWAY = frozenset({"envoy", "access_log"})  # what the gateway's own proxy tells
_LABEL = r"^[a-zA-Z_][a-zA-Z0-9_]{0,99}$"
_URL = r"^https?://[^\s/?#@]+(?:/[^\s?#]*)?$"
_SELECTOR = r"^[a-zA-Z_:][a-zA-Z0-9_:]*\{[^{}]*\$revisions[^{}]*\}$"


def _url(text: str) -> str:
    if not re.search(_URL, text):
        raise ValueError("this is no address like https://prometheus.example.com, without user, query and fragment")
    try:
        port = urlsplit(text).port
    except ValueError as error:
        raise ValueError(f"this is no address: {error}") from None
    if port == 0:
        raise ValueError("there is no port 0")
    return text


def _label(text: str) -> str:
    if not re.search(_LABEL, text):
        raise ValueError(f"{text[:60]!r} is no label's name: letters, digits and _")
    return text


def _selector(text: str) -> str:
    if not re.search(_SELECTOR, text) or text.endswith("\n"):
        example = 'http_requests_total{app="$service",version=~"$revisions"}'
        raise ValueError(
            f"this is no selector of the revisions' counters, like {example}; sums and rates are made here"
        )
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text.replace("$revision", "x"))
    except re.error as error:
        raise ValueError(f"{text[:60]!r} is no regular expression: {error}") from None
    return text


def _revision_pattern(text: str) -> str:
    if "$revision" not in text:
        raise ValueError("`$revision` is missing: it stands for the revision's id")
    return _pattern(text)


def _template(text: str) -> str:
    if text not in templates.TABLE:
        meant = nearest(text, templates.TABLE)
        raise Meant(f"{text[:40]!r} is none of {', '.join(templates.TABLE)}", f"did you mean {meant}?" if meant else "")
    return text


def _schema(**words: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **words})


Url = Annotated[Text, AfterValidator(_url), _schema(pattern=_URL)]
Label = Annotated[Text, AfterValidator(_label), _schema(pattern=_LABEL)]
Selector = Annotated[Text, AfterValidator(_selector), _schema(pattern=_SELECTOR)]
Template = Annotated[Text, AfterValidator(_template), _schema(enum=list(templates.TABLE))]


class QueriesFields(Fields):
    requests: Selector
    latency: Selector = _QUERIES.latency
    unit: Annotated[Unit, choice(Unit)] = _QUERIES.unit
    revision_label: Label
    revision_pattern: Annotated[Text, AfterValidator(_revision_pattern)] = _QUERIES.revision_pattern
    status_label: Label
    failed: Annotated[Text, AfterValidator(_pattern)] = _QUERIES.failed

    def queries(self) -> Queries:
        return Queries(**{name: getattr(self, name) for name in type(self).model_fields})


class MetricsFields(Fields):
    source: Adapter = _ENVIRONMENT.metrics
    url: Url = _SOURCE.url
    template: Template = ""
    queries: QueriesFields | None = None
    labels: Annotated[dict[Label, Text], Field(max_length=20)] = {}  # noqa: RUF012 - frozen, like every field
    user: Annotated[Text, Field(min_length=1, max_length=200)] = _SOURCE.user
    token: Reference = _SOURCE.token
    scrape_interval: Tick = _SOURCE.scrape_interval

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, value: Any) -> Any:
        return {"source": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_the_source(self) -> MetricsFields:
        given = sorted(self.model_fields_set - {"source"})
        if self.source in _GATEWAY:
            if given:
                raise ValueError(f"{self.source} is told by the gateway's own proxy: it has no {', '.join(given)}")
        elif self.source == "prometheus":
            if not self.url:
                raise ValueError("`url` is missing: the address before /api/v1")
            if bool(self.template) == bool(self.queries):
                raise ValueError("give exactly one of template, queries")
        if self.user and not self.token:
            raise ValueError("`token` is missing: the reference to the password of `user`")
        return self

    def metrics_source(self) -> MetricsSource:
        queries = self.queries.queries() if self.queries else templates.TABLE.get(self.template)
        return MetricsSource(
            url=self.url.rstrip("/"),
            queries=queries,
            labels=tuple(sorted(self.labels.items())),
            user=self.user,
            token=self.token,
            scrape_interval=self.scrape_interval,
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = super().__get_pydantic_json_schema__(core, handler)
        return {**schema, "type": ["string", "object"], "pattern": ADAPTER}
