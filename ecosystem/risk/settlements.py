"""Settlements that are under way, as venue and custodian announce them."""

from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import EventId


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

    __slots__ = ("open", "unsettled_e8")

    def __init__(self) -> None:
        self.open: dict[EventId, OpenSettlement] = {}
        self.unsettled_e8: dict[str, dict[str, int]] = {}
        """What is open with each venue, by asset, in whichever direction."""

    def instructed(self, event: SettlementInstructed) -> bool:
        """Take in an instruction."""
        if event.settlement_id not in self.open:
            self.open[event.settlement_id] = OpenSettlement(event)
            self._add(event, event.amount_e8)
        return True

    def delayed(self, event: SettlementDelayed) -> bool:
        """Take in a new due time."""
        if (known := self.open.get(event.settlement_id)) is not None:
            known.delayed = event
        return True

    def ended(self, event: SettlementCompleted | SettlementFailed | SettlementCancelled) -> bool:
        """Take in the end of a settlement, whatever it is."""
        if (known := self.open.pop(event.settlement_id, None)) is not None:
            self._add(known.instructed, -known.instructed.amount_e8)
        return True

    def _add(self, event: SettlementInstructed, amount_e8: int) -> None:
        amounts_e8 = self.unsettled_e8.setdefault(event.venue, {})
        amounts_e8[event.asset] = amounts_e8.get(event.asset, 0) + amount_e8
