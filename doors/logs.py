"""Structured logs: one JSON object a line, on standard error."""

import sys

import structlog


def configure_logs(**bound: str) -> None:
    """Have every log line be JSON with level, UTC time and what is `bound`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(**bound)
