"""Folders, locks and room on the disk that the local servers share."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from eventlog.errors import LocalStackError

MIB: Final = 1024 * 1024


def cache_folder() -> Path:
    """Return the folder of what all local stacks of this user share: jars and the AOT cache."""
    chosen = os.environ.get("TSE_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "trading-ecosystem"


def default_home() -> Path:
    """Return the stack's home: `$TSE_HOME`, or `.tse` in the current directory."""
    return Path(os.environ.get("TSE_HOME") or ".tse").expanduser().resolve()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; it falls with its process, so a killed holder leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` so that only its owner can read it, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def require_free_disk(
    folder: Path,
    *,
    needed_mib: int,
    what: str,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> None:
    """Refuse to begin `what` where the disk under `folder` has less than `needed_mib` left."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free_mib = free_bytes(existing) // MIB
    if free_mib < needed_mib:
        raise LocalStackError(
            f"{what}: {free_mib} MiB free under {existing}, {needed_mib} MiB needed; "
            "free some space or choose another folder with TSE_HOME and TSE_CACHE"
        )


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn the operating system's refusal of a file into one line that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            fix = "the disk is full; free some space or choose another with TSE_HOME and TSE_CACHE"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            fix = "not writable; choose another folder with TSE_HOME and TSE_CACHE"
        elif error.filename is not None:
            fix = os.strerror(error.errno) if error.errno else str(error)
        else:
            raise
        where = f" ({error.filename})" if error.filename is not None else ""
        raise LocalStackError(f"{what}: {fix}{where}") from error
