"""Who answers at a door."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final, Literal

import msgspec

Environment = Literal["dev", "test", "prod"]
DISTRIBUTION: Final = "trading-ecosystem"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The service behind a door, as health, logs and the OpenAPI document name it."""

    service: str
    """What it is: `exchange`, `custodian`, ..."""
    instance: str
    """Which one it is: `exchange-okx`."""
    environment: Environment
    version: str = version(DISTRIBUTION)


def utc_text(time_us: int) -> str:
    """Return a time as ISO 8601 in UTC, to the microsecond."""
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_us % 1_000_000:06d}Z"
