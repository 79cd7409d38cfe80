"""Structs of the core as JSON has them: decimals and ids as text, times in UTC.

A field loses its unit as its value does: `price_e8` becomes `price`, a decimal, and
`event_time_us` becomes `event_time`, an ISO 8601 text.
"""

from typing import Any

import msgspec

from doors.fields import decimal
from doors.identity import utc_text
from ecosystem.events.envelope import Event


def words(struct: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of a struct as plain values."""
    return dict(_words(name, value) for name, value in msgspec.structs.asdict(struct).items())


def event_words(event: Event) -> dict[str, Any]:
    """Return an event with the name of its type under `event`."""
    return {"event": type(event).__name__, **words(event)}


def _words(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_e8"):
        return name.removesuffix("_e8"), _decimals(value, 8)
    if name.endswith("_e16"):
        return name.removesuffix("_e16"), _decimals(value, 16)
    if name.endswith("time_us"):
        return name.removesuffix("_us"), None if value is None else utc_text(value)
    return name, _plain(value)


def _decimals(value: Any, places: int) -> Any:
    match value:
        case int():
            return decimal(value, places)
        case tuple() | list():
            return [_decimals(one, places) for one in value]
        case dict():
            return {key: _decimals(one, places) for key, one in value.items()}
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case msgspec.Struct():
            return words(value)
        case tuple() | list():
            return [_plain(one) for one in value]
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case _:
            return value
