"""A recording as a picture: its price over time, and its anomalies where they lie.

One SVG file that needs nothing else. However long the recording, a column of the picture shows the
lowest and the highest price of its span of time.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final

import msgspec

from ecosystem.market_data.recorded.anomalies import MEANINGS, Anomaly, AnomalyKind, Report
from ecosystem.market_data.recorded.records import Bar, Record, price_of
from ecosystem.units import SECOND_US

COLUMNS: Final = 1_000
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1_160, 420, 90, 50, 60
_MARKS_MAX: Final = 4_000
_COLOURS: Final[dict[AnomalyKind, str]] = {
    "UNREADABLE": "#7f1d1d",
    "IMPOSSIBLE": "#dc2626",
    "FOREIGN": "#9ca3af",
    "DUPLICATE": "#0891b2",
    "CONFLICT": "#c026d3",
    "LATE": "#ea580c",
    "WIDENED": "#65a30d",
    "DISORDER": "#d97706",
    "GAP": "#fde68a",
    "SPIKE": "#2563eb",
}


class Sketch:
    """Gathers what a picture shows, from a recording whose span is known."""

    def __init__(self, report: Report) -> None:
        self._first_us = report.first_time_us or 0
        self._span_us = max(1, (report.last_time_us or 0) - self._first_us)
        self._ranges: list[tuple[int, int] | None] = [None] * (COLUMNS + 1)
        self._gaps: list[tuple[int, int]] = []
        self._marks: dict[AnomalyKind, set[int]] = {}
        self._last_us = self._first_us

    def note(self, anomaly: Anomaly) -> None:
        """Mark an anomaly; one that has no time stands where the recording had come to."""
        column = self._column(self._last_us if anomaly.time_us is None else anomaly.time_us)
        if anomaly.kind == "GAP":
            self._gaps.append((self._column(self._last_us), column))
        else:
            self._marks.setdefault(anomaly.kind, set()).add(column)

    def publish(self, record: Record) -> None:
        """Draw a record that is published."""
        low_e8 = high_e8 = price_of(record)
        if isinstance(record, Bar):
            low_e8, high_e8 = record.low_price_e8, record.high_price_e8
        column = self._column(record.time_us)
        found = self._ranges[column]
        if found is not None:
            low_e8, high_e8 = min(low_e8, found[0]), max(high_e8, found[1])
        self._ranges[column] = (low_e8, high_e8)
        self._last_us = record.time_us

    def svg(self, title: str, report: Report) -> str:
        """Return the picture."""
        low_e8, high_e8 = self._bounds()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
            ' font-family="sans-serif" font-size="12" role="img">',
            f"<title>{escape(title)}</title>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<text x="{_LEFT}" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
            *self._bands(),
            *self._axes(low_e8, high_e8),
            self._line(low_e8, high_e8),
            *self._legend(report),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _column(self, time_us: int) -> int:
        return min(max((time_us - self._first_us) * COLUMNS // self._span_us, 0), COLUMNS)

    def _bounds(self) -> tuple[int, int]:
        drawn = [one for one in self._ranges if one is not None]
        low_e8 = min((low for low, _ in drawn), default=0)
        high_e8 = max((high for _, high in drawn), default=1)
        margin_e8 = (high_e8 - low_e8) // 20 or high_e8 // 100 or 1
        return low_e8 - margin_e8, high_e8 + margin_e8

    def _bands(self) -> Iterable[str]:
        height = _HEIGHT - _TOP - _BOTTOM
        for start, end in self._gaps[:_MARKS_MAX]:
            yield (
                f'<rect x="{_LEFT + start}" y="{_TOP}" width="{max(1, end - start)}"'
                f' height="{height}" fill="{_COLOURS["GAP"]}"/>'
            )
        for kind, columns in self._marks.items():
            for column in sorted(columns):
                yield (
                    f'<path d="M{_LEFT + column} {_HEIGHT - _BOTTOM}v-10" stroke-width="2"'
                    f' stroke="{_COLOURS[kind]}"/>'
                )

    def _axes(self, low_e8: int, high_e8: int) -> Iterable[str]:
        for part in range(5):
            price_e8 = low_e8 + (high_e8 - low_e8) * part // 4
            y = _y(price_e8, low_e8, high_e8)
            yield f'<path d="M{_LEFT} {y}h{COLUMNS}" stroke="#e5e7eb"/>'
            yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{price_e8 / 1e8:.6g}</text>'
            at_us = self._first_us + self._span_us * part // 4
            moment = datetime.fromtimestamp(at_us / SECOND_US, UTC)
            yield (
                f'<text x="{_LEFT + COLUMNS * part // 4}" y="{_HEIGHT - _BOTTOM + 16}"'
                f' text-anchor="middle">{moment:%Y-%m-%d %H:%M}</text>'
            )

    def _line(self, low_e8: int, high_e8: int) -> str:
        moves: list[str] = []
        for column, drawn in enumerate(self._ranges):
            if drawn is not None:
                bottom, top = (_y(price_e8, low_e8, high_e8) for price_e8 in drawn)
                moves.append(f"{'L' if moves else 'M'}{_LEFT + column} {bottom}V{top}")
        return f'<path d="{"".join(moves)}" fill="none" stroke="#111827"/>'

    def _legend(self, report: Report) -> Iterable[str]:
        x = _LEFT
        for kind, count in report.counts.items():
            text = f"{kind.lower()} {count:,}"
            y = _HEIGHT - 22
            yield f"<g><title>{escape(MEANINGS[kind])}</title>"
            yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{_COLOURS[kind]}"/>'
            yield f'<text x="{x + 16}" y="{y + 11}">{text}</text></g>'
            x += 34 + 8 * len(text)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a recording says, as JSON has it."""

    file: str
    sha256: str
    instrument: str
    kind: str
    spacing_us: int
    gap_us: int
    reorder_us: int
    report: Report


def _y(price_e8: int, low_e8: int, high_e8: int) -> int:
    height = _HEIGHT - _TOP - _BOTTOM
    return _TOP + height - (price_e8 - low_e8) * height // (high_e8 - low_e8)
