"""What of the log a replay must read, pure: from the bounds of run and log to ranges."""

from collections.abc import Iterable
from typing import Final

import msgspec

from ecosystem.events.alerts import RiskHeartbeat
from eventlog.catalogue.model import Catalogue
from replay.history import FinishedRun, Ranges, check_complete

RISK_MONITOR: Final = "risk-monitor"
ALERTS: Final = "risk-alerts"
DEAD_LETTERS: Final = "dead-letters"
CLOCK: Final = "clock"
TIMELINES: Final = "audit-timelines"
REPORTS: Final = "audit-reports"
MONITOR_COMMAND: Final = "monitor_command"
"""The setting of a run that another's monitor watched: its alerts are not ours to derive."""
COMPARED: Final = (ALERTS, DEAD_LETTERS, TIMELINES, REPORTS)
"""What is compared, in the order in which one follows from the other."""


class ReadingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything lies that a replay reads; no range is in two of these."""

    told: Ranges
    """What the monitor said, and dead letters, from the beginning of the log."""
    found: Ranges
    """What the auditor found, of this run and perhaps of others."""
    watched: Ranges
    """What the monitor reads. Its memory begins with the log, wherever the run begins."""
    rest: Ranges
    """The run's other records."""

    @property
    def records_count(self) -> int:
        """How many offsets that are, some of which hold no record."""
        every = (self.told, self.found, self.watched, self.rest)
        return sum(end - start for ranges in every for start, end in ranges.values())


def plan_reading(run: FinishedRun, catalogue: Catalogue, bounds: Ranges) -> ReadingPlan:
    """Return what must be read to replay `run`.

    Args:
        bounds: of the log, for every topic of the run and the auditor's two.

    Raises:
        HistoryCutError: something of it is not on the log any more.
    """
    watched = catalogue.subscription(RISK_MONITOR)
    plan = ReadingPlan(
        told={p: (0, end) for p, (_, end) in run.ranges.items() if p[0] in (ALERTS, DEAD_LETTERS)},
        found={p: (0, end) for p, (_, end) in bounds.items() if p[0] in (TIMELINES, REPORTS)},
        watched={p: (0, end) for p, (_, end) in run.ranges.items() if p[0] in watched},
        rest={p: r for p, r in run.ranges.items() if p[0] not in (*watched, *COMPARED)},
    )
    needed = {**plan.told, **plan.found, **plan.watched, **plan.rest}
    check_complete(run.started.run_id, needed, bounds)
    return plan


def extended(watched: Ranges, heartbeats: Iterable[RiskHeartbeat], bounds: Ranges) -> Ranges:
    """Return `watched` with what heartbeats name beyond it, as far as the log goes.

    The ends of a run that goes on are asked for one after the other, so that a heartbeat inside
    them can answer records that lie outside.
    """
    ends = {place: end for place, (_, end) in watched.items()}
    for heartbeat in heartbeats:
        for part in heartbeat.ends:
            place = (part.topic, part.partition)
            if place in ends:
                ends[place] = min(max(ends[place], part.end_offset), bounds[place][1])
    return {place: (start, ends[place]) for place, (start, _) in watched.items()}
