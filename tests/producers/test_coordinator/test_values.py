import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.units import E8
from producers.test_coordinator.values import (
    format_duration,
    format_fraction,
    parse_duration_us,
    parse_fraction_e8,
)


@pytest.mark.parametrize(
    ("text", "duration_us"),
    [
        ("0s", 0),
        ("500ms", 500_000),
        ("90s", 90_000_000),
        ("15m", 900_000_000),
        ("36h", 129_600_000_000),
    ],
)
def test_durations_are_read_in_their_unit(text: str, duration_us: int) -> None:
    assert parse_duration_us(text) == duration_us


@pytest.mark.parametrize(
    "text",
    ["", "90", "s", "1.5h", "-1s", "1 h", "1d", "1h30m", "9999999999s", "\u0661s", "1s\n", "5mm"],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInputError, match="a duration such as 90s, 15m or 36h is allowed"):
        parse_duration_us(text)


@given(st.integers(1, 10**9 - 1), st.sampled_from(["ms", "s", "m", "h"]))
def test_a_shown_duration_reads_as_the_same_duration(number: int, unit: str) -> None:
    duration_us = parse_duration_us(f"{number}{unit}")
    assert parse_duration_us(format_duration(duration_us)) == duration_us


@pytest.mark.parametrize(
    ("text", "fraction_e8"),
    [
        ("0%", 0),
        ("-15%", -15_000_000),
        ("1.8%", 1_800_000),
        ("+100%", E8),
        ("0.000001%", 1),
        ("-0.15", -15_000_000),
        ("1", E8),
    ],
)
def test_fractions_are_read_in_per_cent_or_plain(text: str, fraction_e8: int) -> None:
    assert parse_fraction_e8(text) == fraction_e8


@pytest.mark.parametrize("text", ["", "%", "1 %", "1e3", "--1%", ".5", "5.", "1,5%", "nan", "1%%"])
def test_anything_else_is_no_fraction(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"a fraction such as -15% or -0\.15 is allowed"):
        parse_fraction_e8(text)


def test_a_fraction_finer_than_the_scale_is_refused_not_rounded() -> None:
    with pytest.raises(InvalidInputError, match="at most six decimals of a per cent"):
        parse_fraction_e8("0.0000001%")


@given(st.integers(-E8, E8))
def test_a_shown_fraction_reads_as_the_same_fraction(fraction_e8: int) -> None:
    assert parse_fraction_e8(format_fraction(fraction_e8)) == fraction_e8
