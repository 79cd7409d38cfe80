"""What balances state against what fills and settlements imply, for each account and asset.

Every change of a balance is explained: by an execution, by a settlement that is complete, or by a
reason of its own (deposit, withdrawal, transfer, funding, liquidation, insurance; locks change no
total). So for each account and asset the changes for trades and settlements, and whatever no
record states, must come to the same as fills, realised profits and completed settlements. The
records of the two sides come apart, so a difference is none until it has lasted.
"""

from collections import deque
from typing import Final

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.fills import OrderFilled
from ecosystem.events.settlements import SettlementCompleted
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS

IMPLIED: Final = ("TRADE", "SETTLEMENT")
"""Reasons whose amount another record implies."""
COLLATERAL: Final = "USD"
"""The asset in which the profit of a perpetual is paid."""
INPUTS: Final = 16
LEGS_MAX: Final = 4_096
Place = tuple[str, str, str]
"""Venue, account, and asset; or instrument, for a derivative position."""


class Leg:
    """One account's one asset: by how much statement and implication differ."""

    __slots__ = ("difference_e8", "events", "least_e8", "total_e8")

    def __init__(self) -> None:
        self.difference_e8 = 0
        """What is stated less what is implied."""
        self.total_e8: int | None = None
        """What was stated last."""
        self.least_e8 = 0
        """The least difference since the last look."""
        self.events: deque[EventId] = deque(maxlen=INPUTS)
        """The latest records since the two sides last agreed."""

    def add(self, change_e8: int, event_id: EventId) -> None:
        """Take in a change of the difference."""
        self.difference_e8 += change_e8
        self.events.append(event_id)
        if not self.difference_e8:
            self.events.clear()
        self.least_e8 = min(self.least_e8, abs(self.difference_e8))

    def state(self, total_e8: int, change_e8: int) -> int:
        """Take in a stated total; return by how much it moved, the first by what it says."""
        before_e8 = total_e8 - change_e8 if self.total_e8 is None else self.total_e8
        self.total_e8 = total_e8
        return total_e8 - before_e8

    def look(self) -> int:
        """Return the least difference since the last look, and begin anew."""
        lasting_e8, self.least_e8 = self.least_e8, abs(self.difference_e8)
        return lasting_e8


class Reconciliation:
    """Every leg, and those on which the two sides differ at this moment."""

    def __init__(self) -> None:
        self._legs: dict[Place, Leg] = {}
        self._venue_of: dict[str, str] = {}
        """Where each account last stated a balance: custody accounts have one place."""
        self.differing: dict[Place, Leg] = {}

    def balance(self, event: BalanceChanged) -> None:
        """Take in a statement."""
        place = (event.venue, event.account, event.asset)
        leg = self._leg(place)
        stated_e8 = leg.state(event.total_e8, event.change_e8)
        self._venue_of[event.account] = event.venue
        if event.reason not in IMPLIED:
            stated_e8 -= event.change_e8
        if stated_e8:
            self._add(place, leg, stated_e8, event.event_id)

    def fill(self, fill: OrderFilled) -> None:
        """Take in an execution: what it moves, and its fee."""
        instrument = INSTRUMENTS[fill.instrument]
        sign = 1 if fill.side == "BUY" else -1
        where = (fill.venue, fill.account)
        if instrument.kind == "SPOT":
            self._imply((*where, instrument.base), sign * fill.quantity_e8, fill.event_id)
            self._imply((*where, instrument.quote), -sign * fill.notional_e8, fill.event_id)
        else:
            self._imply((*where, fill.instrument), sign * fill.quantity_e8, fill.event_id)
        self._imply((*where, fill.fee_asset), -fill.fee_e8, fill.event_id)

    def position(self, event: PositionChanged) -> bool:
        """Take in a derivative position: what it states to be held, and the profit it realised."""
        where = (event.venue, event.account)
        place = (*where, event.instrument)
        leg = self._leg(place)
        stated_e8 = leg.state(event.quantity_e8, event.quantity_change_e8)
        self._add(place, leg, stated_e8, event.event_id)
        if event.realised_pnl_e8:
            self._imply((*where, COLLATERAL), event.realised_pnl_e8, event.event_id)
        return True

    def settled(self, event: SettlementCompleted) -> bool:
        """Take in that a settlement has brought its amount where it was to go."""
        amount_e8 = event.amount_e8 if event.direction == "TO_VENUE" else -event.amount_e8
        self._imply((event.venue, event.account, event.asset), amount_e8, event.event_id)
        custodian = self._venue_of.get(event.custody_account)
        if custodian is not None:
            place = (custodian, event.custody_account, event.asset)
            self._imply(place, -amount_e8, event.event_id)
        return True

    def _imply(self, place: Place, amount_e8: int, event_id: EventId) -> None:
        self._add(place, self._leg(place), -amount_e8, event_id)

    def _add(self, place: Place, leg: Leg, change_e8: int, event_id: EventId) -> None:
        leg.add(change_e8, event_id)
        if leg.difference_e8:
            self.differing[place] = leg

    def _leg(self, place: Place) -> Leg:
        leg = self._legs.get(place)
        if leg is None:
            leg = Leg()
            if len(self._legs) < LEGS_MAX:
                self._legs[place] = leg
        return leg
