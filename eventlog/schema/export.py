"""Handing the released schemas of one plane to somebody who has no checkout."""

import shutil
from pathlib import Path

import msgspec

from eventlog.schema.store import LOCK_NAME, read_lock, version_path


def export_schemas(source: Path, target: Path, plane: str) -> None:
    """Write the lock and every released version of a plane's schemas into `target`.

    Args:
        source: a folder of schemas with its lock, e.g. of a checkout.
    Raises:
        CatalogueError: the lock in `source` is missing or malformed.
    """
    (target / "versions").mkdir(parents=True, exist_ok=True)
    lock = {name: locked for name, locked in read_lock(source).items() if locked.plane == plane}
    for name, locked in lock.items():
        for entry in locked.versions:
            version = version_path(source, plane, name, entry.version)
            shutil.copyfile(version, target / "versions" / version.name)
    (target / LOCK_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(lock)) + b"\n")
