"""Secrets and files for docker-compose.yml, made where nobody else can read them."""

import os
import stat
from pathlib import Path

import pytest

from deploy import prepare
from eventlog.secret_store import SecretStore


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_every_principal_gets_a_password_of_its_own_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "secrets"
    prepare.prepare_secrets(folder, ["clock", "risk-monitor"], os.getuid())
    files = [
        folder / "run-key",
        folder / "chaos-token",
        folder / "monitor-token",
        *(folder / "kafka" / name for name in ("admin", "clock", "risk-monitor")),
    ]
    assert len({file.read_text() for file in files}) == len(files)
    assert {mode(file) for file in files} == {0o600}
    assert mode(folder) == 0o700


def test_the_broker_gets_a_copy_that_any_user_inside_a_container_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    prepare.prepare_secrets(folder, [], os.getuid())
    copy = folder / "broker" / "admin"
    assert copy.read_text() == SecretStore(folder).get("kafka/admin")
    assert mode(copy) == 0o444


def test_preparing_again_keeps_every_password(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    prepare.prepare_secrets(folder, ["clock"], os.getuid())
    before = {file: file.read_text() for file in folder.rglob("*") if file.is_file()}
    prepare.prepare_secrets(folder, ["clock"], os.getuid())
    assert {file: file.read_text() for file in folder.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(("asked", "own", "uid"), [(None, 1000, 1000), (None, 0, 10001), (7, 0, 7)])
def test_containers_run_as_who_prepares_but_never_as_root(
    asked: int | None, own: int, uid: int
) -> None:
    assert prepare.service_uid(asked, own) == uid


def test_an_env_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    prepare.write_env(path, 1000)
    assert path.read_text() == "TSE_UID=1000\nTSE_GID=1000\n"
    prepare.write_env(path, 7)
    assert path.read_text() == "TSE_UID=1000\nTSE_GID=1000\n"
