"""What a venue does about settlements between it and custody: lock, give, credit, free."""

from collections.abc import Callable, Mapping
from typing import Any

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.balance_facts import credited, settled
from ecosystem.exchange.margin.desk import MarginDesk
from ecosystem.exchange.margin.measures import withdrawable_e8
from ecosystem.exchange.state import VenueState
from ecosystem.units import format_e8


class SettlementDesk:
    """Decides on the settlements of a venue's accounts."""

    __slots__ = ("_margin", "_state", "decisions")

    def __init__(self, state: VenueState, margin: MarginDesk) -> None:
        self._state = state
        self._margin = margin
        self.decisions: Mapping[type[Event], Callable[[Any, Answers], None]] = {
            SettlementInstructed: self._lock,
            SettlementCompleted: self._complete,
            SettlementFailed: self._release,
            SettlementCancelled: self._release,
        }
        """What follows from each kind of event."""

    def _lock(self, event: SettlementInstructed, answers: Answers) -> None:
        if event.direction == "TO_VENUE":
            return  # custody locks what comes from there
        # Without the funds the venue says nothing, and the custodian lets the settlement fail.
        free_e8 = withdrawable_e8(self._state, event.account, event.asset)
        known = event.settlement_id in self._state.settling
        if not known and 0 < event.amount_e8 <= free_e8:
            lock = (event.account, event.asset, event.amount_e8)
            settled(answers, event, event.settlement_id, "SETTLEMENT_LOCK", lock)

    def _complete(self, event: SettlementCompleted, answers: Answers) -> None:
        if event.direction == "TO_VENUE":
            self._credit(event, answers)
            return
        lock = self._state.settling.get(event.settlement_id)
        if lock != (event.account, event.asset, event.amount_e8):
            found = "nothing" if lock is None else f"{format_e8(lock[2])} {lock[1]} of {lock[0]}"
            raise IllegalTransitionError(
                f"settlement {event.settlement_id.hex()} of {format_e8(event.amount_e8)} "
                f"{event.asset} of {event.account} completed, but locked for it is {found}"
            )
        settled(answers, event, event.settlement_id, "SETTLEMENT", lock)

    def _credit(self, event: SettlementCompleted, answers: Answers) -> None:
        if event.account not in self._state.sub_accounts or event.amount_e8 <= 0:
            raise IllegalTransitionError(
                f"settlement {event.settlement_id.hex()} brought {format_e8(event.amount_e8)} "
                f"{event.asset} to {event.account}; allowed are amounts above 0 to the accounts "
                f"{', '.join(self._state.sub_accounts.names)}"
            )
        credited(answers, event)
        self._margin.funded(event, answers)

    def _release(self, event: SettlementFailed | SettlementCancelled, answers: Answers) -> None:
        lock = self._state.settling.get(event.settlement_id)
        if lock is not None:
            settled(answers, event, event.settlement_id, "UNLOCK", lock)
            self._margin.funded(event, answers)
