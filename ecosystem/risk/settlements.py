"""Settlements that are under way, as venue and custodian announce them."""

from collections.abc import Iterator
from typing import Final

from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import EventId
from ecosystem.units import HOUR_US

SAME_DAY_US: Final = 12 * HOUR_US
"""What is promised within this time is under way at once; what is for later, when it is due."""


class OpenSettlement:
    """One settlement between its instruction and its end."""

    __slots__ = ("delayed", "instructed")

    def __init__(self, instructed: SettlementInstructed) -> None:
        self.instructed = instructed
        self.delayed: SettlementDelayed | None = None
        """The last word that it will take longer; what was promised first stays what counts."""

    def overdue_us(self, now_us: int) -> int:
        """Return for how long it should have been complete; negative while it is in time."""
        return now_us - self.instructed.due_time_us


class Settlements:
    """Every settlement that is open, oldest first."""

    __slots__ = ("_later", "open", "unsettled_e8")

    def __init__(self) -> None:
        self.open: dict[EventId, OpenSettlement] = {}
        self._later: dict[EventId, SettlementInstructed] = {}
        self.unsettled_e8: dict[str, dict[str, int]] = {}
        """What is under way with each venue, by asset, in whichever direction."""

    def instructed(self, event: SettlementInstructed) -> bool:
        """Take in an instruction."""
        if event.settlement_id not in self.open:
            self.open[event.settlement_id] = OpenSettlement(event)
            if event.due_time_us - event.event_time_us > SAME_DAY_US:
                self._later[event.settlement_id] = event
            else:
                self._add(event, event.amount_e8)
        return True

    def fall_due(self, now_us: int) -> None:
        """Let what was promised for later be under way from its due time on."""
        due = [one for one in self._later.values() if one.due_time_us <= now_us]
        for event in due:
            del self._later[event.settlement_id]
            self._add(event, event.amount_e8)

    def under_way(self, venue: str) -> Iterator[OpenSettlement]:
        """Yield what is under way with a venue, the oldest first."""
        for settlement_id, one in self.open.items():
            if one.instructed.venue == venue and settlement_id not in self._later:
                yield one

    def delayed(self, event: SettlementDelayed) -> bool:
        """Take in a new due time."""
        if (known := self.open.get(event.settlement_id)) is not None:
            known.delayed = event
        return True

    def ended(self, event: SettlementCompleted | SettlementFailed | SettlementCancelled) -> bool:
        """Take in the end of a settlement, whatever it is."""
        known = self.open.pop(event.settlement_id, None)
        if known is not None and self._later.pop(event.settlement_id, None) is None:
            self._add(known.instructed, -known.instructed.amount_e8)
        return True

    def _add(self, event: SettlementInstructed, amount_e8: int) -> None:
        amounts_e8 = self.unsettled_e8.setdefault(event.venue, {})
        amounts_e8[event.asset] = amounts_e8.get(event.asset, 0) + amount_e8
