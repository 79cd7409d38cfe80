"""The custodian's own record of what its clients have at each venue, beside what the venue says.

The record follows from executions, settlements and what the venue announces of its own accord
(deposits, funding); the venue's word is the total it states with each change. An execution and
the change it makes are told apart by their reference, so what one has said and the other has not
yet is known to be in flight, whichever came first.
"""

from typing import Final

import msgspec

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.fills import OrderFilled
from ecosystem.events.settlements import ReconciliationCompleted, SettlementCompleted
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import DAY_US, MINUTE_US

IN_FLIGHT_US: Final = MINUTE_US
"""How long one side may know more than the other before that is a discrepancy."""
FORGOTTEN_US: Final = DAY_US
"""After this time a difference that was never explained is not expected to be any more."""
_MATCHED: Final = ("TRADE", "SETTLEMENT")
"""Reasons for which the custodian has a record of its own."""
Place = tuple[str, str]
"""Venue and asset."""


class Comparison(msgspec.Struct, frozen=True):
    """What record and venue say of one asset at one venue."""

    record_e8: int
    venue_e8: int

    @property
    def discrepancy_e8(self) -> int:
        """By how much the venue says more."""
        return self.venue_e8 - self.record_e8


class Records:
    """The record of every venue, and its word."""

    __slots__ = ("_notified", "_open", "_stated", "record_e8", "venue_e8")

    def __init__(self) -> None:
        self.record_e8: dict[Place, int] = {}
        self.venue_e8: dict[Place, int] = {}
        self._stated: dict[tuple[str, str, str], tuple[int, int]] = {}
        """Available and total by venue, account and asset, as last stated."""
        self._open: dict[Place, dict[tuple[str, EventId], tuple[int, int]]] = {}
        """By account and reference: what the record has and the venue has not, and since when."""
        self._notified: dict[EventId, int] = {}
        """Trades in derivatives: what they move is the venue's to say."""

    def knows(self, venue: str, account: str) -> bool:
        """Tell whether an account was ever heard of at a venue."""
        return any(place[:2] == (venue, account) for place in self._stated)

    def available_e8(self, venue: str, account: str, asset: str) -> int:
        """Return what an account has free at a venue, once all in flight has arrived."""
        stated_e8, _ = self._stated.get((venue, account, asset), (0, 0))
        open_ = self._open.get((venue, asset), {})
        return stated_e8 + sum(e8 for (owner, _), (e8, _) in open_.items() if owner == account)

    def filled(self, fill: OrderFilled) -> None:
        """Take in an execution."""
        instrument = INSTRUMENTS.get(fill.instrument)
        if instrument is not None and instrument.kind == "PERPETUAL":
            self._notify(fill, fill.trade_id)
            self._notify(fill, fill.order_id)
            return
        base, _, quote = fill.instrument.partition("-")
        sign = 1 if fill.side == "BUY" else -1
        moves_e8 = {base: sign * fill.quantity_e8, quote: -sign * fill.notional_e8}
        moves_e8[fill.fee_asset] = moves_e8.get(fill.fee_asset, 0) - fill.fee_e8
        for asset, change_e8 in moves_e8.items():
            place = (fill.venue, asset)
            self._record(place, change_e8)
            self._expect(place, (fill.account, fill.trade_id), change_e8, fill.event_time_us)

    def settled(self, event: SettlementCompleted) -> None:
        """Take in the end of a settlement: the venue has given the asset, or has got it."""
        change_e8 = event.amount_e8 if event.direction == "TO_VENUE" else -event.amount_e8
        place = (event.venue, event.asset)
        self._record(place, change_e8)
        self._expect(place, (event.account, event.settlement_id), change_e8, event.event_time_us)

    def stated(self, event: BalanceChanged) -> None:
        """Take in a venue's word about a balance."""
        place = (event.venue, event.asset)
        account = (event.venue, event.account, event.asset)
        _, before_e8 = self._stated.get(account, (0, 0))
        self._stated[account] = (event.available_e8, event.total_e8)
        self.venue_e8[place] = self.venue_e8.get(place, 0) + event.total_e8 - before_e8
        self.record_e8.setdefault(place, 0)
        if not event.change_e8:
            return
        if event.reason in _MATCHED and event.reference_id not in self._notified:
            key = (event.account, event.reference_id)
            self._expect(place, key, -event.change_e8, event.event_time_us)
        else:
            self._record(place, event.change_e8)

    def compare(self, place: Place, now_us: int) -> Comparison:
        """Return what record and venue say, less what is in flight between them."""
        in_flight_e8 = sum(
            e8
            for e8, since_us in self._open.get(place, {}).values()
            if since_us > now_us - IN_FLIGHT_US
        )
        return Comparison(self.record_e8.get(place, 0) - in_flight_e8, self.venue_e8.get(place, 0))

    def reconciled(self, event: ReconciliationCompleted) -> None:
        """Take in a reconciliation: where it resolved a discrepancy, the venue is believed."""
        now_us = event.event_time_us
        place = (event.venue, event.asset)
        late_us = now_us - IN_FLIGHT_US
        if event.resolution in ("AUTO_RESOLVED", "RESOLVED_WITH_NOTE"):
            self._record(place, event.discrepancy_e8)
        elif event.resolution == "UNDER_REVIEW":
            late_us = now_us - FORGOTTEN_US
        open_ = self._open.get(place, {})
        for key in [key for key, (_, since_us) in open_.items() if since_us <= late_us]:
            del open_[key]
        for reference in [one for one, at in self._notified.items() if at <= now_us - DAY_US]:
            del self._notified[reference]

    def _notify(self, fill: OrderFilled, reference: EventId) -> None:
        self._notified[reference] = fill.event_time_us
        for place, open_ in self._open.items():
            if place[0] == fill.venue and (fill.account, reference) in open_:
                # The venue's word was here first.
                self._record(place, -open_.pop((fill.account, reference))[0])

    def _record(self, place: Place, change_e8: int) -> None:
        self.record_e8[place] = self.record_e8.get(place, 0) + change_e8

    def _expect(self, place: Place, key: tuple[str, EventId], change_e8: int, time_us: int) -> None:
        open_ = self._open.setdefault(place, {})
        before_e8, since_us = open_.get(key, (0, time_us))
        if before_e8 + change_e8:
            open_[key] = (before_e8 + change_e8, since_us)
        else:
            open_.pop(key, None)
