"""What both processes of the audit correlator do at their start."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

import structlog

PARENT_VARIABLE: Final = "AUDIT_SUPERVISOR_PID"
_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Make the kernel end this process when its supervisor dies, however that dies (Linux)."""
    supervisor = os.environ.get(PARENT_VARIABLE)
    if supervisor is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before the kernel was asked
        sys.exit(1)


def configure_logs() -> None:
    """Write logs as one JSON object a line to standard error, libraries' warnings included."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def stop_signals() -> Callable[[], bool]:
    """Return whether SIGTERM or SIGINT has arrived since this call, as a function."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return lambda: bool(asked)
