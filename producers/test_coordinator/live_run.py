"""Runs a scenario in a live environment: opens it, waits for event time to pass, closes it.

The environment runs on before and after; the run is what lies between two vectors of offsets.
"""

import time
from collections.abc import Callable
from typing import Final

from ecosystem.errors import EcosystemError
from ecosystem.events.control.scenario import RunCompleted, RunStarted
from ecosystem.events.control.words import MonitorStatus, RunStatus
from ecosystem.run import RunPlan, closing_event, opening_events
from eventlog.log import LogAppender
from eventlog.records import Positions
from producers.live.clock import LiveClock

ALERTS: Final = ("risk-alerts", 0)
SETTLE_S: Final = 2.0
"""Wall time after the end in which the last facts and alerts reach the log."""
SILENCE_MAX_S: Final = 20.0
"""Wall time in which a monitor that is alive says something, however busy the machine."""
LOOK_EVERY_S: Final = 0.2


class NothingFlowsError(EcosystemError):
    """The environment writes no prices, or its monitor no heartbeats."""


def await_flow(
    ends: Callable[[], Positions],
    *,
    monitor: bool,
    bound_s: float = 60.0,
    check: Callable[[], None],
) -> None:
    """Return when prices are written, and the monitor answers where one is expected.

    Args:
        check: called while waiting; raises when waiting has become pointless.
    Raises:
        NothingFlowsError: it was not so within `bound_s`.
    """
    first, deadline = ends(), time.monotonic() + bound_s
    while True:
        grown = {place for place, end in ends().items() if end > first.get(place, 0)}
        if any(topic == "prices" for topic, _ in grown) and (ALERTS in grown or not monitor):
            return
        if time.monotonic() > deadline:
            topics = ", ".join(sorted({topic for topic, _ in grown})) or "none"
            raise NothingFlowsError(
                f"after {bound_s:.0f} s records came on: {topics};"
                f" prices{' and risk-alerts' if monitor else ''} are needed"
            )
        check()
        time.sleep(LOOK_EVERY_S)


class LiveRun:
    """One scenario in a live environment.

    Args:
        plan: starts at the clock's present time.
        ends: asks the log for the end of every partition a run can have records on.
        silence_max_s: a monitor that says nothing for so long after the end has fallen silent.
    """

    def __init__(
        self,
        plan: RunPlan,
        key: bytes,
        appender: LogAppender,
        clock: LiveClock,
        ends: Callable[[], Positions],
        silence_max_s: float = SILENCE_MAX_S,
    ) -> None:
        self._plan = plan
        self._key = key
        self._appender = appender
        self._clock = clock
        self._ends = ends
        self._silence_max_s = silence_max_s

    def run(self, on_progress: Callable[[float], None]) -> RunCompleted:
        """Run to the end and return the closing event, which stands on the log by then.

        `on_progress` is told the share of event time that has passed. Interrupted by the user
        (KeyboardInterrupt), the run is closed as aborted.

        Raises:
            AppendError: the broker did not take an event.
        """
        starts = self._ends()
        opening = opening_events(self._plan, self._key)
        assert isinstance(opening[0], RunStarted)
        for event in opening:
            self._appender.append(event)
        self._appender.flush()
        status: RunStatus = "COMPLETED"
        reason = ""
        try:
            self._wait(on_progress)
            monitor_status = self._settle(starts)
        except KeyboardInterrupt:
            status, reason = "ABORTED", "interrupted by the user"
            monitor_status = self._heard_since(starts)
        except EcosystemError as error:  # a service of the run has died, or the log refuses
            self._close(opening[0], "ABORTED", str(error), starts, self._heard_since(starts))
            raise
        return self._close(opening[0], status, reason, starts, monitor_status)

    def _wait(self, on_progress: Callable[[float], None]) -> None:
        span_us = self._plan.ends_at_us - self._plan.starts_at_us
        while (left_s := self._clock.wall_s_until(self._plan.ends_at_us)) > 0:
            on_progress(1 - (self._plan.ends_at_us - self._clock.now_us()) / span_us)
            time.sleep(min(left_s, LOOK_EVERY_S))

    def _settle(self, starts: Positions) -> MonitorStatus:
        # Prices go on after the end, so a monitor that is alive has more to answer.
        at_end = self._ends()
        deadline = time.monotonic() + self._silence_max_s
        time.sleep(min(SETTLE_S, self._silence_max_s))
        while (heard := self._heard_since(at_end)) == "SILENT" and time.monotonic() < deadline:
            if self._heard_since(starts) == "SILENT":
                return "SILENT"  # it was never there
            time.sleep(LOOK_EVERY_S)
        return heard

    def _heard_since(self, earlier: Positions) -> MonitorStatus:
        return "ANSWERED" if self._ends().get(ALERTS, 0) > earlier.get(ALERTS, 0) else "SILENT"

    def _close(
        self,
        started: RunStarted,
        status: RunStatus,
        reason: str,
        starts: Positions,
        monitor_status: MonitorStatus,
    ) -> RunCompleted:
        completed = closing_event(
            started,
            status=status,
            reason=reason,
            monitor_status=monitor_status,
            event_time_us=max(self._clock.now_us(), self._plan.starts_at_us),
            ends=self._ends(),
            starts=starts,
        )
        self._appender.append(completed)
        self._appender.flush()
        return completed
