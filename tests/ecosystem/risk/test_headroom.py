"""Headroom: while it lasts no rule about exposure has anything to find, and it does last."""

from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecosystem.risk.breaker import BreakerLimit, CircuitBreaker
from ecosystem.risk.headroom import ExposureRule, Headroom
from ecosystem.risk.rule import RuleKind
from ecosystem.risk.rules import (
    concentration,
    daily_loss,
    delta_limit,
    drawdown,
    instrument_notional,
    leverage,
    portfolio_notional,
)
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, event_id
from tests.ecosystem.risk.rules.firms import PERPETUAL, Firm
from tests.ecosystem.risk.rules.rig import Rig

RULES: dict[RuleKind, Any] = {
    portfolio_notional.KIND: portfolio_notional.PortfolioNotionalLimit(notional_e8=400 * E8),
    instrument_notional.KIND: instrument_notional.InstrumentNotionalLimit(notional_e8=150 * E8),
    concentration.KIND: concentration.ConcentrationLimit(
        shares_e8={"BTC": E8 // 2, "ETH": E8 // 4}
    ),
    delta_limit.KIND: delta_limit.DeltaLimit(deltas_e8={"BTC": 90 * E8}, total_e8=300 * E8),
    leverage.KIND: leverage.LeverageLimit(times_e8=2 * E8),
    drawdown.KIND: drawdown.DrawdownLimit(fall_e8=E8 // 4),
    daily_loss.KIND: daily_loss.DailyLossLimit(loss_e8=30 * E8),
}
EVERY = pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.name)
AMOUNTS_E8 = st.integers(-100 * E8, 100 * E8)
PRICES_E8 = st.integers(E8 // 2, 2 * E8)
NEVER_OPENS = BreakerLimit(loss_e8=10**9 * E8, fast_loss_e8=10**9 * E8)
PERCENT = st.integers(-120, 120) | st.sampled_from((-110, -101, -99, 99, 101, 110))
MOVES = st.lists(
    st.dictionaries(st.sampled_from(("BTC", "ETH", PERPETUAL)), PERCENT, min_size=1), max_size=6
)
"""Marks that move one after the other, each by a part of the room there was."""


class Watched:
    """A firm whose rule is judged only when the headroom is used up."""

    def __init__(self, kind: RuleKind) -> None:
        self.firm = Firm(Rig(kind, RULES[kind]))
        self.rule = cast("ExposureRule[Any]", self.firm.rig.rule)
        rig = self.firm.rig
        breaker = CircuitBreaker(NEVER_OPENS, rig.portfolio, rig.book)
        self.headroom = Headroom(rig.state, rig.book, breaker)
        self.room_e8 = 0
        self.marks_e8: dict[str, int] = {}
        """Room and marks when it was judged."""

    def judge(self) -> None:
        """Judge, and see what room is left."""
        portfolio = self.firm.rig.portfolio
        portfolio.raise_high_water()
        self.firm.found()
        self.headroom.measure([self.rule])
        self.room_e8 = max(self.rule.room_e8(self.firm.rig.state.exposure.judged()), E8 // 8)
        self.marks_e8 = portfolio.marks_e8 | portfolio.derivatives.marks_e8

    def move(self, percents: dict[str, int], held_e8: dict[str, int]) -> None:
        """Bring marks where what hangs on each has moved by so much of the room since judged."""
        for asset, percent in percents.items():
            step_e8 = self.room_e8 * percent * E8 // (100 * held_e8[asset])
            mark_e8 = max(1, self.marks_e8[asset] + step_e8)
            if asset == PERPETUAL:
                self.firm.rig.portfolio.mark_derivative(asset, mark_e8, event_id("apart", 1))
            else:
                self.firm.mark(asset, mark_e8)

    def misses(self) -> bool:
        """Return whether a rule that is left out while there is room would have found something."""
        self.firm.rig.portfolio.raise_high_water()
        exposures = self.firm.rig.state.exposure.now()
        self.rule.judge_exposures(exposures)
        return self.headroom.lasts() and not self.quiet()

    def quiet(self) -> bool:
        """Return whether each watch holds what it was last given, at its own bounds."""
        watches = self.firm.rig.book.watches()
        return all(w.room_e8(w._measured_e8) >= 0 for w in watches)


@EVERY
@given(
    btc=AMOUNTS_E8,
    eth=AMOUNTS_E8,
    usd=st.integers(0, 500 * E8),
    contracts=AMOUNTS_E8,
    moves=MOVES,
)
@example(btc=0, eth=0, usd=100 * E8, contracts=-90 * E8, moves=[{"BTC": -100, PERPETUAL: -100}])
@example(btc=20 * E8, eth=0, usd=100 * E8, contracts=90 * E8, moves=[{PERPETUAL: -100}])
@example(btc=20 * E8, eth=0, usd=0, contracts=0, moves=[{"BTC": 99}, {"BTC": -99}])
@example(btc=20 * E8, eth=0, usd=0, contracts=0, moves=[{"BTC": -150}, {"BTC": 99}])
def test_while_it_lasts_no_watch_leaves_its_bounds(
    kind: RuleKind, btc: int, eth: int, usd: int, contracts: int, moves: list[dict[str, int]]
) -> None:
    watched = Watched(kind)
    firm = watched.firm
    for asset, amount_e8 in (("BTC", btc), ("ETH", eth), ("USD", usd)):
        firm.hold(asset, amount_e8)
    firm.contracts(contracts)
    firm.contracts(-contracts // 3, "exchange-binance")
    gross_e8 = abs(contracts) + abs(-contracts // 3)
    held_e8 = {"BTC": abs(btc) + gross_e8, "ETH": abs(eth), PERPETUAL: gross_e8}
    watched.judge()
    for move in moves:
        watched.move({asset: percent for asset, percent in move.items() if held_e8[asset]}, held_e8)
        assert not watched.misses()
        if not watched.headroom.lasts():
            watched.judge()


@EVERY
@given(price_e8=PRICES_E8, share=st.integers(1, 400))
def test_it_is_used_up_only_near_a_bound(kind: RuleKind, price_e8: int, share: int) -> None:
    watched = Watched(kind)
    firm = watched.firm
    firm.mark("BTC", price_e8)
    firm.hold("BTC", 20 * E8)
    firm.hold("USD", 200 * E8)
    watched.judge()
    assert watched.quiet()
    firm.mark("BTC", price_e8 + E8 * share // 10_000)
    assert watched.headroom.lasts()


@EVERY
def test_a_change_of_positions_or_alerts_ends_it(kind: RuleKind) -> None:
    watched = Watched(kind)
    watched.firm.hold("USD", 200 * E8)
    assert not watched.headroom.lasts()
    watched.judge()
    assert watched.headroom.lasts()
    watched.firm.hold("BTC", E8)
    assert not watched.headroom.lasts()
    watched.judge()
    assert watched.headroom.lasts()
    watched.rule.configure(RULES[kind], watched.rule.scale)
    assert not watched.headroom.lasts()


@EVERY
def test_what_a_watch_shows_is_that_of_the_moment_last_judged(kind: RuleKind) -> None:
    watched = Watched(kind)
    firm = watched.firm
    firm.hold("BTC", 20 * E8)
    firm.hold("USD", 200 * E8)
    watched.judge()
    firm.mark("BTC", E8 + E8 // 100)
    firm.rig.state.exposure.settle()
    assert watched.headroom.lasts()
    shown = [watch.utilisation_e8 for watch in firm.rig.book.watches()]
    firm.mark("BTC", 3 * E8)
    assert [watch.utilisation_e8 for watch in firm.rig.book.watches()] == shown
    firm.mark("BTC", E8 + E8 // 100)
    firm.found()
    assert [watch.utilisation_e8 for watch in firm.rig.book.watches()] == shown


@given(
    btc=AMOUNTS_E8,
    moves=st.lists(st.tuples(st.integers(0, 400), PERCENT), max_size=8),
)
@example(btc=50 * E8, moves=[(0, 99), (0, -99)])
@example(btc=-50 * E8, moves=[(400, 110)] * 4 + [(400, 99)])
def test_while_it_lasts_the_breaker_stays_closed(btc: int, moves: list[tuple[int, int]]) -> None:
    firm = Firm(Rig(leverage.KIND, RULES[leverage.KIND]))
    state, book = firm.rig.state, firm.rig.book
    limit = BreakerLimit(loss_e8=40 * E8, fast_loss_e8=15 * E8, fast_window_us=300 * SECOND_US)
    breaker = CircuitBreaker(limit, state.portfolio, book)
    headroom = Headroom(state, book, breaker)
    firm.hold("BTC", btc)
    firm.hold("USD", 500 * E8)
    seconds, room_e8, mark_e8 = 0, 0, E8
    for wait_s, percent in [(0, 0), *moves]:
        seconds += wait_s
        firm.mark("BTC", max(1, mark_e8 + room_e8 * percent * E8 // (100 * (abs(btc) or E8))))
        breaker.note(at(seconds))
        state.exposure.settle()
        lasts = headroom.lasts()
        opened = breaker.judge(clock(seconds, 0))
        assert not lasts or opened is None
        if opened is not None:
            return
        if not lasts:
            room_e8, mark_e8 = breaker.room_e8(), state.portfolio.marks_e8["BTC"]
            headroom.measure([])


def test_there_is_no_room_while_too_many_alerts_are_critical() -> None:
    firm = Firm(Rig(leverage.KIND, RULES[leverage.KIND]))
    breaker = CircuitBreaker(BreakerLimit(criticals=1), firm.rig.portfolio, firm.rig.book)
    firm.hold("USD", 10 * E8)
    firm.found()
    assert breaker.room_e8() > 0
    firm.hold("BTC", 500 * E8)
    firm.hold("USD", -480 * E8)
    (finding,) = firm.found().values()
    assert firm.alert(finding).severity == "CRITICAL"
    assert breaker.room_e8() < 0


def test_an_open_breaker_needs_no_room_and_is_judged_again_when_it_closes() -> None:
    firm = Firm(Rig(leverage.KIND, RULES[leverage.KIND]))
    state, book = firm.rig.state, firm.rig.book
    breaker = CircuitBreaker(BreakerLimit(fast_loss_e8=5 * E8), state.portfolio, book)
    headroom = Headroom(state, book, breaker)
    firm.hold("BTC", 50 * E8)
    breaker.note(at(0))
    firm.mark("BTC", E8 * 8 // 10)
    breaker.note(at(1))
    assert breaker.room_e8() < 0
    opened = breaker.judge(clock(1, 0))
    assert opened is not None
    headroom.measure([])
    assert headroom.lasts()
    assert breaker.wake(clock(1 + 3_600, 1)) is not None
    assert not headroom.lasts()
    headroom.measure([])
    assert not headroom.lasts(), "what opened it still holds"
    breaker.configure(NEVER_OPENS)
    headroom.measure([])
    assert headroom.lasts()
