"""The JSON Schema says yes and no where the loader does."""

from __future__ import annotations

import jsonschema
import pytest

from config.mistakes import SOUND, WRONG, written
from config.plain import plain
from seaway.config import docs, schema

VALIDATOR = jsonschema.Draft202012Validator(schema.json_schema())


def test_it_is_a_schema_of_the_dialect_it_names():
    document = schema.json_schema()
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(document)


@pytest.mark.parametrize("name", docs.sections())
def test_every_sample_is_valid(name):
    VALIDATOR.validate(plain(docs.section(name)))


@pytest.mark.parametrize("name", SOUND)
def test_what_the_loader_reads_is_valid(name):
    VALIDATOR.validate(plain(written(SOUND[name])))


@pytest.mark.parametrize("name", WRONG)
def test_what_the_loader_refuses_for_its_shape_is_invalid(name):
    assert list(VALIDATOR.iter_errors(plain(written(WRONG[name].text)))), "the schema lets this mistake pass"


def test_a_schema_that_allows_unknown_keys_would_be_caught():
    loose = schema.json_schema()
    loose["$defs"]["ServiceFields"]["additionalProperties"] = True
    mistake = plain(written(WRONG["unknown key"].text))
    assert not list(jsonschema.Draft202012Validator(loose).iter_errors(mistake))


def test_every_key_has_a_description_and_no_key_may_be_null():
    document = schema.json_schema()
    for path in schema.sections(document):
        for key, found in schema.properties(document, path).items():
            assert found.get("description"), (*path, key)
            assert {"type": "null"} not in found.get("anyOf", ())


def test_defaults_are_written_as_in_the_file():
    service = schema.json_schema()["$defs"]["ServiceFields"]["properties"]
    environment = schema.json_schema()["$defs"]["EnvironmentFields"]["properties"]
    assert service["stop_grace"]["default"] == "10s"
    assert service["replicas"]["default"] == 1
    assert environment["concurrency"]["default"] == "supersede"
    assert schema.json_schema()["$defs"]["LatencyFields"]["properties"]["quantile"]["default"] == "p99"


@pytest.mark.parametrize("definition", schema.json_schema()["$defs"])
def test_defaults_are_valid_values_themselves(definition):
    document = schema.json_schema()
    for name, found in document["$defs"][definition].get("properties", {}).items():
        if "default" in found:
            check = {"$defs": document["$defs"], **found}
            jsonschema.Draft202012Validator(check).validate(found["default"])
            assert name


def test_callers_cannot_change_what_others_get():
    schema.json_schema()["$defs"].clear()
    assert schema.json_schema()["$defs"]
