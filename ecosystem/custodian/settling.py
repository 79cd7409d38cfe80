"""How a settlement goes on: approvals one after the other, the start, and the end when it is due.

What each step follows from is a pure function of the settlement, of chance by its number and of
the injections, so a restored custodian has the same plans.
"""

from typing import Final

from ecosystem.custodian import facts
from ecosystem.custodian.answers import Answers
from ecosystem.custodian.approvals import LONGEST_US, Approvers
from ecosystem.custodian.balances import freed, moved
from ecosystem.custodian.calendar import PROCESSING_US, postponed_us
from ecosystem.custodian.faults import delay, holiday
from ecosystem.custodian.faults.active import Fault, Faults, minutes_e8
from ecosystem.custodian.settlement import Settlement
from ecosystem.events.envelope import Event
from ecosystem.injections import Injection
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

LATE_US: Final = MINUTE_US
"""Less than this after its time is in time."""
PUNCTUAL_US: Final = SECOND_US
"""A step that comes later than this was kept waiting."""
OUTAGE_US: Final = 4 * HOUR_US
"""By how much settlements are put off when the custodian goes down, as nobody knows better."""
NO_SERVICE: Final = "no service"
APPROVED_LATE: Final = "the approvals came late"


class Settling:
    """Takes open settlements from step to step."""

    __slots__ = ("_approvers", "_faults", "_processing")

    def __init__(self, approvers: Approvers, processing: Stream, faults: Faults) -> None:
        self._approvers = approvers
        self._processing = processing
        self._faults = faults

    def processing_us(self, number: int) -> int:
        """Return how long settlement `number` takes once it is approved."""
        return self._processing.integer(number, *PROCESSING_US)

    def takes_us(self, number: int, needed: int, at_us: int) -> int:
        """Return how long a T+0 settlement takes, with its approvals, if nothing delays it."""
        return self._approvers.all_take_us(number, needed, at_us) + self.processing_us(number)

    def due_us(self, settlement: Settlement) -> int:
        """Return when the next step of a settlement is to be taken."""
        if settlement.status == "IN_PROGRESS":
            return settlement.ready_us
        began_us = settlement.began_us
        if settlement.approved:
            return began_us
        planned_us = self._approval_planned_us(settlement)
        slow = self._faults.slowness(settlement.worth_usd_e8, planned_us)
        if slow is None:
            return planned_us
        injection, fault = slow
        slow_us = began_us + fault.takes_us(planned_us - began_us)
        # However slow they are, the injection ends on time, and the last word comes in a day.
        cap_us = settlement.instructed.event_time_us + LONGEST_US
        return max(planned_us, min(slow_us, injection.ends_at_us, cap_us))

    def step(self, settlement: Settlement, answers: Answers) -> None:
        """Take the next step of a settlement that is due."""
        if settlement.status == "IN_PROGRESS":
            self._finish(settlement, answers)
            return
        if not settlement.approved:
            self._approve(settlement, answers)
        if settlement.approved:
            self._start(settlement, answers)

    def interrupt(self, settlement: Settlement, down: Event, answers: Answers) -> None:
        """Announce that a settlement has to wait, as the custodian has gone down."""
        due_us = settlement.due_time_us
        later_us = due_us + OUTAGE_US
        event = facts.delayed(answers, settlement, later_us, NO_SERVICE, down)
        outage = self._faults.offline(answers.now_us)
        if outage is not None:
            values_e8 = self._minutes_e8(settlement, due_us, later_us)
            measure = f"settlement minutes {settlement.instructed.kind}"
            answers.note(self._faults.note(outage, event, measure, values_e8))

    def _approval_planned_us(self, settlement: Settlement) -> int:
        began_us = settlement.began_us
        return began_us + self._approvers.takes_us(
            settlement.number,
            settlement.approvals_count,
            settlement.instructed.approvals_needed,
            began_us,
        )

    def _approve(self, settlement: Settlement, answers: Answers) -> None:
        began_us = settlement.began_us
        planned_us, due_us = self._approval_planned_us(settlement), self.due_us(settlement)
        event = facts.approved(answers, settlement)
        if due_us != planned_us:
            cause = self._faults.slowness(settlement.worth_usd_e8, planned_us)
            injection = None if cause is None else cause[0]
        else:
            injection = self._kept_waiting(due_us, answers)
        if injection is not None:
            values_e8 = (
                minutes_e8(planned_us - began_us),
                minutes_e8(event.event_time_us - began_us),
            )
            answers.note(self._faults.note(injection, event, "approval minutes", values_e8))

    def _start(self, settlement: Settlement, answers: Answers) -> None:
        own = settlement.instructed
        if own.direction == "TO_CUSTODY" and own.settlement_id not in answers.state.locked:
            self._fail(settlement, f"{own.venue} had not locked the amount", answers)
            return
        done_us = answers.time_us + self.processing_us(settlement.number)
        due_us = settlement.ready_us
        if done_us > due_us + LATE_US:
            due_us = done_us
        if due_us > settlement.due_time_us:
            facts.delayed(answers, settlement, due_us, APPROVED_LATE)
        facts.started(answers, settlement, due_us)

    def _finish(self, settlement: Settlement, answers: Answers) -> None:
        if self._put_off(settlement, answers):
            return
        own, due_us = settlement.instructed, settlement.ready_us
        failure = self._faults.failure(own.kind, settlement.number, due_us)
        if failure is not None:
            injection, fault = failure
            failed = self._fail(settlement, fault.reason, answers)
            note = self._faults.note(injection, failed, f"completion {own.kind}", (E8, 0))
            answers.note(note)
            return
        completed = facts.completed(answers, settlement)
        moved(answers, completed)
        outage = self._kept_waiting(due_us, answers)
        if outage is not None:
            values_e8 = self._minutes_e8(settlement, due_us, completed.event_time_us)
            measure = f"settlement minutes {own.kind}"
            answers.note(self._faults.note(outage, completed, measure, values_e8))

    def _put_off(self, settlement: Settlement, answers: Answers) -> bool:
        own, due_us = settlement.instructed, settlement.ready_us
        closed = self._faults.closed(due_us)
        if closed is not None:
            injection, days = closed
            later_us, reason = postponed_us(own.kind, due_us, days), holiday.REASON
        if closed is None or later_us == due_us:
            delayed = None if settlement.was_put_off else self._faults.delay(own.kind, due_us)
            if delayed is None:
                return False
            injection, fault = delayed
            later_us, reason = due_us + fault.delay_us, delay.REASON
        event = facts.delayed(answers, settlement, later_us, reason)
        values_e8 = self._minutes_e8(settlement, due_us, later_us)
        measure = f"settlement minutes {own.kind}"
        answers.note(self._faults.note(injection, event, measure, values_e8))
        return True

    def _fail(self, settlement: Settlement, reason: str, answers: Answers) -> Event:
        failed = facts.failed(answers, settlement, reason)
        if failed.direction == "TO_VENUE":
            freed(answers, failed)
        return failed

    def _minutes_e8(self, settlement: Settlement, due_us: int, later_us: int) -> tuple[int, int]:
        began_us = settlement.instructed.event_time_us
        return minutes_e8(due_us - began_us), minutes_e8(later_us - began_us)

    def _kept_waiting(self, due_us: int, answers: Answers) -> Injection[Fault] | None:
        if answers.now_us - due_us <= PUNCTUAL_US:
            return None
        return self._faults.offline(due_us)
