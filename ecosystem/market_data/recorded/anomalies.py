"""What was found in a recording: an account of every row, and the anomalies by kind."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from ecosystem.market_data.recorded.records import Record

AnomalyKind = Literal[
    "UNREADABLE",
    "IMPOSSIBLE",
    "FOREIGN",
    "DUPLICATE",
    "CONFLICT",
    "LATE",
    "WIDENED",
    "DISORDER",
    "GAP",
    "SPIKE",
]
REJECTING: Final[tuple[AnomalyKind, ...]] = (
    "UNREADABLE",
    "IMPOSSIBLE",
    "FOREIGN",
    "DUPLICATE",
    "CONFLICT",
    "LATE",
)
"""Kinds whose row is not published; each such row has exactly one of them."""
MEANINGS: Final[dict[AnomalyKind, str]] = {
    "UNREADABLE": "the row does not hold what the mapping says",
    "IMPOSSIBLE": "no market has such values",
    "FOREIGN": "a row of an instrument that was not asked for",
    "DUPLICATE": "says again what another row of its time said",
    "CONFLICT": "another row says something else of the same time, and that one counts",
    "LATE": "older than the rows before it by more than disorder may be",
    "WIDENED": "the bar opens outside its low and high; they are widened to hold the open",
    "DISORDER": "older than a row before it; put back into its place",
    "GAP": "no row for longer than usual",
    "SPIKE": "a move far beyond those before it; published as it is",
}
FIRST_MAX: Final = 10
"""Anomalies of each kind that a report keeps word for word; the others are counted."""


class Anomaly(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something about one row: what was found and what is allowed."""

    kind: AnomalyKind
    row: int
    found: str
    allowed: str
    time_us: int | None = None


class Report(msgspec.Struct, kw_only=True):
    """The account of a recording: every row read was published or is named in an anomaly."""

    rows_read: int = 0
    rows_published: int = 0
    counts: dict[AnomalyKind, int] = {}
    firsts: dict[AnomalyKind, list[Anomaly]] = {}
    first_time_us: int | None = None
    last_time_us: int | None = None
    longest_gap_us: int = 0

    @property
    def rows_rejected(self) -> int:
        """How many rows were not published."""
        return sum(self.counts.get(kind, 0) for kind in REJECTING)

    def note(self, anomaly: Anomaly) -> None:
        """Count an anomaly, and keep it when it is among the first of its kind."""
        self.counts[anomaly.kind] = self.counts.get(anomaly.kind, 0) + 1
        firsts = self.firsts.setdefault(anomaly.kind, [])
        if len(firsts) < FIRST_MAX:
            firsts.append(anomaly)

    def publish(self, record: Record) -> None:
        """Count a row that is published."""
        self.rows_published += 1
        if self.first_time_us is None:
            self.first_time_us = record.time_us
        self.last_time_us = record.time_us


OnAnomaly = Callable[[Anomaly], None]
