"""Sliding windows: extremes that cost nothing while nothing is beyond them."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.windows import Extremes, Sighted
from tests.ecosystem.risk.facts import clock


def sighted(at_us: int, value: int, number: int = 0) -> Sighted:
    return at_us, value, clock(at_us, number)


def test_of_equal_values_the_last_is_the_extreme() -> None:
    extremes = Extremes()
    for number, value in enumerate((5, 9, 5, 9, 7)):
        extremes.keep(sighted(number, value, number))
    assert extremes.since(0) == (sighted(3, 9, 3), sighted(2, 5, 2))


def test_an_extreme_that_is_too_old_gives_way_to_the_next() -> None:
    extremes = Extremes()
    assert not extremes
    for at_us, value in ((0, 9), (1, 3), (2, 8), (3, 4)):
        extremes.keep(sighted(at_us, value))
    assert extremes
    assert extremes.since(0)[0] == sighted(0, 9)
    assert extremes.since(1) == (sighted(2, 8), sighted(1, 3))
    assert extremes.since(3) == (sighted(3, 4), sighted(3, 4))
    assert extremes.last == sighted(3, 4)


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.booleans()), min_size=1),
    width_us=st.integers(0, 8),
)
def test_it_finds_what_a_look_at_every_value_finds(
    steps: list[tuple[int, int, bool]], width_us: int
) -> None:
    extremes, seen, now_us = Extremes(), list[Sighted](), 0
    for number, (later_us, value, asked) in enumerate(steps):
        now_us += later_us
        seen.append(sighted(now_us, value, number))
        extremes.keep(seen[-1])
        assert extremes.last == seen[-1]
        if asked:
            left = [one for one in reversed(seen) if one[0] >= now_us - width_us]
            high = max(left, key=lambda one: one[1])
            low = min(left, key=lambda one: one[1])
            assert extremes.since(now_us - width_us) == (high, low)
