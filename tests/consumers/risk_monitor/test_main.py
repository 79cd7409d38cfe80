"""The monitor's door: wrong settings are told at once, before anything is reached."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.consumers.risk_monitor.worlds import monitor_view
from tests.ecosystem.risk.facts import LIMITS_FILE

ROOT = Path(__file__).parents[3]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings with which the monitor would reach for a broker that is not there."""
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    view = tmp_path / "view.json"
    view.write_text(monitor_view().to_json())
    return {
        "RISK_MONITOR_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "RISK_MONITOR_PASSWORD_FILE": str(password),
        "RISK_MONITOR_TOPICS_FILE": str(view),
    }


def run(environment: dict[str, str]) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "consumers.risk_monitor"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


def test_every_wrong_setting_is_named(environment: dict[str, str]) -> None:
    environment["RISK_MONITOR_SLICES"] = "sometimes"
    environment["RISK_MONITOR_HTTP_PORT"] = "70000"
    code, lines = run(environment)
    assert code == 2
    assert [line["variable"] for line in lines] == [
        "RISK_MONITOR_SLICES",
        "RISK_MONITOR_HTTP_PORT",
    ]


def test_wrong_limits_are_told_with_their_file(environment: dict[str, str], tmp_path: Path) -> None:
    limits = tmp_path / "mine.toml"
    limits.write_text(LIMITS_FILE.read_text().replace("fall = 0.15", "fall = 0\nrise = 1"))
    environment["RISK_MONITOR_LIMITS_FILE"] = str(limits)
    code, (line,) = run(environment)
    assert code == 2
    mistakes = line["mistakes"]
    assert isinstance(mistakes, list)
    assert len(mistakes) == 2
    assert all(str(mistake).startswith(str(limits)) for mistake in mistakes)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("RISK_MONITOR_LIMITS_FILE", "/no/such/file", "/no/such/file"),
        ("RISK_MONITOR_NAMESPACE", "Not A Name", "Not A Name"),
    ],
)
def test_input_that_cannot_be_used_is_refused(
    environment: dict[str, str], variable: str, value: str, expected: str
) -> None:
    code, lines = run({**environment, variable: value})
    assert code == 2
    assert expected in str(lines)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [("RISK_MONITOR_PASSWORD_FILE", "SecretError"), ("RISK_MONITOR_TOPICS_FILE", "CatalogueError")],
)
def test_a_file_that_is_missing_ends_the_monitor_with_one_line(
    environment: dict[str, str], variable: str, expected: str
) -> None:
    code, (line,) = run({**environment, variable: "/no/such/file"})
    assert code == 1
    assert str(line["error"]).startswith(expected)
    assert "/no/such/file" in str(line["error"])


def test_a_password_others_can_read_is_refused(environment: dict[str, str]) -> None:
    Path(environment["RISK_MONITOR_PASSWORD_FILE"]).chmod(0o644)
    code, (line,) = run(environment)
    assert code == 1
    assert "0600 is allowed" in str(line["error"])
