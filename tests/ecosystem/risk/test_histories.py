"""Whole histories of worlds that trade the perpetual: equity, profit and delta, naively."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from ecosystem.events.accounts import PositionChanged, PositionLiquidated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import WORLD_STARTS_AT_US
from ecosystem.slices import in_slice_order
from ecosystem.units import E8, HOUR_US, MINUTE_US
from tests.ecosystem.risk.facts import Placed, limits
from tests.ecosystem.risk.worlds import quiet, slices

TRADER = "tests.ecosystem.risk.perpetual_trader:PerpetualTrader@firm-futures"
HOLDER = "tests.ecosystem.risk.perpetual_trader:PerpetualHolder@firm-futures"
BEFORE_FUNDING_US = WORLD_STARTS_AT_US + 8 * HOUR_US - 6 * MINUTE_US
CRASH = """
title: Crash
description: A fall that a leveraged position does not survive.
duration: 8m
method:
  - inject: crash
    name: crash
    target: market-data
    at: 2m
    for: 3m
    with: {instruments: [all], change: -25%}
false-alarms: {severity: high}
"""
DUST_E8 = 100
"""An entry price is stated to eight decimals: a millionth of a USD covers all of it."""


class Ledger:
    """Everything that was ever deposited, traded and paid, added up; no word of what is held.

    Executions count by what they traded and cost, so realised and unrealised profit are never
    told apart.
    """

    def __init__(self) -> None:
        self.owned_e8: Counter[str] = Counter()
        self.contracts_e8: Counter[str] = Counter()
        self.deposits: list[tuple[str, int]] = []
        self.first_mids_e8: dict[str, int] = {"USD": E8}
        self.mids_e8: dict[str, int] = {"USD": E8}

    def take(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, PriceTicked):
            mid_e8 = (event.bid_price_e8 + event.ask_price_e8) // 2
            base = event.instrument.removesuffix("-USD")
            self.mids_e8[base] = mid_e8
            self.first_mids_e8.setdefault(base, mid_e8)
        elif isinstance(event, OrderFilled):
            self._filled(event)
        elif isinstance(event, BalanceChanged):
            if event.reason in ("DEPOSIT", "WITHDRAWAL"):
                self.deposits.append((event.asset, event.change_e8))
            if event.reason in ("DEPOSIT", "WITHDRAWAL", "FUNDING", "LIQUIDATION", "INSURANCE"):
                self.owned_e8[event.asset] += event.change_e8

    def _filled(self, fill: OrderFilled) -> None:
        sign, instrument = (1 if fill.side == "BUY" else -1), INSTRUMENTS[fill.instrument]
        held = self.contracts_e8 if instrument.kind == "PERPETUAL" else self.owned_e8
        held[fill.instrument if instrument.kind == "PERPETUAL" else instrument.base] += (
            sign * fill.quantity_e8
        )
        self.owned_e8[instrument.quote] -= sign * fill.notional_e8
        self.owned_e8[fill.fee_asset] -= fill.fee_e8

    def equity_e8(self) -> int:
        """Return what all of it is worth in USD."""
        everything = (*self.owned_e8.items(), *self.contracts_e8.items())
        return sum(amount_e8 * self.mids_e8[what] for what, amount_e8 in everything) // E8

    def profit_e8(self) -> int:
        """Return the equity less what was paid in, at the marks of the beginning."""
        paid_in_e16 = sum(amount * self.first_mids_e8[asset] for asset, amount in self.deposits)
        return self.equity_e8() - paid_in_e16 // E8


def history(text: str, strategy: str, starts_at_us: int) -> Iterator[list[Placed]]:
    return slices(text, seed=3, strategies=[strategy], starts_at_us=starts_at_us)


@pytest.mark.parametrize(
    ("text", "strategy", "starts_at_us", "cashflows"),
    [
        (quiet("12m"), TRADER, BEFORE_FUNDING_US, {"FUNDING"}),
        (CRASH, HOLDER, WORLD_STARTS_AT_US, {"LIQUIDATION"}),
    ],
    ids=["trades and funding", "liquidation"],
)
def test_equity_profit_and_delta_are_what_a_naive_ledger_says_at_every_slice(
    text: str, strategy: str, starts_at_us: int, cashflows: set[str]
) -> None:
    engine, ledger, positions, liquidated = RiskEngine(limits()), Ledger(), 0, 0
    for records in history(text, strategy, starts_at_us):
        for record in records:
            ledger.take(record.event)
            positions += isinstance(record.event, PositionChanged)
            liquidated += isinstance(record.event, PositionLiquidated)
        engine.process_slice(records)
        portfolio = engine.portfolio
        assert portfolio.equity_e8 == pytest.approx(ledger.equity_e8(), abs=DUST_E8)
        assert portfolio.profit_e8 == pytest.approx(ledger.profit_e8(), abs=DUST_E8)
        for asset in ("BTC", "ETH", "USDT"):
            expected_e8 = ledger.owned_e8[asset] + ledger.contracts_e8[f"{asset}-USD-PERP"]
            assert engine.state.exposure.delta_e8(asset) == expected_e8
    derivatives = engine.state.derivatives
    assert positions > 5
    assert {reason for reason, paid in derivatives.cashflows_e8.items() if paid} == cashflows
    assert bool(liquidated) == ("LIQUIDATION" in cashflows) == bool(derivatives.liquidations)
    assert engine.quality.counts() == {}


def test_average_cost_of_the_fills_is_what_the_venue_says_of_the_perpetual() -> None:
    engine = RiskEngine(limits())
    for records in history(quiet("6m"), TRADER, WORLD_STARTS_AT_US):
        engine.process_slice(records)
    traded = engine.state.trading.positions["firm-futures", "BTC-USD-PERP"]
    derivatives = engine.state.derivatives
    (position,) = derivatives.positions.values()
    assert traded.quantity_e8 == position.quantity_e8 != 0
    # A notional is cut to eight decimals, once for each execution.
    realised_e8 = derivatives.realised_e8["BTC-USD-PERP"]
    assert traded.realised_e16 // E8 == pytest.approx(realised_e8, abs=DUST_E8)
    mid_e8 = derivatives.marks_e8["BTC-USD-PERP"]
    unrealised_e8 = derivatives.unrealised_e8("BTC-USD-PERP")
    assert traded.unrealised_e16(mid_e8) // E8 == pytest.approx(unrealised_e8, abs=DUST_E8)


def test_the_profit_is_judged_only_where_every_trade_is_booked_whole() -> None:
    """Each record is a slice of its own, so every half of a trade is seen alone."""
    engine, seen = RiskEngine(limits()), Counter[tuple[bytes, str]]()
    waited = judged = 0
    for records in history(quiet("4m"), TRADER, WORLD_STARTS_AT_US):
        for record in in_slice_order(records):
            engine.process_slice([record])
            event = record.event
            if isinstance(event, PositionChanged) or (
                isinstance(event, BalanceChanged) and event.reason == "TRADE"
            ):
                seen[event.causation_id, event.account] += 1
            half = any(count != 2 for count in seen.values())
            waited, judged = waited + half, judged + (engine.state.moved_by is None)
            if half:
                assert engine.portfolio.between_legs(event.event_time_us)
                assert engine.state.moved_by is not None, "judged though a leg is missing"
    assert waited > 30
    assert judged > waited
    assert not engine.portfolio.between_legs(0)


def told(engine: RiskEngine, history: Sequence[list[Placed]]) -> list[bytes]:
    return [msgspec.msgpack.encode(e) for records in history for e in engine.process_slice(records)]


def test_an_engine_restored_in_the_middle_of_a_crash_goes_on_as_before() -> None:
    past = list(history(CRASH, HOLDER, WORLD_STARTS_AT_US))
    straight, restored = RiskEngine(limits()), RiskEngine(limits())
    for records in past[:24]:
        alerts = straight.process_slice(records)
        restored.restore_slice(records)
        for alert in alerts:
            restored.restore_alert(alert)
    expected = told(straight, past[24:])
    assert told(restored, past[24:]) == expected
    assert len(expected) > 3
    assert restored.state.returns.samples == straight.state.returns.samples
