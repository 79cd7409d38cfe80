"""Moments written as people write them, by the IANA database."""

from datetime import datetime
from zoneinfo import ZoneInfo


def moment_us(text: str, zone: str = "America/New_York") -> int:
    """Return the event time of a moment such as `2026-01-05 16:00`."""
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000
