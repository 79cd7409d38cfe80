"""Scaled integers: money, price and quantity carry eight decimals and never a float."""

from typing import Final

from ecosystem.errors import InvalidInputError

E8: Final = 100_000_000
SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US


def multiply_e8(left_e8: int, right_e8: int) -> int:
    """Return the product of two scaled numbers, rounded towards minus infinity."""
    return left_e8 * right_e8 // E8


def divide_e8(left_e8: int, right_e8: int) -> int:
    """Return the quotient of two scaled numbers, rounded towards minus infinity.

    Raises:
        ZeroDivisionError: `right_e8` is zero.
    """
    return left_e8 * E8 // right_e8


def parse_e8(text: str) -> int:
    """Return the scaled integer of a decimal such as `-0.05` or `60000`.

    Raises:
        InvalidInputError: not a plain decimal, or more than eight decimals.
    """
    sign = -1 if text.startswith("-") else 1
    whole, point, fraction = text.lstrip("+-").partition(".")
    digits = whole + fraction
    wrong = not digits.isascii() or not digits.isdigit() or len(fraction) > 8
    if wrong or (point and not fraction) or len(text) - len(whole + point + fraction) > 1:
        raise InvalidInputError(f"{text!r}: a decimal with at most eight decimals is allowed")
    return sign * int((whole or "0") + fraction.ljust(8, "0"))


def format_e8(value_e8: int, decimals: int = 8) -> str:
    """Return a scaled number as a decimal with `decimals` places, cut, not rounded."""
    whole, fraction = divmod(abs(value_e8), E8)
    sign = "-" if value_e8 < 0 else ""
    return f"{sign}{whole}" + (f".{fraction:08d}"[: decimals + 1] if decimals else "")
