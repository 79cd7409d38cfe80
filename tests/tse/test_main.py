"""The door of the command line: how requests to end, and errors of the machine, leave it."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PROGRAM = """
import signal, sys, time
from pathlib import Path
from tse.__main__ import take_requests_to_end
from tse.running.processes import Processes
signal.signal(signal.SIGINT, signal.default_int_handler)  # as from a terminal, though the tests
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # themselves may run in the background
take_requests_to_end()
with Processes(Path(sys.argv[1])) as processes:
    processes.start("child", [sys.executable, "-c", "import time; time.sleep(600)"], {})
    print(processes.pid("child"), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_asked_to_end_takes_its_children_with_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(number)
        try:
            assert parent.wait(60) != 0
        finally:
            parent.kill()
    assert not child.is_running()


def test_a_folder_that_cannot_be_made_is_one_line_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home, reports = tmp_path / "home", tmp_path / "file" / "reports"
    options = ["--home", str(home), "--reports", str(reports)]
    done = subprocess.run(
        [sys.executable, "-m", "tse", "demo", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert str(reports) in done.stderr
    assert not home.exists()
