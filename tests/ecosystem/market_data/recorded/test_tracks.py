"""Tracks: recorded prices on the grid of the feed, exactly and with nothing lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.bars import bar_path, split_volume
from ecosystem.market_data.recorded.grid import SPEED_UNIT, Grid
from ecosystem.market_data.recorded.records import Bar, RecordedQuote, Trade
from ecosystem.market_data.recorded.tracks import BarTrack, Gaps, PointTrack
from ecosystem.market_data.source import SourcePrice
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.recorded.rows import (
    BEGAN_US,
    MINUTES,
    SECONDS,
    bar,
    quote,
    trade,
)

LOT_E8 = E8 // 100
DRAWS = Stream(1, "test")


def grid(speed: float = 1.0, interval_us: int = SECOND_US) -> Grid:
    return Grid(origin_us=BEGAN_US, interval_us=interval_us, speed_e6=round(speed * SPEED_UNIT))


def bars(rows: Sequence[Bar], speed: float = 1.0, gaps: Gaps = "STALE") -> BarTrack:
    return BarTrack(rows, grid(speed), MINUTES, gaps, DRAWS, LOT_E8)


def points(
    rows: Sequence[Trade | RecordedQuote], speed: float = 1.0, gaps: Gaps = "STALE"
) -> PointTrack:
    return PointTrack(rows, grid(speed), SECONDS, gaps)


def mids(track: BarTrack | PointTrack, steps: int) -> list[float | None]:
    found = [track.at(step) for step in range(steps)]
    return [None if one is None else one.mid_price_e8 / E8 for one in found]


@given(
    prices=st.lists(st.integers(1, 2 * E8), min_size=4, max_size=4),
    steps=st.integers(1, 2_000),
    seed=st.integers(0, 100),
)
def test_a_path_keeps_inside_its_bar_and_hits_all_four_prices(
    prices: list[int], steps: int, seed: int
) -> None:
    low_e8, open_e8, close_e8, high_e8 = sorted(prices)
    one = Bar(
        row=1,
        time_us=BEGAN_US,
        open_price_e8=open_e8,
        high_price_e8=high_e8,
        low_price_e8=low_e8,
        close_price_e8=close_e8,
    )
    path = bar_path(one, steps, Stream(seed, "test"))
    assert len(path) == steps
    assert path[-1] == close_e8
    assert all(low_e8 <= price_e8 <= high_e8 for price_e8 in path)
    if steps > 1:
        assert path[0] == open_e8
    if steps > 3:
        assert (min(path), max(path)) == (low_e8, high_e8)
    assert path == bar_path(one, steps, Stream(seed, "test"))


@pytest.mark.parametrize(
    ("prices", "low_first"),
    [
        ((1.0, 1.5, 0.9, 1.2), True),
        ((1.0, 1.1, 0.5, 0.8), False),
        ((1.0, 1.1, 0.9, 1.05), True),
        ((1.0, 1.1, 0.9, 0.95), False),
    ],
)
def test_the_nearer_extreme_comes_first(prices: tuple[float, ...], low_first: bool) -> None:
    path = bar_path(bar(1, 0, *prices), 60, DRAWS)
    assert (path.index(min(path)) < path.index(max(path))) == low_first


def test_a_path_wanders_between_its_anchors_and_differs_by_seed() -> None:
    one = bar(1, 0, 1.0, 1.1, 0.9, 1.05)
    path = bar_path(one, 600, Stream(1, "test"))
    assert path != bar_path(one, 600, Stream(2, "test"))
    assert len(set(path)) > 500


@given(volume_e8=st.integers(0, 10**15), steps=st.integers(1, 500))
def test_the_parts_of_a_volume_add_up_to_it(volume_e8: int, steps: int) -> None:
    parts = [split_volume(volume_e8, steps, step, LOT_E8) for step in range(steps)]
    assert sum(parts) == volume_e8 // LOT_E8 * LOT_E8
    assert max(parts) - min(parts) <= LOT_E8


@pytest.mark.parametrize("speed", [0.5, 1.0, 7.0, 10.0, 13.7, 59.0, 60.0])
def test_every_bar_of_a_step_or_more_ends_with_its_recorded_close(speed: float) -> None:
    rows = [bar(row, row, 1 + row / 100, 1.5, 0.5, 1.001 + row / 100) for row in range(20)]
    track, places = bars(rows, speed), grid(speed)
    found = [track.at(step) for step in range(places.step_from(BEGAN_US + 20 * 60 * SECOND_US))]
    for one in rows:
        last = places.step_from(one.time_us + 60 * SECOND_US) - 1
        price = found[last]
        assert price is not None
        assert price.mid_price_e8 == price.last_price_e8 == one.close_price_e8
    volumes = [price.volume_e8 for price in found if price is not None]
    assert sum(volume or 0 for volume in volumes) == 20 * 60 * E8


def test_bars_shorter_than_a_step_join_the_next_that_is_seen() -> None:
    rows = [bar(row, row, 1 + row / 100) for row in range(10)]
    found = [bars(rows, 180).at(0)]
    track = bars(rows, 180)
    found = [track.at(step) for step in range(4)]
    assert [price and price.mid_price_e8 for price in found] == [
        round((1 + row / 100) * E8) for row in (0, 3, 6, 9)
    ]
    assert [price and price.volume_e8 for price in found] == [
        60 * E8,
        180 * E8,
        180 * E8,
        180 * E8,
    ]


GAPPED = [bar(1, 0, 1.0), bar(2, 3, 2.0)]


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ("STALE", [1.0, None, None, None, None, 2.0, None]),
        ("HOLD", [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]),
        ("INTERPOLATE", [1.0, 1.0, 1.25, 1.5, 1.75, 2.0, None]),
    ],
)
def test_a_gap_between_bars_is_silent_held_or_bridged(
    gaps: Gaps, expected: list[float | None]
) -> None:
    track = bars(GAPPED, gaps=gaps)
    steps = (59, 60, 90, 120, 150, 180, 240)
    found = [track.at(step) for step in steps]
    assert [None if one is None else one.mid_price_e8 / E8 for one in found] == expected


def test_between_trades_of_the_usual_spacing_the_last_price_holds_without_volume() -> None:
    track = points([trade(1, 0, 1.0, 3.0), trade(2, 2, 1.1, 2.0), trade(3, 2.5, 1.2, 4.0)])
    found = [track.at(step) for step in range(4)]
    assert [one and (one.mid_price_e8, one.volume_e8) for one in found] == [
        (E8, 3 * E8),
        (E8, 0),
        (110_000_000, 2 * E8),
        (120_000_000, 4 * E8),
    ]


def test_trades_without_quantities_leave_the_volume_to_chance() -> None:
    assert points([trade(1, 0, 1.0, None)]).at(0) == SourcePrice(E8, None, None, E8)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ("STALE", [1.0, 1.0, None, None, 2.0]),
        ("HOLD", [1.0, 1.0, 1.0, 1.0, 2.0]),
        ("INTERPOLATE", [1.0, 1.0, 1.25, 1.5, 2.0]),
    ],
)
def test_a_gap_between_trades_is_silent_held_or_bridged(
    gaps: Gaps, expected: list[float | None]
) -> None:
    track = points([trade(1, 0, 1.0), trade(2, 40, 2.0), trade(3, 41, 2.0)], gaps=gaps)
    found = [track.at(step) for step in (0, 1, 10, 20, 40)]
    assert [None if one is None else one.mid_price_e8 / E8 for one in found] == expected


def test_quotes_are_used_as_they_are_and_end_with_their_recording() -> None:
    track = points([quote(1, 0, 0.99, 1.01), quote(2, 3, 0.98, 1.0)])
    assert track.at(0) == SourcePrice(E8, 2_000_000)
    assert track.at(2) == SourcePrice(E8, 2_000_000)
    assert track.at(4) == SourcePrice(99_000_000, 2_000_000)
    assert track.at(5) is None


@given(
    times=st.lists(st.integers(0, 200), min_size=1, max_size=40),
    speed=st.sampled_from([0.3, 1.0, 3.7, 50.0]),
)
def test_the_volume_of_all_trades_is_published(times: list[int], speed: float) -> None:
    rows = [trade(row, second, 1.0, row + 1.0) for row, second in enumerate(sorted(times))]
    track = points(rows, speed)
    found = [track.at(step) for step in range(grid(speed).step_from(rows[-1].time_us) + 1)]
    total = sum(one.volume_e8 or 0 for one in found if one is not None)
    assert total == sum(row.quantity_e8 or 0 for row in rows)


@given(
    asked=st.sets(st.integers(0, 400), min_size=1),
    gaps=st.sampled_from(["STALE", "HOLD", "INTERPOLATE"]),
    speed=st.sampled_from([0.5, 1.0, 13.0, 100.0]),
)
def test_an_answer_depends_on_the_step_and_not_on_those_asked_before(
    asked: set[int], gaps: Gaps, speed: float
) -> None:
    of_bars = [bar(row, minute, 1 + row / 9, 3.0, 0.5, 2.0) for row, minute in enumerate((0, 1, 4))]
    of_trades = [trade(row, 7 * row * row, 1 + row) for row in range(12)]
    steady_bars, steady_points = bars(of_bars, speed, gaps), points(of_trades, speed, gaps)
    bars_found = [steady_bars.at(step) for step in range(401)]
    points_found = [steady_points.at(step) for step in range(401)]
    hasty_bars, hasty_points = bars(of_bars, speed, gaps), points(of_trades, speed, gaps)
    for step in sorted(asked):
        assert hasty_bars.at(step) == bars_found[step]
        assert hasty_points.at(step) == points_found[step]


@given(speed_e6=st.integers(1, 10**9), step=st.integers(0, 10**6), offset_us=st.integers(0, 10**10))
def test_the_step_from_a_time_is_the_first_at_or_after_it(
    speed_e6: int, step: int, offset_us: int
) -> None:
    places = Grid(origin_us=BEGAN_US, interval_us=SECOND_US, speed_e6=speed_e6)
    assert places.step_from(places.time_us(step)) <= step
    first = places.step_from(BEGAN_US + offset_us)
    assert places.time_us(first) >= BEGAN_US + offset_us > places.time_us(first - 1)


def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="speed 0, interval 1000000 us: numbers above 0"):
        grid(0)
