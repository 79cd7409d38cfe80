"""What the custodian says of settlements and transfers."""

from ecosystem.custodian.answers import Answers
from ecosystem.custodian.settlement import Settlement
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementApproved,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementStarted,
    TransferCancelRequested,
    TransferRejected,
    TransferRequested,
)
from ecosystem.events.words import TransferRejectReason

Refusal = tuple[TransferRejectReason, str]
"""Why a transfer is refused, and what was found and is allowed."""


def approved(answers: Answers, settlement: Settlement) -> SettlementApproved:
    """One more person approved the settlement."""
    own, last = settlement.instructed, settlement.last
    count = settlement.approvals_count + 1
    event = SettlementApproved(
        event_id=answers.derive(own.event_id, "approved", count),
        correlation_id=own.correlation_id,
        causation_id=last.event_id,
        event_time_us=answers.time_us,
        settlement_id=own.settlement_id,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        approvals_count=count,
        approvals_needed=own.approvals_needed,
    )
    answers.add(event)
    return event


def started(answers: Answers, settlement: Settlement, due_time_us: int) -> None:
    """The asset is under way."""
    own, last = settlement.instructed, settlement.last
    answers.add(
        SettlementStarted(
            event_id=answers.derive(own.event_id, "started"),
            correlation_id=own.correlation_id,
            causation_id=last.event_id,
            event_time_us=answers.time_us,
            settlement_id=own.settlement_id,
            venue=own.venue,
            account=own.account,
            custody_account=own.custody_account,
            asset=own.asset,
            amount_e8=own.amount_e8,
            due_time_us=due_time_us,
        )
    )


def delayed(
    answers: Answers,
    settlement: Settlement,
    due_time_us: int,
    reason: str,
    cause: Event | None = None,
) -> SettlementDelayed:
    """The settlement will take longer than was announced, by itself or from a cause outside."""
    own, last = settlement.instructed, settlement.last
    event = SettlementDelayed(
        # Named after the fact before it, as a settlement can be delayed more than once.
        event_id=answers.derive(last.event_id, "delayed"),
        correlation_id=own.correlation_id,
        causation_id=last.event_id if cause is None else cause.event_id,
        event_time_us=answers.time_us,
        settlement_id=own.settlement_id,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        due_time_us=due_time_us,
        reason=reason,
    )
    answers.add(event)
    return event


def completed(answers: Answers, settlement: Settlement) -> SettlementCompleted:
    """The asset is where it was to go."""
    own, last = settlement.instructed, settlement.last
    event = SettlementCompleted(
        event_id=answers.derive(own.event_id, "completed"),
        correlation_id=own.correlation_id,
        causation_id=last.event_id,
        event_time_us=answers.time_us,
        settlement_id=own.settlement_id,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        direction=own.direction,
    )
    answers.add(event)
    return event


def failed(answers: Answers, settlement: Settlement, reason: str) -> SettlementFailed:
    """The settlement is off."""
    own, last = settlement.instructed, settlement.last
    event = SettlementFailed(
        event_id=answers.derive(own.event_id, "failed"),
        correlation_id=own.correlation_id,
        causation_id=last.event_id,
        event_time_us=answers.time_us,
        settlement_id=own.settlement_id,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        reason=reason,
        direction=own.direction,
    )
    answers.add(event)
    return event


def cancelled(
    answers: Answers, settlement: Settlement, request: TransferCancelRequested
) -> SettlementCancelled:
    """The settlement was called off as its client asked."""
    own = settlement.instructed
    event = SettlementCancelled(
        event_id=answers.derive(own.event_id, "cancelled"),
        correlation_id=request.correlation_id,
        causation_id=request.event_id,
        event_time_us=answers.time_us,
        settlement_id=own.settlement_id,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        reason=request.reason,
        direction=own.direction,
    )
    answers.add(event)
    return event


def transfer_rejected(
    answers: Answers, request: TransferRequested, refusal: Refusal
) -> TransferRejected:
    """A transfer was refused."""
    event = TransferRejected(
        event_id=answers.derive(request.event_id, "rejected"),
        correlation_id=request.correlation_id,
        causation_id=request.event_id,
        event_time_us=answers.time_us,
        transfer_id=request.transfer_id,
        custodian=answers.state.name,
        venue=request.venue,
        account=request.account,
        custody_account=request.custody_account,
        asset=request.asset,
        amount_e8=request.amount_e8,
        direction=request.direction,
        reason=refusal[0],
        detail=refusal[1],
    )
    answers.add(event)
    return event


def cancel_rejected(
    answers: Answers,
    request: TransferCancelRequested,
    settlement: Settlement | None,
    refusal: Refusal,
) -> None:
    """A transfer could not be called off."""
    own = None if settlement is None else settlement.instructed
    answers.add(
        TransferRejected(
            event_id=answers.derive(request.event_id, "rejected"),
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
            event_time_us=answers.time_us,
            transfer_id=request.transfer_id,
            custodian=answers.state.name,
            venue="" if own is None else own.venue,
            account="" if own is None else own.account,
            custody_account="" if own is None else own.custody_account,
            asset="" if own is None else own.asset,
            amount_e8=0 if own is None else own.amount_e8,
            direction="UNKNOWN" if own is None else own.direction,
            reason=refusal[0],
            detail=refusal[1],
        )
    )
