"""Every record passes here before it is taken in: known ones and untrue ones go no further."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.data_quality import DataQuality, Defect, defect_of_fill
from ecosystem.risk.intake.defects import (
    defect_of_book,
    defect_of_order,
    defect_of_position,
    defect_of_reconciliation,
    defect_of_settlement,
)
from ecosystem.risk.intake.doubles import Doubles
from ecosystem.risk.intake.statements import Statements
from ecosystem.risk.intake.ticks import TickIntake
from ecosystem.risk.market import Market

FILL_FACTOR_MAX: Final = 5
"""An execution at more than this many times the mid, or below that fraction of it, is told; it is
believed only where the account's balance has moved by it."""
MOVED_MAX: Final = 1_024
"""Balances of trades remembered, the latest."""
Take = Callable[[Any], bool]
Admit = Callable[[Any], Event | None]
"""Takes a record in; returns it as it is believed, or None."""


class Intake:
    """Knows what came before, and so what can come now."""

    def __init__(self, quality: DataQuality, market: Market) -> None:
        self._quality = quality
        self._mids_e8 = market.mids_e8
        self._ticks = TickIntake(quality, market)
        self.lines = self._ticks.lines
        self.statements = Statements(quality)
        self._doubles = Doubles()
        self._trades = Doubles()
        self._moved_e8: dict[tuple[str, str, bytes], int] = {}
        """By how much a trade has moved an account's balance of an asset."""
        self._defects: Mapping[type[Event], Callable[[Any], Defect | None]] = {
            OrderFilled: self._fill,
            OrderSubmitted: self._order,
            BookQuoted: defect_of_book,
            PositionChanged: defect_of_position,
            ReconciliationCompleted: defect_of_reconciliation,
            SettlementInstructed: defect_of_settlement,
            SettlementDelayed: defect_of_settlement,
            SettlementCompleted: defect_of_settlement,
            SettlementFailed: defect_of_settlement,
            SettlementCancelled: defect_of_settlement,
        }
        """For each event type that is looked at, what says why a record goes no further."""

    @property
    def inspected(self) -> tuple[type[Event], ...]:
        """The event types that are looked at, though nobody else may be."""
        return (PriceTicked, *self._defects)

    def guarded(self, kind: type[Event], take: Take) -> Admit:
        """Return what takes in an event of a type, after it was looked at.

        Args:
            take: takes it in then; not asked of ticks, which the market takes in.
        """
        defect_of, seen, note = self._defects.get(kind), self._doubles.seen, self._quality.note
        if kind is PriceTicked:
            return self._ticks.guarded()
        if kind is BalanceChanged:
            return self._guarded_balance(take)

        def admit(event: Event) -> Event | None:
            if seen(event.event_id):
                note("EVENT_DOUBLED", event)
                return None
            if defect_of is not None and (defect := defect_of(event)) is not None:
                note(defect, event)
                return None
            return event if take(event) else None

        return admit

    def _guarded_balance(self, take: Take) -> Admit:
        sound, seen, note = self.statements.sound, self._doubles.seen, self._quality.note

        def admit(event: BalanceChanged) -> Event | None:
            if seen(event.event_id):
                note("EVENT_DOUBLED", event)
                return None
            believed = None
            for one in sound(event):
                if one.reason == "TRADE":
                    self._remember(one)
                believed = one if take(one) else None
            return believed

        return admit

    def _remember(self, balance: BalanceChanged) -> None:
        moved_e8 = self._moved_e8
        moved_e8[balance.account, balance.asset, balance.reference_id] = balance.change_e8
        if len(moved_e8) > MOVED_MAX:
            del moved_e8[next(iter(moved_e8))]

    def _was_paid(self, fill: OrderFilled) -> bool:
        asset = INSTRUMENTS[fill.instrument].quote
        paid_e8 = -fill.notional_e8 if fill.side == "BUY" else fill.notional_e8
        if fill.fee_asset == asset:
            paid_e8 -= fill.fee_e8
        return self._moved_e8.get((fill.account, asset, fill.trade_id)) == paid_e8

    def _fill(self, fill: OrderFilled) -> Defect | None:
        defect = defect_of_fill(fill)
        # A trade has two sides, and both may be the firm's: the order tells them apart.
        if defect is None and self._trades.seen(fill.trade_id + fill.order_id):
            defect = "FILL_REPEATED"
        if defect is None and self._is_absurd(fill):
            defect = "FILL_PRICE_ABSURD"
            if self._was_paid(fill):
                # What was paid has happened: it is told, and taken in all the same.
                self._quality.note(defect, fill)
                return None
        return defect

    def _is_absurd(self, fill: OrderFilled) -> bool:
        mid_e8, price_e8 = self._mids_e8.get(fill.instrument), fill.price_e8
        if mid_e8 is None:
            return False
        return mid_e8 > price_e8 * FILL_FACTOR_MAX or price_e8 > mid_e8 * FILL_FACTOR_MAX

    def _order(self, order: OrderSubmitted) -> None:
        # A wish nobody can fulfil is a wish all the same: whoever counts orders counts it.
        if (defect := defect_of_order(order)) is not None:
            self._quality.note(defect, order)
