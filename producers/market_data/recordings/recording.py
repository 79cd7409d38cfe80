"""A recording: a file, how it is read, and the series of one instrument in it."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.recorded.anomalies import (
    REJECTING,
    Anomaly,
    OnAnomaly,
    Report,
)
from ecosystem.market_data.recorded.normalise import Terms, normalised, usual_terms
from ecosystem.market_data.recorded.records import Record
from producers.market_data.recordings.mapping import (
    ColumnMapping,
    check_columns,
    detected,
    time_format_of,
)
from producers.market_data.recordings.rows import RowReader
from producers.market_data.recordings.tables import BrokenRow, Cells, Table, open_table

SAMPLE_ROWS: Final = 10_000
"""Rows from which is told what the mapping leaves open."""
TOLERATED: Final = ("FOREIGN", "DUPLICATE")
"""Rejecting kinds that strict reading lets pass: leaving them out loses nothing."""


class StrictReadingError(InvalidInputError):
    """A recording that must be flawless is not."""


class Recording:
    """The series of one instrument in a file.

    Raises:
        InvalidInputError: the file cannot be read, or not as the mapping says.
    """

    def __init__(self, path: Path, instrument: str, mapping: ColumnMapping | None = None) -> None:
        if instrument not in INSTRUMENTS:
            raise InvalidInputError(
                f"instrument {instrument!r}: {', '.join(INSTRUMENTS)} are allowed"
            )
        self.path = path
        self.instrument = instrument
        self._table = open_table(path)
        found = detected(self._table.header, str(path)) if mapping is None else mapping
        check_columns(found, self._table.header, str(path))
        self._reader, self.terms = _settled(self._table, found, instrument, str(path))
        self.mapping = found

    def rows(self) -> Iterator[Record | Anomaly]:
        """Yield every row of the file: the record it holds, or what is wrong with it."""
        for number, cells in self._table.rows(self._reader.columns):
            yield self._reader.read(number, cells)

    def records(
        self, report: Report, on_anomaly: OnAnomaly | None = None, *, strict: bool = False
    ) -> Iterator[Record]:
        """Yield the records in the order of time and account for every row in `report`.

        Args:
            strict: refuse the first row that would be left out.
        Raises:
            StrictReadingError: names file, row, what was found and what is allowed.
        """

        def noted(anomaly: Anomaly) -> None:
            if on_anomaly is not None:
                on_anomaly(anomaly)
            if strict and anomaly.kind in REJECTING and anomaly.kind not in TOLERATED:
                raise StrictReadingError(f"{self.path}:{anomaly.row}: {sentence(anomaly)}")

        yield from normalised(self.rows(), self.terms, report, noted)


def sentence(anomaly: Anomaly) -> str:
    """Return an anomaly in words."""
    return f"{anomaly.kind.lower()}: {anomaly.found} found; {anomaly.allowed} allowed"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def instruments_in(path: Path, mapping: ColumnMapping | None = None) -> tuple[str, ...]:
    """Return which of our instruments the first rows of a file are of; none when it names none.

    Raises:
        InvalidInputError: the file cannot be read, or not as the mapping says.
    """
    table = open_table(path)
    found = detected(table.header, str(path)) if mapping is None else mapping
    check_columns(found, table.header, str(path))
    if not found.instrument_column:
        return ()
    names: Counter[str] = Counter()
    for _, cells in islice(table.rows([found.instrument_column]), SAMPLE_ROWS):
        if not isinstance(cells, BrokenRow):
            names[found.instrument_of(str(cells[0]).strip())] += 1
    return tuple(symbol for symbol in INSTRUMENTS if names[symbol])


def _settled(
    table: Table, mapping: ColumnMapping, instrument: str, where: str
) -> tuple[RowReader, Terms]:
    columns = RowReader(mapping, "iso", instrument).columns
    sample = list(islice(table.rows(columns), SAMPLE_ROWS))
    time_format = mapping.time_format or _format_of(sample)
    reader = RowReader(mapping, time_format, instrument)
    times_us = [
        record.time_us
        for number, cells in sample
        if not isinstance(record := reader.read(number, cells), Anomaly)
    ]
    terms = _terms(mapping, times_us, where)
    if mapping.kind == "ohlcv" and mapping.bars_named_by == "close":
        reader.shift_us = terms.spacing_us
    return reader, terms


def _format_of(sample: list[tuple[int, Cells | BrokenRow]]) -> str:
    formats = Counter(
        time_format_of(cells[0]) for _, cells in sample if not isinstance(cells, BrokenRow)
    )
    return formats.most_common(1)[0][0] if formats else "iso"


def _terms(mapping: ColumnMapping, times_us: list[int], where: str) -> Terms:
    if not times_us:
        raise InvalidInputError(f"{where}: no row of the first {SAMPLE_ROWS} can be read")
    if mapping.bar_us:
        terms = usual_terms("ohlcv", [0, mapping.bar_us])
    else:
        try:
            terms = usual_terms(mapping.kind, times_us)
        except InvalidInputError as error:
            raise InvalidInputError(f"{where}: {error}") from error
    return msgspec.structs.replace(
        terms,
        gap_us=mapping.gap_us or terms.gap_us,
        reorder_us=terms.reorder_us if mapping.disorder_us is None else mapping.disorder_us,
    )
