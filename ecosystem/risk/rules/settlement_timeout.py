"""Settlement timeout: a settlement is not complete when it was promised to be."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import Rule, RuleKind
from ecosystem.risk.settlements import OpenSettlement
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, MINUTE_US, SECOND_US, format_e8

LOOK_EVERY_US: Final = 10 * SECOND_US
"""Event time between two looks while something is overdue."""


class SettlementTimeoutLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the time first promised a settlement may stay open."""

    overdue_us: int


class SettlementTimeout(Rule[SettlementTimeoutLimit]):
    """Judged as time passes; what was promised first counts, whatever was announced since."""

    name = "settlement_timeout"

    def __init__(
        self,
        limit: SettlementTimeoutLimit,
        scale: SeverityScale,
        state: RiskState,
        book: AlertBook,
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches: dict[str, Watch] = {}
        self.due_us = 0

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of the most overdue settlement of each venue."""
        self.due_us = now_us + LOOK_EVERY_US
        overdue: dict[str, list[OpenSettlement]] = {venue: [] for venue in self._watches}
        for settlement in self.state.settlements.open.values():
            if settlement.overdue_us(now_us) > 0:
                overdue.setdefault(settlement.instructed.venue, []).append(settlement)
        found: list[Finding] = []
        for venue, late in overdue.items():
            watch = self._watches.get(venue)
            if watch is None:
                watch = self._watches[venue] = self.book.watch(self.name, venue, self.scale)
            measured_us = max((one.overdue_us(now_us) for one in late), default=0)
            utilisation_e8 = measured_us * E8 // self.limit.overdue_us
            if not watch.stays(utilisation_e8):
                found.append(self._finding(watch, late, measured_us, utilisation_e8))
        return found

    def _finding(
        self, watch: Watch, late: list[OpenSettlement], measured_us: int, utilisation_e8: int
    ) -> Finding:
        late.sort(key=lambda one: one.instructed.due_time_us)
        inputs: list[EventId] = []
        for one in late:
            inputs.append(one.instructed.event_id)
            if one.delayed is not None:
                inputs.append(one.delayed.event_id)
        return Finding(
            watch=watch,
            measured_e8=measured_us * E8 // SECOND_US,
            limit_e8=self.limit.overdue_us * E8 // SECOND_US,
            utilisation_e8=utilisation_e8,
            unit=KIND.unit,
            rule_version=self.version,
            inputs=tuple(inputs),
            message=(
                f"{len(late)} settlements with {watch.subject} are overdue, the first by"
                f" {format_e8(measured_us * E8 // MINUTE_US, 1)} minutes; the limit is"
                f" {format_e8(self.limit.overdue_us * E8 // MINUTE_US, 1)}"
            ),
        )


def _read(table: Table) -> SettlementTimeoutLimit:
    return SettlementTimeoutLimit(overdue_us=table.whole("overdue_s") * SECOND_US)


KIND: Final = RuleKind(
    rule=SettlementTimeout,
    title="A settlement is not complete when it was promised to be",
    watches="the most overdue open settlement of each venue, against the due time first promised",
    limit="`overdue_s`, seconds after the due time",
    clears="below the `clear` share: when the overdue settlements have ended",
    inputs="the instructions and delays of the overdue settlements, the most overdue first",
    unit="s",
    keys=("overdue_s",),
    subjects=(),
    read=_read,
)
