"""The entry point of the images: waits for what the command needs, then becomes it."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import entry


def test_waiting_ends_as_soon_as_nothing_is_missing() -> None:
    answers = iter(["no login", "no topic clock", None])
    pauses: list[float] = []
    entry.await_nothing_missing(lambda: next(answers), 60.0, pauses.append)
    assert pauses == [entry.LOOK_EVERY_S, entry.LOOK_EVERY_S]


def test_waiting_in_vain_says_what_was_missing_last() -> None:
    with pytest.raises(entry.NotServedError, match=r"no topic clock \(waited 0 s\)"):
        entry.await_nothing_missing(lambda: "no topic clock", 0.0, lambda seconds: None)


def test_the_epoch_is_handed_on_and_settings_of_the_entry_are_not(tmp_path: Path) -> None:
    epoch = tmp_path / "clock-epoch-us"

    def init_finishes(seconds: float) -> None:
        epoch.write_text("1795389871664943\n")

    environment = entry.prepared_environment(
        {"ENTRY_EPOCH_FILE": str(epoch), "ENTRY_PRINCIPAL": "clock", "TSE_SEED": "1"}, init_finishes
    )
    assert environment == {"TSE_SEED": "1", entry.EPOCH_VARIABLE: "1795389871664943"}


def test_a_command_that_needs_nothing_is_run_at_once_as_the_same_process() -> None:
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    started = subprocess.Popen(
        [sys.executable, entry.__file__, *command],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(entry.__file__).parents[1])},
    )
    output, _ = started.communicate(timeout=60)
    assert int(output) == started.pid
    assert started.returncode == 0


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main([]) == 2
    assert "usage: entry.py COMMAND" in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_named_and_the_command_not_started(tmp_path: Path) -> None:
    password = tmp_path / "clock"
    password.write_text("secret")
    password.chmod(0o600)
    done = subprocess.run(
        [sys.executable, entry.__file__, "echo", "started"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PYTHONPATH": str(Path(entry.__file__).parents[1]),
            "ENTRY_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "ENTRY_PRINCIPAL": "clock",
            "ENTRY_PASSWORD_FILE": str(password),
            "ENTRY_WAIT_S": "0",
        },
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error: echo was not started: the broker does not let clock in" in done.stderr
