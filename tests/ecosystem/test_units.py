"""Scaled integers against exact decimals."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.units import E8, divide_e8, format_e8, multiply_e8, parse_e8

SCALED = st.integers(-(10**18), 10**18)


@given(SCALED)
def test_a_number_survives_printing_and_parsing(value_e8: int) -> None:
    assert parse_e8(format_e8(value_e8)) == value_e8
    assert Decimal(format_e8(value_e8)) == Decimal(value_e8) / E8


@given(SCALED, SCALED)
def test_products_and_quotients_are_rounded_down(left: int, right: int) -> None:
    assert 0 <= Fraction(left * right, E8) - multiply_e8(left, right) < 1
    if right:
        assert divide_e8(left, right) == left * E8 // right


@pytest.mark.parametrize(
    ("text", "value_e8"),
    [("1", E8), ("-0.05", -5_000_000), ("0.00000001", 1), ("+2.5", 250_000_000), (".5", E8 // 2)],
)
def test_decimals_are_read_as_written(text: str, value_e8: int) -> None:
    assert parse_e8(text) == value_e8


@pytest.mark.parametrize("text", ["", "-", "1.", "1e5", "0.000000001", "1,5", "--1", "+-1", "١"])  # noqa: RUF001 - a digit that is not ours
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="decimal"):
        parse_e8(text)
