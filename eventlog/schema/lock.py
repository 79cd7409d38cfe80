"""Releasing schemas: checks what stands in `schemas/avro` and freezes new versions with ids."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from eventlog.errors import CatalogueError
from eventlog.schema.store import (
    LOCK_NAME,
    LockedSchema,
    LockedVersion,
    digest,
    read_lock,
    read_schema,
    version_path,
)

ID_FIRST: Final = 1


def current_schemas(folder: Path) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return plane and schema of every `<plane>.<Event>.avsc` in `folder`, by event name."""
    found = {}
    for path in sorted(folder.glob("*.avsc")):
        plane, name = path.stem.split(".")
        found[name] = (plane, read_schema(path))
    return found


def unreleased(folder: Path) -> list[str]:
    """Return the events whose schema differs from their last released version, or has none."""
    lock = read_lock(folder) if (folder / LOCK_NAME).exists() else {}
    return [
        name
        for name, (_, schema) in current_schemas(folder).items()
        if name not in lock or lock[name].versions[-1].sha256 != digest(schema)
    ]


def release(folder: Path) -> list[str]:
    """Freeze every new or changed schema as its next version; return what was released.

    Ids are given once and never again. A schema that has vanished is an error: its records are
    still on somebody's log.

    Raises:
        CatalogueError: a released event has no schema any more.
    """
    lock = read_lock(folder) if (folder / LOCK_NAME).exists() else {}
    current = current_schemas(folder)
    if gone := sorted(set(lock) - set(current)):
        raise CatalogueError(f"{folder}: no schema for {', '.join(gone)}, which was released")
    next_id = max((v.id for s in lock.values() for v in s.versions), default=ID_FIRST - 1) + 1
    released = []
    for name in unreleased(folder):
        plane, schema = current[name]
        versions = lock[name].versions if name in lock else ()
        entry = LockedVersion(version=len(versions) + 1, id=next_id, sha256=digest(schema))
        path = version_path(folder, plane, name, entry.version)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schema, indent=2) + "\n")
        lock[name] = LockedSchema(plane=plane, versions=(*versions, entry))
        released.append(f"{name} version {entry.version} as id {entry.id}")
        next_id += 1
    text = msgspec.json.format(msgspec.json.encode(lock), indent=2)
    (folder / LOCK_NAME).write_bytes(text + b"\n")
    return released
