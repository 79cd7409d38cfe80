"""Runs a plan: machines on the virtual clock, slices to the log, in step with the monitor."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.control.scenario import InjectionScheduled, RunCompleted, RunStarted
from ecosystem.events.control.words import RunStatus
from ecosystem.events.envelope import Event
from ecosystem.run import COORDINATOR, RunPlan, closing_event
from ecosystem.world import World, Written
from eventlog.records import Positions
from producers.world.feedback import Feedback
from producers.world.writing import Writing

TRADING_ENGINE: Final = "trading-engine"
RECONCILE_SLICES: Final = 360
"""Slices after which the clock's ends are compared with the broker's."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    event_time_us: int
    slices_done: int
    slices_total: int
    events_count: int
    alerts_count: int


class Interrupted(Exception):  # noqa: N818 - a request of the user, no error
    """The run is to be aborted, for this reason."""


class WorldHost:
    """Advances a world slice by slice until its plan ends.

    Args:
        opening: the plan's opening events, from `ecosystem.run.opening_events`.
        ends: asks the log for the end of every partition of the run.
    """

    def __init__(
        self,
        plan: RunPlan,
        world: World,
        writer: Writing,
        feedback: Feedback,
        opening: Sequence[RunStarted | InjectionScheduled],
        ends: Callable[[], Positions],
    ) -> None:
        self._plan = plan
        self._world = world
        self._writer = writer
        self._feedback = feedback
        if not isinstance(opening[0], RunStarted):
            raise EcosystemError(f"{type(opening[0]).__name__} found; RunStarted opens a run")
        self._started = opening[0]
        self._ends = ends
        self._alerts_count = 0
        for event in opening:
            world.publish(event)

    @property
    def strangers(self) -> Positions:
        """How many records the log holds of a partition that no simulator wrote."""
        return self._writer.strangers

    @property
    def slices_total(self) -> int:
        """How many slices the run has; the last one may be shorter."""
        span_us = self._plan.ends_at_us - self._plan.starts_at_us
        return -(-span_us // self._plan.slice_us)

    def run(self, on_progress: Callable[[Progress], None]) -> RunCompleted:
        """Run to the end and return the closing event, which stands on the log by then.

        `on_progress` is called after every slice and may raise `Interrupted`: the run is then
        closed as aborted.

        Raises:
            AppendError: the broker did not take what was written.
            EcosystemError: what `on_progress` raised; the run is closed as aborted first.
        """
        try:
            return self._run(on_progress)
        finally:
            self._writer.close()

    def _run(self, on_progress: Callable[[Progress], None]) -> RunCompleted:
        status: RunStatus = "COMPLETED"
        reason = ""
        try:
            for number in range(self.slices_total):
                self._advance(number)
                on_progress(self._progress(number))
            self._await_monitor()
        except (Interrupted, KeyboardInterrupt) as interruption:
            status, reason = "ABORTED", str(interruption) or "interrupted by the user"
        except EcosystemError as error:  # a service of the run has died, or the log refuses
            self._close("ABORTED", str(error))
            raise
        return self._close(status, reason)

    def _advance(self, number: int) -> None:
        starts_at_us = self._plan.starts_at_us + number * self._plan.slice_us
        ends_at_us = min(starts_at_us + self._plan.slice_us, self._plan.ends_at_us)
        if (answered := number - self._plan.reaction_slices) >= 0:
            self._react(self._feedback.alerts_of(answered), starts_at_us)
        self._writer.write(self._world.run_until(ends_at_us))
        if self._feedback.status == "ANSWERED":
            self._writer.release()  # the monitor waits for every record of the slice
        if (number + 1) % RECONCILE_SLICES == 0 or ends_at_us == self._plan.ends_at_us:
            self._writer.reconcile()
        self._writer.advance_clock(ends_at_us)

    def _react(self, alerts: Iterable[Event], now_us: int) -> None:
        for alert in alerts:
            self._alerts_count += 1
            self._world.deliver(TRADING_ENGINE, alert, now_us)

    def _await_monitor(self) -> None:
        first = max(0, self.slices_total - self._plan.reaction_slices)
        for number in range(first, self.slices_total):
            self._alerts_count += len(self._feedback.alerts_of(number))

    def _progress(self, number: int) -> Progress:
        reached_us = self._plan.starts_at_us + (number + 1) * self._plan.slice_us
        return Progress(
            event_time_us=min(reached_us, self._plan.ends_at_us),
            slices_done=number + 1,
            slices_total=self.slices_total,
            events_count=self._writer.events_count,
            alerts_count=self._alerts_count,
        )

    def _close(self, status: RunStatus, reason: str) -> RunCompleted:
        self._writer.flush()
        completed = closing_event(
            self._started,
            status=status,
            reason=reason,
            monitor_status=self._feedback.status,
            event_time_us=self._plan.ends_at_us,
            ends=self._ends(),
        )
        self._writer.write([Written(COORDINATOR, (completed,))])
        self._writer.flush()
        return completed
