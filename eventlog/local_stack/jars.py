"""Kafka's jars: from the committed lock, each verified by its SHA-256 before every start."""

import hashlib
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from eventlog.errors import LocalStackError
from eventlog.local_stack.files import disk_errors, exclusive, require_free_disk

LOCK_FILE: Final = Path(__file__).with_name("jars.lock.toml")
DOWNLOADS_AT_ONCE: Final = 6
DOWNLOAD_TIMEOUT_S: Final = 30
JARS_MIB: Final = 120  # the jars, their drafts and the AOT cache

OnProgress = Callable[[int, int], None]
"""Told after each jar: how many are ready, and of how many."""


class Jar(msgspec.Struct, frozen=True, kw_only=True):
    """One locked jar."""

    group: str = msgspec.field(name="groupId")
    artifact: str = msgspec.field(name="artifactId")
    version: str
    sha256: str
    packaging: str = "jar"

    @property
    def file_name(self) -> str:
        """The jar's name in the cache; two versions lie side by side."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Return the locked jars in class path order.

    Raises:
        LocalStackError: the file is missing, is no TOML, or a jar has no SHA-256.
    """
    try:
        document = tomllib.loads(path.read_text())
        jars = msgspec.convert(document["dependencies"], tuple[Jar, ...])
    except (OSError, tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise LocalStackError(f"jar lock {path}: {error}") from error
    for jar in jars:
        if len(jar.sha256) != hashlib.sha256().digest_size * 2:
            raise LocalStackError(f"jar lock {path}: {jar.file_name}: {jar.sha256!r} is no SHA-256")
    return jars


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, jar: Jar) -> None:
    """Refuse a jar whose bytes are not those of the lock."""
    found = sha256_of(path)
    if found != jar.sha256:
        raise LocalStackError(
            f"jar {path}: SHA-256 {jar.sha256} expected, {found} found; "
            "delete the file and start again to fetch it anew"
        )


def prepare_jars(
    cache: Path,
    *,
    jars: Sequence[Jar] | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Path, ...]:
    """Return the paths of all locked jars, fetching what is missing, each verified.

    Raises:
        LocalStackError: a jar cannot be fetched, or its hash is wrong.
    """
    wanted = read_lock() if jars is None else tuple(jars)
    folder = cache / "jars"
    with disk_errors("Kafka's jars"), exclusive(cache / "jars.lock"):
        missing = [jar for jar in wanted if not (folder / jar.file_name).exists()]
        for jar in wanted:
            if jar not in missing:
                verify(folder / jar.file_name, jar)
        if missing:
            require_free_disk(cache, needed_mib=JARS_MIB, what="Kafka's jars")
            _fetch(missing, folder, len(wanted), on_progress)
    return tuple(folder / jar.file_name for jar in wanted)


def _fetch(
    missing: Sequence[Jar], folder: Path, wanted: int, on_progress: OnProgress | None
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ready = wanted - len(missing)
    with (
        tempfile.TemporaryDirectory(prefix="fetch-", dir=folder.parent) as drafts,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):
        fetched = pool.map(lambda jar: _fetch_one(jar, Path(drafts)), missing)
        for jar, draft in zip(missing, fetched, strict=True):
            draft.replace(folder / jar.file_name)
            ready += 1
            if on_progress is not None:
                on_progress(ready, wanted)


def _fetch_one(jar: Jar, drafts: Path) -> Path:
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext
    except ImportError as error:
        raise LocalStackError(f"jgo is not installed ({error}); install the extra `lab`") from error
    settings = GlobalSettings.load()  # the machine's own Maven access, if it has declared one
    context = MavenContext(
        repo_cache=drafts,
        remote_repos=settings.repositories or None,
        timeout=DOWNLOAD_TIMEOUT_S,
    )
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    local = settings.repo_cache / component.path_prefix / jar.file_name
    draft = drafts / f"{jar.sha256}.jar"
    if local.is_file() and sha256_of(local) == jar.sha256:
        shutil.copyfile(local, draft)
        return draft
    try:
        fetched = component.artifact(packaging=jar.packaging).resolve()
    except OSError as error:  # the network's errors are OSErrors too
        raise LocalStackError(_unfetched(jar, error)) from error
    except (RuntimeError, ValueError) as error:
        raise LocalStackError(_unfetched(jar, error)) from error
    verify(fetched, jar)
    fetched.replace(draft)
    return draft


def _unfetched(jar: Jar, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"jar {jar.group}:{jar.artifact}:{jar.version} could not be fetched: {reason}; "
        "check the network, or name a reachable Maven repository in jgo's configuration"
    )
