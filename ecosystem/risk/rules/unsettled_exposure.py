"""Unsettled exposure: too much is under way between a venue and custody.

Until a settlement is final its amount hangs on both: on the venue that has locked it, and on the
custodian that has not received it. The Basel framework (CRE 70) has banks hold capital against
transactions that are not settled when they should be; here the exposure is their worth at the marks
of now. What is promised for another day is no such exposure before its due time.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import Judge, Rule, RuleKind
from ecosystem.risk.settlements import OpenSettlement
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, MINUTE_US, format_e8

INPUTS: Final = 32
"""The oldest open settlements an alert names, each with its delay."""
LOOK_EVERY_US: Final = MINUTE_US
"""Event time between two looks at what marks have made of it."""


class UnsettledExposureLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be under way with one venue, in USD."""

    exposure_e8: int


class UnsettledExposure(Rule[UnsettledExposureLimit]):
    """Judged as settlements begin and end, and each minute as marks move.

    Both directions count: what is on its way back is not there either.
    """

    name = "unsettled_exposure"

    def __init__(
        self,
        limit: UnsettledExposureLimit,
        scale: SeverityScale,
        state: RiskState,
        book: AlertBook,
    ) -> None:
        super().__init__(limit, scale, state, book)
        self.due_us = 0

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at settlements."""
        return dict.fromkeys(
            (SettlementInstructed, SettlementCompleted, SettlementFailed, SettlementCancelled),
            self._moved,
        )

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of every venue at the marks of now."""
        self.due_us = now_us + LOOK_EVERY_US
        self.state.settlements.fall_due(now_us)
        return [one for venue in self.state.settlements.unsettled_e8 for one in self._judge(venue)]

    def _moved(self, event: Any, now_us: int) -> Sequence[Finding]:
        return self._judge(event.venue)

    def _judge(self, venue: str) -> Sequence[Finding]:
        marks_e8 = self.state.portfolio.marks_e8
        amounts_e8 = self.state.settlements.unsettled_e8.get(venue, {})
        # What has no mark yet cannot be valued; the next look comes within a minute.
        exposure_e8 = sum(
            amount_e8 * marks_e8.get(asset, 0) // E8 for asset, amount_e8 in amounts_e8.items()
        )
        limit_e8 = self.limit.exposure_e8
        return self.found(
            self.watch(venue),
            exposure_e8,
            limit_e8,
            KIND.unit,
            lambda: self._oldest(venue),
            lambda: (
                f"{format_e8(exposure_e8, 2)} USD are under way with {venue};"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )

    def _oldest(self, venue: str) -> list[EventId]:
        oldest = islice(self.state.settlements.under_way(venue), INPUTS)
        return [event_id for one in oldest for event_id in _events(one)]


def _events(one: OpenSettlement) -> tuple[EventId, ...]:
    if one.delayed is None:
        return (one.instructed.event_id,)
    return one.instructed.event_id, one.delayed.event_id


def _read(table: Table) -> UnsettledExposureLimit:
    return UnsettledExposureLimit(exposure_e8=table.number("exposure_usd"))


KIND: Final = RuleKind(
    rule=UnsettledExposure,
    title="Too much is under way between a venue and custody",
    watches=(
        "the worth, at the marks of now, of all open settlements with each venue, either way, that"
        " are promised within 12 hours or are due"
    ),
    limit="`exposure_usd`",
    clears="below the `clear` share, as settlements end",
    inputs="the oldest of these settlements, each with its last delay",
    unit="USD",
    keys=("exposure_usd",),
    subjects=(),
    read=_read,
)
