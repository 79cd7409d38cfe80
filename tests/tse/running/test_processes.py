"""Child processes of a run: watched, killed, restarted, and never left behind."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tse.running.processes import ProcessEndedError, Processes

SERVE = "import time; print('serving', flush=True); time.sleep(600)"
SPAWN = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SERVE!r}])"


def until(condition: Callable[[], bool], bound_s: float = 10.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)  # bound above


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_running_process_is_fine_and_one_that_ended_is_named_with_its_last_words(
    tmp_path: Path,
) -> None:
    with Processes(tmp_path) as processes:
        processes.start("server", python(SERVE), {})
        until(lambda: processes.log("server").read_text() == "serving\n")
        processes.check()
        processes.start("sad", python("print('out of luck'); raise SystemExit(3)"), {})
        sad = psutil.Process(processes.pid("sad"))
        until(lambda: sad.status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(ProcessEndedError, match=r"sad ended with exit code 3; .*out of luck"):
            processes.check()


def test_nothing_is_left_behind_not_even_grandchildren(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("parent", python(SPAWN), {})
        until(lambda: processes.log("parent").read_text() == "serving\n")
        family = [processes.pid("parent")]
        family += [child.pid for child in psutil.Process(family[0]).children(recursive=True)]
        assert len(family) == 2
    until(lambda: not any(psutil.pid_exists(pid) for pid in family))


def test_a_killed_process_is_restarted_as_it_was_started(tmp_path: Path) -> None:
    code = "import os, time; print(os.environ['WORD'], flush=True); time.sleep(600)"
    with Processes(tmp_path) as processes:
        processes.start("server", python(code), {"WORD": "hello"})
        until(lambda: processes.log("server").read_text() == "hello\n")
        pid = processes.pid("server")
        processes.kill("server")
        assert not psutil.pid_exists(pid)
        processes.restart("server")
        until(lambda: processes.log("server").read_text() == "hello\nhello\n")


def test_a_process_sees_its_own_settings_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    code = "import os; print(sorted(os.environ), flush=True)"
    with Processes(tmp_path) as processes:
        processes.start("curious", python(code), {"MINE": "1"})
        until(lambda: "]" in processes.log("curious").read_text())
        seen = processes.log("curious").read_text()
    assert "'MINE'" in seen
    assert "SOME_TOKEN" not in seen


def test_a_process_works_in_the_folder_it_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with Processes(tmp_path / "logs") as processes:
        processes.start("placed", python("import os; print(os.getcwd(), flush=True)"), {}, folder)
        until(lambda: processes.log("placed").read_text() == f"{folder}\n")
