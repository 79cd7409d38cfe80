"""Price levels: one bad print moves nothing, a crash is believed within seconds."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import defect_of_tick
from ecosystem.risk.intake.levels import ABSURD_CONFIRMED_BY, CONFIRMED_BY, PriceLevels
from ecosystem.units import E8
from tests.ecosystem.risk.facts import tick

LEVEL_E8 = 60_000 * E8


def started(*, good: int = 10) -> PriceLevels:
    levels = PriceLevels()
    assert all(levels.believes(tick(n, 60_000)) for n in range(good))
    return levels


def at_level(mid_e8: int, feed: str = "market-data") -> PriceTicked:
    made = tick(1, 0, bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)
    return msgspec.structs.replace(made, feed=feed)


@pytest.mark.parametrize(
    ("share_e8", "believed"),
    [
        (120_000_000, True),
        (120_000_001, False),
        (80_000_000, True),
        (79_999_999, False),
        (100 * E8, False),
        (E8 // 100, False),
    ],
)
def test_a_tick_is_believed_at_once_up_to_a_fifth_away(share_e8: int, believed: bool) -> None:
    assert started().believes(at_level(LEVEL_E8 * share_e8 // E8)) is believed


@pytest.mark.parametrize("share_e8", [75_000_000, 50_000_000, 21_000_000, 130_000_000])
def test_a_flash_crash_that_lasts_is_believed_at_its_third_tick(share_e8: int) -> None:
    levels = started()
    lasting = [at_level(LEVEL_E8 * share_e8 // E8 + n * E8) for n in range(CONFIRMED_BY + 1)]
    assert [levels.believes(one) for one in lasting] == [False, False, True, True]
    assert not levels.believes(at_level(LEVEL_E8))


@pytest.mark.parametrize("factor_e8", [10 * E8, 100 * E8, E8 // 10, E8 // 100, 10_000 * E8])
def test_wrong_decimals_are_believed_only_when_they_have_lasted_for_minutes(factor_e8: int) -> None:
    levels = started()
    told = [
        levels.believes(at_level(LEVEL_E8 * factor_e8 // E8)) for _ in range(ABSURD_CONFIRMED_BY)
    ]
    assert told == [False] * (ABSURD_CONFIRMED_BY - 1) + [True]


def test_a_good_tick_in_between_begins_the_count_anew() -> None:
    levels = started()
    for _ in range(50):
        assert not levels.believes(at_level(LEVEL_E8 // 2))
        assert not levels.believes(at_level(LEVEL_E8 // 2))
        assert levels.believes(at_level(LEVEL_E8))


def test_ticks_that_do_not_agree_confirm_nothing() -> None:
    levels = started()
    wild = [LEVEL_E8 * 100, LEVEL_E8 // 100, LEVEL_E8 * 3, LEVEL_E8 // 3] * 100
    assert not any(levels.believes(at_level(mid_e8)) for mid_e8 in wild)


@pytest.mark.parametrize("factor_e8", [E8 // 2, 100 * E8])
def test_a_second_feed_confirms_at_once(factor_e8: int) -> None:
    levels = started()
    mid_e8 = LEVEL_E8 * factor_e8 // E8
    assert not levels.believes(at_level(mid_e8))
    assert levels.believes(at_level(mid_e8, feed="another"))


def test_a_first_tick_that_was_wrong_is_put_right_by_three_that_agree() -> None:
    levels = PriceLevels()
    assert levels.believes(at_level(LEVEL_E8 * 100))
    assert [levels.believes(at_level(LEVEL_E8)) for _ in range(3)] == [False, False, True]


@given(steps=st.lists(st.integers(-19, 19), max_size=100))
def test_a_market_that_moves_in_steps_is_followed_tick_by_tick(steps: list[int]) -> None:
    levels, mid_e8 = started(), LEVEL_E8
    for percent in steps:
        mid_e8 = max(E8, mid_e8 * (100 + percent) // 100)
        assert levels.believes(at_level(mid_e8))


@given(
    bad=st.lists(st.tuples(st.integers(0, 99), st.integers(2, 10**6), st.booleans()), max_size=40)
)
def test_single_bad_prints_never_pass_and_never_stop_good_ones(
    bad: list[tuple[int, int, bool]],
) -> None:
    levels = started()
    wrong = {place: (factor, up) for place, factor, up in bad}
    for place in range(100):
        if place in wrong and place - 1 not in wrong:
            factor, up = wrong[place]
            mid_e8 = LEVEL_E8 * factor if up else LEVEL_E8 // factor
            assert not levels.believes(at_level(mid_e8))
        assert levels.believes(at_level(LEVEL_E8 + place * E8))


PRICES_E8 = st.sampled_from((-1, 0, 1)) | st.integers(40_000 * E8, 90_000 * E8)


@given(quotes=st.lists(st.tuples(PRICES_E8, PRICES_E8, PRICES_E8), max_size=20))
def test_near_is_what_is_a_quote_and_believed_at_once(quotes: list[tuple[int, int, int]]) -> None:
    looked_at, naive = started(), started()
    for bid_e8, ask_e8, last_e8 in quotes:
        one = tick(1, 0, bid_e8=bid_e8, ask_e8=ask_e8, last_e8=last_e8)
        sound = defect_of_tick(one) is None
        believed = sound and naive.believes(one)
        near = looked_at.near(one)
        assert not near or believed
        assert near or (sound and looked_at.believes(one)) == believed
