"""The schemas of all events, by name and by the id that every record carries.

Sources, in this order: the bundle inside an installed wheel (production plane only), else the
folder `schemas/avro` of a checkout. `<plane>.<Event>.avsc` is what we write;
`versions/<plane>.<Event>.<n>.avsc` are the versions ever released, whose ids and SHA-256 stand in
`ids.lock.json` so that no schema registry is needed to run.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from eventlog.errors import CatalogueError

BUNDLE: Final = Path(__file__).parents[1] / "_bundle" / "schemas"
CHECKOUT: Final = Path(__file__).parents[2] / "schemas" / "avro"
LOCK_NAME: Final = "ids.lock.json"


class LockedVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One released version of a schema and the id its records carry."""

    version: int
    id: int
    sha256: str


class LockedSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event's plane and all its released versions, oldest first."""

    plane: str
    versions: tuple[LockedVersion, ...]


class WrittenSchema(msgspec.Struct, frozen=True, kw_only=True):
    """One released version with its text."""

    name: str
    version: int
    id: int
    schema: Mapping[str, Any]


def schema_folder() -> Path:
    """Return the folder the schemas are read from in this installation."""
    return BUNDLE if BUNDLE.is_dir() else CHECKOUT


def digest(schema: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a schema, independent of white space and key order."""
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_lock(folder: Path) -> dict[str, LockedSchema]:
    """Return the locked schemas by event name.

    Raises:
        CatalogueError: the lock is missing or malformed.
    """
    path = folder / LOCK_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, LockedSchema])
    except (OSError, msgspec.MsgspecError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def read_schema(path: Path) -> Mapping[str, Any]:
    """Return the schema in the file `path`.

    Raises:
        CatalogueError: the file is missing or no JSON object.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def version_path(folder: Path, plane: str, name: str, version: int) -> Path:
    """Return where version `version` of an event's schema is kept."""
    return folder / "versions" / f"{plane}.{name}.{version}.avsc"


def released_schemas(folder: Path | None = None) -> Sequence[WrittenSchema]:
    """Return every released version of every event's schema, checked against the lock.

    Raises:
        CatalogueError: a file is missing or is not the one that was released; all are named.
    """
    folder = folder or schema_folder()
    found: list[WrittenSchema] = []
    mistakes: list[str] = []
    for name, locked in read_lock(folder).items():
        for entry in locked.versions:
            path = version_path(folder, locked.plane, name, entry.version)
            schema = read_schema(path)
            if digest(schema) != entry.sha256:
                mistakes.append(f"{path}: it differs from the version that was released")
            found.append(
                WrittenSchema(name=name, version=entry.version, id=entry.id, schema=schema)
            )
    if mistakes:
        raise CatalogueError("\n".join(mistakes))
    return found
