"""`tse stack` as it is typed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventlog.errors import LocalStackError
from eventlog.local_stack import Endpoints, LocalValkey
from tse.stack_commands import app, describe


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own, given by the environment."""
    monkeypatch.setenv("TSE_HOME", str(tmp_path))
    yield tmp_path
    LocalValkey(tmp_path).kill()


def test_addresses_are_shown_without_their_passwords() -> None:
    endpoints = Endpoints(
        bootstrap_servers="127.0.0.1:1",
        postgres_dsn="postgresql://postgres:hid:d@en@127.0.0.1:2/postgres",
        valkey_url="redis://:hidden@127.0.0.1:3/0",
        secrets=Path("here"),
    )
    assert describe(endpoints) == [
        "kafka     127.0.0.1:1",
        "postgres  postgresql://postgres@127.0.0.1:2/postgres",
        "valkey    redis://127.0.0.1:3/0",
        "secrets   here",
    ]


def test_a_server_that_does_not_run_has_no_address() -> None:
    endpoints = Endpoints(
        bootstrap_servers="", postgres_dsn="", valkey_url="", secrets=Path("here")
    )
    assert describe(endpoints) == ["secrets   here"]


@pytest.mark.infra
def test_up_status_logs_and_down_follow_one_another(home: Path) -> None:
    runner = CliRunner()
    first = runner.invoke(app, ["up", "valkey"])
    assert first.exit_code == 0, first.output
    assert re.search(r"^valkey +redis://127\.0\.0\.1:\d+/0$", first.stdout, re.MULTILINE)
    again = runner.invoke(app, ["up", "valkey"])
    assert again.stdout == first.stdout

    status = runner.invoke(app, ["status"])
    assert status.exit_code == 1, "two of the three servers do not run"
    assert re.search(r"kafka +stopped", status.stdout)
    assert re.search(r"valkey +running", status.stdout)

    logs = runner.invoke(app, ["logs", "valkey", "--lines", "1"])
    assert logs.exit_code == 0
    assert logs.stdout.count("\n") == 1
    assert "Ready to accept connections" in logs.stdout

    assert runner.invoke(app, ["down"]).exit_code == 0
    assert runner.invoke(app, ["down"]).exit_code == 0
    assert LocalValkey(home).record is None


def test_the_log_of_a_server_that_never_ran_is_a_clear_error(home: Path) -> None:
    result = CliRunner().invoke(app, ["logs", "kafka"])
    assert isinstance(result.exception, LocalStackError)
    assert f"no log yet in {home}" in str(result.exception)


def test_an_unknown_server_is_a_clear_error(home: Path) -> None:
    result = CliRunner().invoke(app, ["up", "redis"])
    assert isinstance(result.exception, LocalStackError)
    assert "'redis': unknown; kafka, postgres, valkey are allowed" in str(result.exception)
    assert list(home.iterdir()) == []
