"""The supervisor: both parts or none."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from streams.audit_correlator.service import start, supervise

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
ENDS_WELL = (sys.executable, "-c", "")


def after(reached: Callable[[], bool], bound_s: float = 20.0) -> Callable[[], bool]:
    deadline = time.monotonic() + bound_s

    def stopping() -> bool:
        assert time.monotonic() < deadline
        return reached()

    return stopping


def test_when_one_part_ends_the_other_is_stopped_and_the_service_fails() -> None:
    children = start([SLEEPS, ENDS_WELL], os.environ)
    assert supervise(children, after(lambda: False)) == 1
    assert all(child.returncode is not None for child in children)


def test_a_service_asked_to_stop_ends_its_parts() -> None:
    obeys = (
        sys.executable,
        "-c",
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)",
    )
    child = subprocess.Popen(obeys, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    assert supervise([child], after(lambda: True)) == 0
    child.stdout.close()


def test_a_part_that_dies_of_the_signal_makes_the_service_fail() -> None:
    children = start([SLEEPS], os.environ)
    assert supervise(children, lambda: True) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux alone")
def test_parts_end_when_their_supervisor_is_killed() -> None:
    parent = subprocess.Popen(
        (
            sys.executable,
            "-c",
            "import os, subprocess, sys, time\n"
            "from streams.audit_correlator.service import start\n"
            "child = (sys.executable, '-c', 'from streams.audit_correlator.processes import"
            ' die_with_parent as d; d(); import time; print("up", flush=True); time.sleep(60)\')\n'
            "print(start([child], os.environ)[0].pid, flush=True)\n"
            "time.sleep(60)",
        ),
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert int(parent.stdout.readline())
    assert parent.stdout.readline() == b"up\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert parent.stdout.read() == b"", "the child's end of the pipe closes when it ends"
    parent.stdout.close()
