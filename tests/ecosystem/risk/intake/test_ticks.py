"""Ticks: the short way, which most take, leaves all as the long way does."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.intake.levels import CONFIRMED_BY
from ecosystem.risk.state import RiskState
from tests.ecosystem.risk.facts import tick

Step = tuple[str, dict[str, Any]]
"""Instrument, and how the tick differs from one that is as it should be."""
REGULAR: dict[str, Any] = {}
CHANGES: dict[str, Sequence[Any]] = {
    "feed": ("second-feed",),
    "number": (-20, -1, 0, 2, 5, 200_000),
    "volume": (0,),
    "seconds": (-3, -1, 0, 40),
    "price": (-19, -21, 21, 600),
    "bid": (0, -1, 10**16),
    "spread": ((101, 99), (60, 140)),
    "last": (0, -1),
}
ONE_CHANGE = [{key: value} for key, values in CHANGES.items() for value in values]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("BTC-USD", "BTC-USD-PERP")),
        st.just(REGULAR)
        | st.just(REGULAR)
        | st.sampled_from(ONE_CHANGE)
        | st.tuples(st.sampled_from(ONE_CHANGE), st.sampled_from(ONE_CHANGE)).map(
            lambda two: two[0] | two[1]
        ),
    ),
    min_size=10,
    max_size=60,
)


def ticks_of(steps: Sequence[Step]) -> list[PriceTicked]:
    """Return ticks, each a second after the last and the next of its line, but as told."""
    numbers: dict[str, int] = {}
    found = []
    for place, (symbol, change) in enumerate(steps):
        number = numbers[symbol] = numbers.get(symbol, 1_000) + 1
        made = tick(place + change.get("seconds", 0), 60_000, symbol)
        bid, ask = change.get("spread", (100, 101))
        price_e8 = made.bid_price_e8 * (100 + change.get("price", 0)) // 100
        fields = {
            "feed": change.get("feed", "market-data"),
            "feed_sequence": number + change.get("number", 1) - 1,
            "volume_e8": place if change.get("volume") is None else 0,
            "bid_price_e8": change.get("bid", price_e8 * bid // 100),
            "ask_price_e8": price_e8 * ask // 100,
            "last_price_e8": change.get("last", price_e8),
        }
        found.append(msgspec.structs.replace(made, **fields))
    return found


def left_by(ticks: Sequence[PriceTicked], *, short: bool) -> list[object]:
    """Return everything that ticks leave behind, and which of them were believed."""
    state = RiskState()
    intake = state.intake._ticks
    admit = intake.guarded() if short else intake._admitted
    state.portfolio.positions_e8["BTC"] = 7
    believed: list[PriceTicked | None] = []
    moved: list[Event | None] = []
    for one in ticks:
        state.moved_by = None
        believed.append(admit(one))
        moved.append(state.moved_by)
    lines = intake.lines
    levels = intake._levels._levels
    return [
        believed,
        moved,
        state.quality.counts(),
        state.quality.untold,
        {key: (one.tick, one.run, one.run_at, one.lost) for key, one in lines._lines.items()},
        {key: (one.same_count, one.same_since_us) for key, one in lines._lines.items()},
        list(lines.gapped),
        {key: (one.twice_e8, one.count, one.suspect, one.feed) for key, one in levels.items()},
        {key: min(one.good_count, CONFIRMED_BY) for key, one in levels.items()},
        state.market.ticks,
        state.market.mids_e8,
        state.portfolio.marks_e8,
        state.portfolio.equity_e8,
        state.portfolio.derivatives.marks_e8,
    ]


@given(steps=STEPS)
def test_the_short_way_leaves_all_as_the_long_way_does(steps: list[Step]) -> None:
    ticks = ticks_of(steps)
    assert left_by(ticks, short=True) == left_by(ticks, short=False)


@pytest.mark.parametrize("change", ONE_CHANGE, ids=str)
@pytest.mark.parametrize("count", [1, 4, 40])
def test_and_so_after_a_change_among_regular_ticks(change: dict[str, Any], count: int) -> None:
    quiet = [("BTC-USD", REGULAR)] * 5
    ticks = ticks_of([*quiet, *[("BTC-USD", change)] * count, *quiet])
    assert left_by(ticks, short=True) == left_by(ticks, short=False)


def test_ticks_as_they_should_be_take_the_short_way() -> None:
    state = RiskState()
    intake = state.intake._ticks
    admit = intake.guarded()
    ticks = ticks_of([("BTC-USD", REGULAR)] * 10)
    for one in ticks[:CONFIRMED_BY]:
        assert admit(one) is one
    course = intake._courses["BTC-USD"]
    for one in ticks[CONFIRMED_BY:]:
        assert admit(one) is one
        assert intake._courses["BTC-USD"] is course
    # One that repeats the last goes the long way, and so does the one after it.
    assert admit(ticks[-1]) is None
    assert "BTC-USD" not in intake._courses
