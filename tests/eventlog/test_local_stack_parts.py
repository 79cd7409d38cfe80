"""The parts of the local stack, each without a server."""

import errno
import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from eventlog.errors import LocalStackError
from eventlog.local_stack.aot import ensure_aot
from eventlog.local_stack.files import (
    MIB,
    cache_folder,
    default_home,
    disk_errors,
    require_free_disk,
    write_private,
)
from eventlog.local_stack.jars import LOCK_FILE, Jar, prepare_jars, read_lock
from eventlog.local_stack.processes import (
    Deadline,
    end,
    explain_death,
    free_ports,
    leftovers,
    port_is_free,
    spawn,
)
from eventlog.local_stack.server import read_state
from eventlog.local_stack.stack import Endpoints


def _jar(content: bytes, artifact: str) -> Jar:
    return Jar(
        group="org.example",
        artifact=artifact,
        version="1.0",
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local Maven repository, and nothing reachable behind it."""
    folder = tmp_path / "repository"
    (closed,) = free_ports(1)
    configuration = tmp_path / "jgo.conf"
    configuration.write_text(f"[repositories]\nnowhere = http://127.0.0.1:{closed}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("M2_REPO", str(folder))
    return folder


def _store(repository: Path, jar: Jar, content: bytes) -> None:
    path = repository / "org" / "example" / jar.artifact / jar.version / jar.file_name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_the_committed_lock_holds_kafka_4_3_1_and_no_address() -> None:
    jars = read_lock()
    versions = {jar.artifact: jar.version for jar in jars}
    assert versions["kafka_2.13"] == versions["kafka-clients"] == "4.3.1"
    assert len({jar.file_name for jar in jars}) == len(jars)
    assert "://" not in LOCK_FILE.read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dependencies = 3", "array"),
        ("[metadata]\n", "dependencies"),
        ("not toml", "Expected"),
        (
            '[[dependencies]]\ngroupId="g"\nartifactId="a"\nversion="1"\nsha256="12"\n',
            "'12' is no SHA-256",
        ),
    ],
)
def test_a_damaged_lock_is_refused_with_its_path(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "jars.lock.toml"
    path.write_text(text)
    with pytest.raises(LocalStackError, match=reason) as caught:
        read_lock(path)
    assert str(path) in str(caught.value)


def test_jars_come_from_the_local_maven_repository_when_their_hash_is_right(
    tmp_path: Path, repository: Path
) -> None:
    jars = [_jar(f"jar {number}".encode(), f"part-{number}") for number in range(5)]
    for number, jar in enumerate(jars):
        _store(repository, jar, f"jar {number}".encode())
    told: list[tuple[int, int]] = []
    paths = prepare_jars(
        tmp_path / "cache",
        jars=jars,
        on_progress=lambda ready, wanted: told.append((ready, wanted)),
    )
    assert [path.read_bytes() for path in paths] == [b"jar %d" % number for number in range(5)]
    assert told == [(number, 5) for number in range(1, 6)]


def test_a_jar_that_cannot_be_fetched_is_one_clear_line_and_leaves_nothing(
    tmp_path: Path, repository: Path
) -> None:
    jars = [_jar(b"here", "here"), _jar(b"nowhere", "nowhere")]
    _store(repository, jars[0], b"here")
    _store(repository, jars[1], b"another jar of that name")
    with pytest.raises(LocalStackError) as caught:
        prepare_jars(tmp_path / "cache", jars=jars)
    assert "jar org.example:nowhere:1.0 could not be fetched" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in (tmp_path / "cache" / "jars").iterdir()] == ["here-1.0.jar"]
    assert not list((tmp_path / "cache").glob("fetch-*"))


def test_preparing_at_the_same_time_fetches_each_jar_once(tmp_path: Path, repository: Path) -> None:
    jars = [_jar(f"jar {number}".encode(), f"part-{number}") for number in range(8)]
    for number, jar in enumerate(jars):
        _store(repository, jar, f"jar {number}".encode())
    told: list[int] = []

    def prepare(_: int) -> tuple[Path, ...]:
        return prepare_jars(
            tmp_path / "cache", jars=jars, on_progress=lambda ready, _: told.append(ready)
        )

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(prepare, range(4)))
    assert told == list(range(1, 9))
    assert set(results) == {results[0]}


def test_a_full_disk_is_refused_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=r"kafka: 99 MiB free under .*, 100 MiB needed"):
        require_free_disk(
            tmp_path / "not" / "yet", needed_mib=100, what="kafka", free_bytes=lambda _: 99 * MIB
        )
    require_free_disk(tmp_path, needed_mib=100, what="kafka", free_bytes=lambda _: 100 * MIB)


def test_a_disk_that_fills_up_on_the_way_is_one_clear_line() -> None:
    with (
        pytest.raises(LocalStackError, match=r"kafka: the disk is full.*\(/data/x\)"),
        disk_errors("kafka"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x")


def test_an_error_that_is_not_the_disk_s_passes_unchanged() -> None:
    with pytest.raises(ConnectionResetError), disk_errors("kafka"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")


def test_a_private_file_replaces_an_open_one_with_mode_0600(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("java.net.BindException: Address already in use\n", "a port is busy"),
        ("java.io.IOException: No space left on device\n", "the disk is full"),
        ("WARN fine\nERROR wrong node id\n", r"ended while starting \(ERROR wrong node id\)"),
        ("", "ended while starting; its log is"),
    ],
)
def test_a_death_is_explained_by_what_the_log_says_since_the_start(
    tmp_path: Path, text: str, said: str
) -> None:
    log = tmp_path / "kafka.log"
    before = "ERROR of the run before, No space left on device\n"
    log.write_text(before + text)
    error = explain_death("kafka", log, len(before))
    with pytest.raises(LocalStackError, match=said):
        raise error


def test_a_spawned_process_is_known_by_its_marker_and_gone_after_its_end(tmp_path: Path) -> None:
    marker = str(tmp_path / "marker")
    program = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"
    log = tmp_path / "logs" / "one.log"
    record = spawn([sys.executable, "-c", program, marker], log=log, marker=marker, ports={})
    deadline = Deadline(10)
    while not (log.exists() and marker in log.read_text()) and not deadline.passed():
        deadline.pause()
    process = record.process()
    assert process is not None
    assert [found.pid for found in leftovers(marker)] == [record.pid]
    end(process, grace_s=5)
    assert record.process() is None
    assert leftovers(marker) == []
    assert not psutil.pid_exists(record.pid)


def test_a_process_that_will_not_end_is_killed(tmp_path: Path) -> None:
    marker = str(tmp_path / "stubborn")
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(60)"
    )
    log = tmp_path / "one.log"
    record = spawn([sys.executable, "-c", program, marker], log=log, marker=marker, ports={})
    deadline = Deadline(10)
    while not (log.exists() and "deaf" in log.read_text()) and not deadline.passed():
        deadline.pause()
    process = record.process()
    assert process is not None
    end(process, grace_s=0.2)
    assert record.process() is None


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(port_is_free(port) for port in ports)


@pytest.mark.parametrize(
    "content", [None, "", "{", '{"services": 3}', '{"services": {"kafka": 1}}']
)
def test_a_missing_or_damaged_state_records_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "stack.json").write_text(content)
    assert read_state(tmp_path).services == {}


def test_a_failed_training_is_noted_and_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "kafka.aot"
    attempts: list[Path] = []

    def train(draft: Path) -> None:
        attempts.append(draft)
        raise LocalStackError("no broker for the training")

    ensure_aot(path, train)
    ensure_aot(path, train)
    assert len(attempts) == 1
    assert "no broker for the training" in path.with_suffix(".failed").read_text()
    assert not path.exists()


def test_the_aot_cache_is_made_once_by_whoever_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "kafka.aot"
    attempts: list[Path] = []

    def train(draft: Path) -> None:
        attempts.append(draft)
        draft.write_bytes(b"cache")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ensure_aot(path, train), range(4)))
    assert len(attempts) == 1
    assert path.read_bytes() == b"cache"


def test_the_folders_follow_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TSE_HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "cache"
    assert default_home() == tmp_path / "home"
    monkeypatch.delenv("TSE_CACHE")
    monkeypatch.delenv("TSE_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert cache_folder() == tmp_path / "trading-ecosystem"
    assert default_home() == tmp_path / ".tse"


def test_endpoints_show_no_password() -> None:
    endpoints = Endpoints(
        bootstrap_servers="127.0.0.1:1",
        postgres_dsn="postgresql://postgres:hidden@127.0.0.1:2/postgres",
        valkey_url="redis://:hidden@127.0.0.1:3/0",
        secrets=Path("secrets"),
    )
    assert "hidden" not in repr(endpoints)
    assert "127.0.0.1:1" in repr(endpoints)
