"""Makes a time-ordered series of the rows of a recording, and finds what is wrong with them.

Rows may come out of order by a bounded time: a row is released once the newest row is younger by
that bound, and one that is older than what was released is late. Every row that comes in either
goes out or is named in exactly one anomaly of a rejecting kind; gaps, disorder and spikes are
remarks about rows that are published. Memory is bounded by the rows within the bound of disorder.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from statistics import median_low

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.recorded.anomalies import Anomaly, AnomalyKind, OnAnomaly, Report
from ecosystem.market_data.recorded.records import (
    Bar,
    Record,
    RecordKind,
    Trade,
    fault_in,
    opening_outside,
    price_of,
    values_of,
    widened,
)
from ecosystem.market_data.recorded.spikes import Spikes
from ecosystem.units import SECOND_US


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual in a recording."""

    spacing_us: int
    """The usual time between two rows; for bars their length."""
    gap_us: int
    """A longer time between two rows is a gap."""
    reorder_us: int
    """A row this much older than the newest is put back into its place; an older one is late."""


def usual_terms(kind: RecordKind, times_us: Sequence[int]) -> Terms:
    """Return the terms that the times of some rows, in any order, suggest.

    Bars come every so often, so their length is the commonest spacing; trades and quotes come as
    they please, so theirs is the median one, and a gap is ten of them and at least half a minute.

    Raises:
        InvalidInputError: fewer than two different times.
    """
    spacings = [after - before for before, after in pairwise(sorted(set(times_us)))]
    if not spacings:
        raise InvalidInputError(
            f"{len(set(times_us))} different times found; two are needed to tell the spacing,"
            " or the mapping must name it"
        )
    if kind == "ohlcv":
        counts = Counter(spacings)
        spacing_us = min(counts, key=lambda one: (-counts[one], one))
        return Terms(spacing_us=spacing_us, gap_us=spacing_us, reorder_us=4 * spacing_us)
    spacing_us = median_low(spacings)
    gap_us = max(30 * SECOND_US, 10 * spacing_us)
    return Terms(spacing_us=spacing_us, gap_us=gap_us, reorder_us=5 * SECOND_US)


class Normaliser:
    """Takes rows in the order of the file and gives them back in the order of time."""

    def __init__(self, terms: Terms, report: Report, on_anomaly: OnAnomaly | None = None) -> None:
        """Begin a series.

        Args:
            report: is kept up to date.
            on_anomaly: is given every anomaly as it is found.
        """
        self._terms = terms
        self._report = report
        self._on_anomaly = on_anomaly
        self._waiting: list[tuple[int, int, Record]] = []
        self._newest_us: int | None = None
        self._last: Record | None = None
        self._spikes = Spikes()

    def take(self, row: Record | Anomaly) -> Iterator[Record]:
        """Yield the records that a row lets go."""
        self._report.rows_read += 1
        if isinstance(row, Anomaly):
            self._note(row)
            return
        if (fault := fault_in(row)) is not None:
            self._remark("IMPOSSIBLE", row, *fault)
            return
        if self._is_late(row):
            return
        if isinstance(row, Bar) and (oddity := opening_outside(row)) is not None:
            self._remark("WIDENED", row, *oddity)
            row = widened(row)
        heappush(self._waiting, (row.time_us, row.row, row))
        self._newest_us = max(row.time_us, self._newest_us or row.time_us)
        yield from self._released(self._newest_us - self._terms.reorder_us)

    def finish(self) -> Iterator[Record]:
        """Yield what still waits; nothing comes after the end of a file."""
        yield from self._released(None)

    def _is_late(self, record: Record) -> bool:
        if self._newest_us is None or record.time_us >= self._newest_us:
            return False
        behind_us = self._newest_us - record.time_us
        late = behind_us > self._terms.reorder_us
        self._remark(
            "LATE" if late else "DISORDER",
            record,
            f"{_duration(behind_us)} older than a row before it",
            f"up to {_duration(self._terms.reorder_us)}" if late else "rising times",
        )
        return late

    def _released(self, before_us: int | None) -> Iterator[Record]:
        waiting = self._waiting
        while waiting and (before_us is None or waiting[0][0] < before_us):
            time_us = waiting[0][0]
            group: list[Record] = []
            while waiting and waiting[0][0] == time_us:
                group.append(heappop(waiting)[2])
            for record in self._distinct(group) if len(group) > 1 else group:
                if self._fits(record):
                    self._report.publish(record)
                    self._last = record
                    yield record

    def _distinct(self, group: Sequence[Record]) -> Iterator[Record]:
        first_of: dict[tuple[object, ...], Record] = {}
        for record in group:
            said = first_of.setdefault(values_of(record), record)
            if said is not record:
                self._remark("DUPLICATE", record, f"the values of row {said.row}", "each row once")
        kept = list(first_of.values())
        if not isinstance(kept[-1], Trade):  # any number of trades may share a time
            for record in kept[:-1]:
                found = f"another row, {kept[-1].row}, says otherwise of the same time"
                self._remark("CONFLICT", record, found, "one row a time; the last one counts")
            kept = kept[-1:]
        yield from kept

    def _fits(self, record: Record) -> bool:
        last = self._last
        if last is not None:
            spacing_us = record.time_us - last.time_us
            if isinstance(record, Bar) and spacing_us < self._terms.spacing_us:
                found = f"{_duration(spacing_us)} after the bar of row {last.row}"
                allowed = f"{_duration(self._terms.spacing_us)}, the length of a bar"
                self._remark("CONFLICT", record, found, allowed)
                return False
            if spacing_us > self._terms.gap_us:
                self._gap(record, last, spacing_us)
        if (spike := self._spikes.move(price_of(record))) is not None:
            move, limit = spike
            self._remark("SPIKE", record, f"a move of {move:+.2%}", f"up to {limit:.2%}")
        return True

    def _gap(self, record: Record, last: Record, spacing_us: int) -> None:
        self._report.longest_gap_us = max(self._report.longest_gap_us, spacing_us)
        found = f"{_duration(spacing_us)} after row {last.row}"
        self._remark("GAP", record, found, f"up to {_duration(self._terms.gap_us)}")

    def _remark(self, kind: AnomalyKind, record: Record, found: str, allowed: str) -> None:
        self._note(
            Anomaly(kind=kind, row=record.row, found=found, allowed=allowed, time_us=record.time_us)
        )

    def _note(self, anomaly: Anomaly) -> None:
        self._report.note(anomaly)
        if self._on_anomaly is not None:
            self._on_anomaly(anomaly)


def normalised(
    rows: Iterable[Record | Anomaly],
    terms: Terms,
    report: Report,
    on_anomaly: OnAnomaly | None = None,
) -> Iterator[Record]:
    """Yield the records of a recording in the order of time; see `Normaliser`."""
    normaliser = Normaliser(terms, report, on_anomaly)
    for row in rows:
        yield from normaliser.take(row)
    yield from normaliser.finish()


def _duration(span_us: int) -> str:
    if span_us % (60 * SECOND_US) == 0 and span_us:
        return f"{span_us // (60 * SECOND_US)} min"
    return f"{span_us / SECOND_US:g} s"
