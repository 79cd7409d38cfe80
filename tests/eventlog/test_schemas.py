"""Schemas: the same fields as the structs, compatible with every version ever released."""

import itertools
import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.catalogue.load import load_catalogue
from eventlog.errors import CatalogueError
from eventlog.schema.lock import current_schemas, release, unreleased
from eventlog.schema.store import CHECKOUT, read_lock, released_schemas

EVERY = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
SCHEMAS = current_schemas(CHECKOUT)
AVRO = {int: "long", str: "string", bool: "boolean", bytes: "bytes", type(None): "null"}


def shape(kind: Any) -> Any:
    """Return a struct field's type as our schemas spell it; ids and enums without details."""
    if getattr(kind, "__name__", "") == "EventId":
        return "Id"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [(f.name, shape(f.type)) for f in msgspec.structs.fields(kind)]
    if kind in AVRO:
        return AVRO[kind]
    arguments = get_args(kind)
    if arguments[-1:] == (Ellipsis,):
        return ["array", shape(arguments[0])]
    if all(isinstance(argument, str) for argument in arguments):
        return ("enum", arguments)
    return {"union": sorted(str(shape(argument)) for argument in arguments)}


def schema_shape(kind: Any, named: dict[str, Any]) -> Any:
    """Return a schema's type in the same spelling."""
    if isinstance(kind, str):
        return named.get(kind, kind)
    if isinstance(kind, list):
        return {"union": sorted(str(schema_shape(option, named)) for option in kind)}
    match kind["type"]:
        case "fixed":
            assert (kind["name"], kind["size"]) == ("Id", 16)
            return "Id"
        case "enum":
            assert kind["default"] == "UNKNOWN"
            named[kind["name"]] = ("enum", tuple(kind["symbols"]))
            return named[kind["name"]]
        case "array":
            return ["array", schema_shape(kind["items"], named)]
        case _:
            named[kind["name"]] = [
                (field["name"], schema_shape(field["type"], named)) for field in kind["fields"]
            ]
            return named[kind["name"]]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_struct_and_schema_agree_field_by_field(kind: type[Event]) -> None:
    plane, schema = SCHEMAS[kind.__name__]
    assert plane == ("control" if kind in CONTROL_EVENTS else "production")
    assert schema["namespace"] == f"tse.{plane}"
    assert schema_shape(schema, {}) == shape(kind)


def test_there_is_a_struct_for_every_schema() -> None:
    assert set(SCHEMAS) == {kind.__name__ for kind in EVERY}


def every_field(schema: Any) -> list[dict[str, Any]]:
    """Return the fields of a schema and of the records inside it."""
    found = []
    if isinstance(schema, dict):
        for field in schema.get("fields", []):
            found += [field, *every_field(field["type"])]
        found += every_field(schema.get("items"))
    if isinstance(schema, list):
        found += [field for option in schema for field in every_field(option)]
    return found


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_field_says_what_it_is(name: str) -> None:
    fields = every_field(SCHEMAS[name][1])
    assert len(fields) >= 4
    assert [field["name"] for field in fields if not field.get("doc")] == []


def test_every_schema_stands_in_the_lock_as_it_is() -> None:
    assert unreleased(CHECKOUT) == []
    ids = [version.id for locked in read_lock(CHECKOUT).values() for version in locked.versions]
    assert len(ids) == len(set(ids)) >= len(EVERY)


def full_transitive(versions: list[dict[str, Any]]) -> list[str]:
    """Return what keeps any of the versions from reading any other."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call] # no types
    check = checker.get_compatibility
    return [
        message
        for reader, writer in itertools.permutations(versions, 2)
        if (result := check(parse(json.dumps(reader)), parse(json.dumps(writer)))).compatibility
        is not SchemaCompatibilityType.compatible
        for message in result.messages
    ]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_released_version_can_read_every_other(name: str) -> None:
    versions = [dict(written.schema) for written in released_schemas() if written.name == name]
    assert versions
    assert full_transitive([*versions, dict(SCHEMAS[name][1])]) == []


def test_the_compatibility_check_finds_a_field_without_default() -> None:
    old = dict(SCHEMAS["PriceTicked"][1])
    new = {**old, "fields": [*old["fields"], {"name": "colour", "type": "string", "doc": "x"}]}
    assert any("colour" in message for message in full_transitive([old, new]))
    optional = {"name": "colour", "type": ["null", "string"], "default": None, "doc": "x"}
    assert full_transitive([old, {**old, "fields": [*old["fields"], optional]}]) == []


def test_releasing_gives_new_ids_and_keeps_the_old_ones(tmp_path: Path) -> None:
    folder = tmp_path / "avro"
    folder.mkdir()
    schema = {"type": "record", "name": "A", "fields": [{"name": "x", "type": "long"}]}
    (folder / "production.A.avsc").write_text(json.dumps(schema))
    assert release(folder) == ["A version 1 as id 1"]
    assert release(folder) == []
    schema["doc"] = "changed"
    (folder / "production.A.avsc").write_text(json.dumps(schema))
    assert unreleased(folder) == ["A"]
    assert release(folder) == ["A version 2 as id 2"]
    assert [(w.version, w.id) for w in released_schemas(folder)] == [(1, 1), (2, 2)]


def test_a_released_schema_that_was_touched_or_removed_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "avro"
    folder.mkdir()
    (folder / "production.A.avsc").write_text('{"type": "record", "name": "A", "fields": []}')
    release(folder)
    version = folder / "versions" / "production.A.1.avsc"
    version.write_text(version.read_text().replace("record", "error"))
    with pytest.raises(CatalogueError, match="differs from the version that was released"):
        released_schemas(folder)
    (folder / "production.A.avsc").unlink()
    with pytest.raises(CatalogueError, match="no schema for A"):
        release(folder)


def test_every_event_has_one_topic_of_its_own_plane() -> None:
    catalogue = load_catalogue(CHECKOUT.parents[1] / "topics.yaml")
    for name, (plane, _) in SCHEMAS.items():
        assert catalogue.topic(catalogue.topic_of(name)).plane == plane
