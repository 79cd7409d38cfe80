"""What begins a settlement: profit that is worth one, or a client who asks for a transfer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.custodian import facts
from ecosystem.custodian.answers import Answers
from ecosystem.custodian.approvals import approvals_needed
from ecosystem.custodian.balances import freed, reserved
from ecosystem.custodian.calendar import due_us
from ecosystem.custodian.faults.active import Faults, minutes_e8
from ecosystem.custodian.settling import PUNCTUAL_US, Settling
from ecosystem.custodian.state import CustodyState, Earned
from ecosystem.custodian.transfers import refusal
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementInstructed,
    TransferCancelRequested,
    TransferRequested,
)
from ecosystem.events.words import Direction, EventId, SettlementKind
from ecosystem.units import E8

LEAST_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"USD": 10 * E8, "USDT": 10 * E8, "BTC": 20_000, "ETH": 400_000}
)
"""Profit in each asset that is worth a settlement, about ten dollars."""


class Instructing:
    """Begins settlements."""

    __slots__ = ("_faults", "_least_e8", "_settling")

    def __init__(self, settling: Settling, faults: Faults, least_e8: Mapping[str, int]) -> None:
        self._settling = settling
        self._faults = faults
        self._least_e8 = least_e8

    def is_enough(self, state: CustodyState, earned: Earned) -> bool:
        """Tell whether what an account has earned is worth a settlement, and there to be sent."""
        venue, account, asset = earned.cause.venue, earned.cause.account, earned.asset
        amount_e8 = state.earnings.unsettled_e8(venue, account, asset)
        if amount_e8 < self._least_e8.get(asset, E8):
            return False
        return state.records.available_e8(venue, account, asset) >= amount_e8

    def profit(self, earned: Earned, answers: Answers) -> None:
        """Instruct the settlement of what an account has earned at a venue."""
        cause, state = earned.cause, answers.state
        client = state.client_of(cause.account)
        assert client is not None  # others earn nothing here
        event_id = answers.derive(cause.event_id, "instructed")
        amount_e8 = state.earnings.unsettled_e8(cause.venue, cause.account, earned.asset)
        places = (cause.venue, cause.account, client.account, earned.asset)
        self._instruct(
            answers,
            cause,
            (event_id, event_id),
            (*places, amount_e8),
            (client.kind_of(cause.account), "TO_CUSTODY"),
        )

    def transfer(self, request: TransferRequested, answers: Answers) -> None:
        """Answer a request for a transfer; one whose id is known has its answer already."""
        state, transfer_id = answers.state, request.transfer_id
        if state.find(transfer_id) is not None or transfer_id in state.refused:
            state.waiting.pop(request.event_id, None)
            return
        found = refusal(state, request)
        injected = self._faults.rejection(transfer_id, request.event_time_us)
        if found is None and injected is not None:
            injection, fault = injected
            rejected = facts.transfer_rejected(answers, request, fault.refusal)
            answers.note(self._faults.note(injection, rejected, "transfer", (E8, 0)))
        elif found is not None:
            facts.transfer_rejected(answers, request, found)
        else:
            self._instruct(
                answers,
                request,
                (answers.derive(request.event_id, "instructed"), transfer_id),
                (
                    request.venue,
                    request.account,
                    request.custody_account,
                    request.asset,
                    request.amount_e8,
                ),
                (request.kind, request.direction),
            )

    def cancel(self, request: TransferCancelRequested, answers: Answers) -> None:
        """Call a transfer off, unless it has started."""
        settlement = answers.state.find(request.transfer_id)
        if settlement is None or settlement.is_profit:
            detail = f"transfer {request.transfer_id.hex()}; allowed: one that was instructed"
            facts.cancel_rejected(answers, request, None, ("UNKNOWN_TRANSFER", detail))
        elif settlement.status != "PENDING":
            detail = f"the transfer is {settlement.status}; allowed: PENDING"
            facts.cancel_rejected(answers, request, settlement, ("NOT_PENDING", detail))
        else:
            cancelled = facts.cancelled(answers, settlement, request)
            if cancelled.direction == "TO_VENUE":
                freed(answers, cancelled)

    def _instruct(
        self,
        answers: Answers,
        cause: Event,
        ids: tuple[EventId, EventId],
        terms: tuple[str, str, str, str, int],
        how: tuple[SettlementKind, Direction],
    ) -> None:
        # Ids: of the event and of the settlement. Terms: the four places and the amount.
        state = answers.state
        (event_id, settlement_id), (kind, direction) = ids, how
        venue, account, custody_account, asset, amount_e8 = terms
        time_us, number = answers.time_us, state.instructions
        needed = approvals_needed(state.worth_usd_e8(asset, amount_e8))
        takes_us = self._settling.takes_us(number, needed, time_us)
        closed = self._faults.closed(time_us)
        usual_us = due_us(kind, time_us, takes_us)
        event = SettlementInstructed(
            event_id=event_id,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=time_us,
            settlement_id=settlement_id,
            venue=venue,
            account=account,
            custody_account=custody_account,
            asset=asset,
            amount_e8=amount_e8,
            kind=kind,
            due_time_us=usual_us if closed is None else due_us(kind, time_us, takes_us, closed[1]),
            direction=direction,
            approvals_needed=needed,
        )
        answers.add(event)
        if direction == "TO_VENUE":
            reserved(answers, event)
        self._note(answers, event, cause, usual_us)

    def _note(
        self, answers: Answers, event: SettlementInstructed, cause: Event, usual_us: int
    ) -> None:
        measure, asked_us = f"settlement minutes {event.kind}", cause.event_time_us
        closed = self._faults.closed(event.event_time_us)
        if closed is not None:
            values_e8 = (minutes_e8(usual_us - asked_us), minutes_e8(event.due_time_us - asked_us))
            answers.note(self._faults.note(closed[0], event, measure, values_e8))
        outage = self._faults.offline(asked_us)
        if outage is not None and answers.now_us - asked_us > PUNCTUAL_US:
            settlement = answers.state.settlements[event.settlement_id]
            takes_us = self._settling.takes_us(settlement.number, event.approvals_needed, asked_us)
            punctual_us = due_us(event.kind, asked_us, takes_us)
            values_e8 = (
                minutes_e8(punctual_us - asked_us),
                minutes_e8(event.due_time_us - asked_us),
            )
            answers.note(self._faults.note(outage, event, measure, values_e8))
