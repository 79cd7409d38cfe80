"""One settlement and its life: which fact may follow in which status is a table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.settlements import (
    SettlementApproved,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
)

Status = Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"]
SettlementFact = (
    SettlementApproved
    | SettlementStarted
    | SettlementDelayed
    | SettlementCompleted
    | SettlementFailed
    | SettlementCancelled
)
"""What may happen to a settlement after its instruction."""

NEXT: Final[Mapping[tuple[Status, type[SettlementFact]], Status]] = MappingProxyType(
    {
        ("PENDING", SettlementApproved): "PENDING",
        ("PENDING", SettlementDelayed): "PENDING",
        ("PENDING", SettlementStarted): "IN_PROGRESS",
        ("PENDING", SettlementFailed): "FAILED",
        ("PENDING", SettlementCancelled): "CANCELLED",
        ("IN_PROGRESS", SettlementDelayed): "IN_PROGRESS",
        ("IN_PROGRESS", SettlementCompleted): "COMPLETED",
        ("IN_PROGRESS", SettlementFailed): "FAILED",
    }
)
"""The status after a fact; what is not here cannot happen."""
ENDED: Final[frozenset[Status]] = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


class Settlement:
    """A settlement as it stands."""

    __slots__ = (
        "approvals_count",
        "began_us",
        "due_time_us",
        "instructed",
        "last",
        "number",
        "planned_us",
        "ready_us",
        "reason",
        "status",
        "worth_usd_e8",
    )

    def __init__(self, instructed: SettlementInstructed, number: int, worth_usd_e8: int) -> None:
        self.instructed = instructed
        self.number = number
        """How many were instructed before it."""
        self.worth_usd_e8 = worth_usd_e8
        self.status: Status = "PENDING"
        self.approvals_count = 0
        self.due_time_us = instructed.due_time_us
        """When it is to complete, as last announced."""
        self.planned_us = instructed.due_time_us
        """When it would complete had it not been put off since it started."""
        self.ready_us = instructed.due_time_us
        """When it can complete: earlier than announced, if only an outage was in its way."""
        self.began_us = instructed.event_time_us
        """When the wait for the next approval began."""
        self.last: SettlementInstructed | SettlementFact = instructed
        """The last fact about it, which causes the next."""
        self.reason = ""
        """Why it was delayed, failed or was cancelled, as last announced."""

    @property
    def is_profit(self) -> bool:
        """Whether it settles profit; otherwise a transfer asked for it."""
        return self.instructed.settlement_id == self.instructed.event_id

    @property
    def approved(self) -> bool:
        """Whether all approvals are there."""
        return self.approvals_count >= self.instructed.approvals_needed

    @property
    def was_put_off(self) -> bool:
        """Whether it was delayed after it started."""
        return self.status == "IN_PROGRESS" and self.ready_us != self.planned_us

    def evolve(self, event: SettlementFact) -> None:
        """Take in a fact.

        Raises:
            IllegalTransitionError: it cannot follow in this status, or is about other terms.
        """
        status = NEXT.get((self.status, type(event)))
        if status is None or not self._is_about(event):
            allowed = sorted(kind.__name__ for at, kind in NEXT if at == self.status)
            raise IllegalTransitionError(
                f"{type(event).__name__} of settlement {event.settlement_id.hex()}, which is "
                f"{self.status}; allowed on its own terms: {', '.join(allowed) or 'nothing'}"
            )
        if isinstance(event, SettlementApproved):
            if event.approvals_count != self.approvals_count + 1 or self.approved:
                raise IllegalTransitionError(
                    f"settlement {event.settlement_id.hex()}: approval {event.approvals_count}; "
                    f"allowed: one after {self.approvals_count} of "
                    f"{self.instructed.approvals_needed}"
                )
            self.approvals_count = event.approvals_count
            self.began_us = event.event_time_us
        elif isinstance(event, SettlementStarted):
            self.due_time_us = self.planned_us = self.ready_us = event.due_time_us
        elif isinstance(event, SettlementDelayed):
            self.due_time_us = event.due_time_us
            if event.causation_id == self.last.event_id:
                self.ready_us = event.due_time_us
        if isinstance(event, SettlementDelayed | SettlementFailed | SettlementCancelled):
            self.reason = event.reason
        self.status = status
        self.last = event

    def _is_about(self, event: SettlementFact) -> bool:
        own = self.instructed
        return (event.venue, event.account, event.custody_account, event.asset) == (
            own.venue,
            own.account,
            own.custody_account,
            own.asset,
        ) and event.amount_e8 == own.amount_e8
