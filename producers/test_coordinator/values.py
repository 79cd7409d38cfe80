"""Durations and fractions as people write them, and the integers they stand for."""

import re
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.units import HOUR_US, MINUTE_US, SECOND_US, format_e8, parse_e8

DURATION_PATTERN: Final = r"^[0-9]{1,9}(ms|s|m|h)$"
FRACTION_PATTERN: Final = r"^[+-]?[0-9]{1,9}(\.[0-9]{1,8})?%?$"

NUMBER_PATTERN: Final = r"^[+-]?[0-9]{1,10}(\.[0-9]{1,8})?$"
COUNT_PATTERN: Final = r"^[0-9]{1,9}$"

_UNITS_US: Final = {"h": HOUR_US, "m": MINUTE_US, "s": SECOND_US, "ms": 1000}


def parse_duration_us(text: str) -> int:
    """Return a duration such as `90s`, `15m`, `36h` or `500ms` in microseconds.

    Raises:
        InvalidInputError: anything else.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        raise InvalidInputError(f"{text!r} found; a duration such as 90s, 15m or 36h is allowed")
    number = text.rstrip("mhs")
    return int(number) * _UNITS_US[text[len(number) :]]


def format_duration(duration_us: int) -> str:
    """Return a duration in the largest unit in which it is whole."""
    for unit, unit_us in _UNITS_US.items():
        if duration_us % unit_us == 0 and (duration_us or unit == "s"):
            return f"{duration_us // unit_us}{unit}"
    return f"{duration_us}us"


def parse_fraction_e8(text: str) -> int:
    """Return a fraction such as `-15%` or `-0.15`, scaled by 1e8.

    Raises:
        InvalidInputError: anything else, or more digits than the scale can hold.
    """
    if not re.fullmatch(FRACTION_PATTERN, text):
        raise InvalidInputError(f"{text!r} found; a fraction such as -15% or -0.15 is allowed")
    value_e8 = parse_e8(text.rstrip("%"))
    if not text.endswith("%"):
        return value_e8
    if value_e8 % 100:
        raise InvalidInputError(f"{text!r} found; at most six decimals of a per cent are allowed")
    return value_e8 // 100


def format_fraction(value_e8: int) -> str:
    """Return a scaled fraction in per cent, with no zero too many."""
    text = format_e8(value_e8 * 100)
    return f"{text.rstrip('0').rstrip('.')}%"


def parse_number_e8(text: str) -> int:
    """Return a plain decimal such as `2.5` or `250000`, scaled by 1e8.

    Raises:
        InvalidInputError: anything else, or more digits than the scale can hold.
    """
    if not re.fullmatch(NUMBER_PATTERN, text):
        raise InvalidInputError(f"{text!r} found; a number such as 2.5 or 250000 is allowed")
    return parse_e8(text)


def format_number(value_e8: int) -> str:
    """Return a scaled number with no zero too many."""
    return format_e8(value_e8).rstrip("0").rstrip(".")


def parse_count(text: str) -> int:
    """Return a whole number such as `100`.

    Raises:
        InvalidInputError: anything else.
    """
    if not re.fullmatch(COUNT_PATTERN, text):
        raise InvalidInputError(f"{text!r} found; a whole number such as 100 is allowed")
    return int(text)
