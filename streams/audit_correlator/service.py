"""`python -m streams.audit_correlator.service`: tap and stream job as one service."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from streams.audit_correlator.processes import PARENT_VARIABLE, configure_logs, stop_signals

PARTS: Final = ("streams.audit_correlator.tap", "streams.audit_correlator")
LOOK_EVERY_S: Final = 0.1
GRACE_S: Final = 25.0
"""A graceful stop takes at most this long; then the part is killed, which loses nothing."""
log = structlog.get_logger()


def start(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> list[subprocess.Popen[bytes]]:
    """Start every command as a child that ends when this process does."""
    own = {**environment, PARENT_VARIABLE: str(os.getpid())}
    return [subprocess.Popen(list(command), env=own) for command in commands]


def supervise(children: Sequence[subprocess.Popen[bytes]], stopping: Callable[[], bool]) -> int:
    """Wait until asked to stop or until one child ends, stop the others, return the exit code.

    A child that ends by itself is a failure, whatever its own exit code says.
    """
    ended = None
    while not stopping() and ended is None:
        time.sleep(LOOK_EVERY_S)
        ended = next((child for child in children if child.poll() is not None), None)
    if ended is not None:
        log.error("part_ended", command=ended.args, exit_code=ended.returncode)
    stop(children)
    failed = [child for child in children if child.returncode != 0]
    return 1 if ended is not None or failed else 0


def stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Stop the children gracefully; kill those that do not stop in time."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + GRACE_S
    for child in children:
        try:
            child.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            log.error("part_killed", command=child.args)
            child.kill()
            child.wait()


def main() -> int:
    """Run tap and job until SIGTERM or SIGINT; return the exit code."""
    configure_logs()
    stopping = stop_signals()
    children = start([(sys.executable, "-m", part) for part in PARTS], os.environ)
    log.info("correlator_started", parts=[child.pid for child in children])
    return supervise(children, stopping)


if __name__ == "__main__":
    sys.exit(main())
