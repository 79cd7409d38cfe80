"""Venue down: a venue, custodian or feed has announced that it does not work."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NEVER_US, NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

LEAST_E8: Final[Mapping[str, int]] = {"DOWN": 9 * E8 // 10, "DEGRADED": E8 // 2, "UP": 0}
"""Share of the limit that an announcement counts for at once; time adds to it."""
UNKNOWN_E8: Final = E8 // 2


class VenueDownLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long a venue may be down."""

    down_us: int


class VenueDown(Rule[VenueDownLimit]):
    """Judged at each announcement and, while a venue is down, when the limit is reached."""

    name = "venue_down"
    version = 2

    def __init__(
        self, limit: VenueDownLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches: dict[str, Watch] = {}
        self._down: set[str] = set()

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at announcements."""
        return {VenueStatusChanged: self._announced}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of venues that have been down too long."""
        found = [finding for venue in sorted(self._down) for finding in self._judge(venue, now_us)]
        self._plan(now_us)
        return found

    def _announced(self, event: VenueStatusChanged, now_us: int) -> Sequence[Finding]:
        venue = event.venue
        if event.state == "DOWN":
            self._down.add(venue)
        else:
            self._down.discard(venue)
        self._plan(now_us)
        if venue not in self._watches and event.state == "UP":
            return NOTHING
        return self._judge(venue, now_us)

    def _plan(self, now_us: int) -> None:
        since_us = self.state.venues.since_us
        over = (since_us[venue] + self.limit.down_us for venue in self._down)
        self.due_us = min((due_us for due_us in over if due_us > now_us), default=NEVER_US)

    def _judge(self, venue: str, now_us: int) -> Sequence[Finding]:
        watch = self._watches.get(venue)
        if watch is None:
            watch = self._watches[venue] = self.book.watch(self.name, venue, self.scale)
        status = self.state.venues.statuses[venue]
        lasted_us = now_us - self.state.venues.since_us[venue] if status.state == "DOWN" else 0
        utilisation_e8 = max(
            LEAST_E8.get(status.state, UNKNOWN_E8), lasted_us * E8 // self.limit.down_us
        )
        if watch.stays(utilisation_e8):
            return NOTHING
        finding = Finding(
            watch=watch,
            # What an announcement counts for is part of the measure, so that it, the limit and the
            # utilisation agree.
            measured_e8=utilisation_e8 * self.limit.down_us // SECOND_US,
            limit_e8=self.limit.down_us * E8 // SECOND_US,
            utilisation_e8=utilisation_e8,
            unit=KIND.unit,
            rule_version=self.version,
            inputs=(status.event_id,),
            message=(
                f"{venue} is {status.state} for {format_e8(lasted_us * E8 // SECOND_US, 0)} s"
                f" ({status.reason}); the limit is"
                f" {format_e8(self.limit.down_us * E8 // SECOND_US, 0)} s, and"
                f" {format_e8(utilisation_e8, 2)} of it are used"
            ),
        )
        return (finding,)


def _read(table: Table) -> VenueDownLimit:
    return VenueDownLimit(down_us=table.whole("down_s") * SECOND_US)


KIND: Final = RuleKind(
    rule=VenueDown,
    title="A venue, custodian or feed does not work",
    watches="announcements: DOWN counts nine tenths of the limit at once, DEGRADED one half",
    limit="`down_s`, seconds a venue may be down",
    clears="when it announces that it is up again",
    inputs="the announcement",
    unit="s",
    keys=("down_s",),
    subjects=(),
    read=_read,
)
