"""Data quality: a source sends records that cannot be true.

What a firm must see of its data is asked for by MiFID II RTS 6, Art. 16 (real-time monitoring
raises alerts on its own input too), and by BCBS 239, principle 3 (accuracy and integrity).
"""

from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.data_quality import HARMLESS, Defect, Noted
from ecosystem.risk.rule import NEVER_US, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US

INPUTS: Final = 16
"""The latest defective records an alert names."""
KEPT_MAX: Final = 4_096
"""Defects remembered of one source, the latest: beyond that, more is no worse."""
_Seen = tuple[int, EventId, Defect]


class DataQualityLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The most defective records of one source within a window."""

    defects: int
    window_us: int


class _Window:
    __slots__ = ("counts", "harmless_count", "seen", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.seen: deque[_Seen] = deque()
        self.counts: Counter[Defect] = Counter()
        self.harmless_count = 0

    def add(self, now_us: int, noted: Noted) -> None:
        if len(self.seen) >= KEPT_MAX:
            self._drop()
        defect = noted.defect
        self.seen.append((now_us, noted.event.event_id, defect))
        self.counts[defect] += 1
        self.harmless_count += defect in HARMLESS

    def forget(self, until_us: int) -> None:
        while self.seen and self.seen[0][0] <= until_us:
            self._drop()

    def told(self) -> str:
        return ", ".join(f"{defect} {count}" for defect, count in sorted(self.counts.items()))

    def _drop(self) -> None:
        defect = self.seen.popleft()[2]
        self.counts[defect] -= 1
        if not self.counts[defect]:
            del self.counts[defect]
        self.harmless_count -= defect in HARMLESS


class DataQualityRule(Rule[DataQualityLimit]):
    """Judged when a record has a defect, and as defects leave the window.

    Records that are true, but late or told again, are left out and harm nobody; all of them
    together count for half of the limit at most.
    """

    name = "data_quality"

    def __init__(
        self, limit: DataQualityLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._windows: dict[str, _Window] = {}

    def judge_defects(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of the sources of the records just noted."""
        sources: dict[str, _Window] = {}
        for noted in self.state.quality.untold:
            source = self.state.sources.name(noted.event)
            window = self._windows.get(source)
            if window is None:
                window = self._windows[source] = _Window(self.watch(source))
            window.add(now_us, noted)
            sources[source] = window
        self.due_us = min(self.due_us, now_us + self.limit.window_us)
        return [found for source in sources for found in self._judge(source, now_us)]

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of sources that have grown better."""
        found = [finding for source in self._windows for finding in self._judge(source, now_us)]
        self._windows = {source: one for source, one in self._windows.items() if one.seen}
        self.due_us = min(
            (one.seen[0][0] + self.limit.window_us for one in self._windows.values()),
            default=NEVER_US,
        )
        return found

    def _judge(self, source: str, now_us: int) -> Sequence[Finding]:
        window, limit = self._windows[source], self.limit
        window.forget(now_us - limit.window_us)
        harmless_e8 = min(window.harmless_count * E8, limit.defects * E8 // 2)
        measured_e8 = (len(window.seen) - window.harmless_count) * E8 + harmless_e8
        return self.found(
            window.watch,
            measured_e8,
            limit.defects * E8,
            KIND.unit,
            lambda: [event_id for _, event_id, _ in islice(reversed(window.seen), INPUTS)],
            lambda: (
                f"{source} sent {len(window.seen)} defective records within"
                f" {limit.window_us // SECOND_US} s ({window.told()}); the limit is {limit.defects}"
            ),
        )


def _read(table: Table) -> DataQualityLimit:
    return DataQualityLimit(
        defects=table.whole("defects"), window_us=table.whole("window_s") * SECOND_US
    )


KIND: Final = RuleKind(
    rule=DataQualityRule,
    title="A source sends records that cannot be true",
    watches=(
        "the defective records of each source within a sliding window: a feed's instrument, an"
        " account at a venue, or a topic where nothing better is known; true ones that are late or"
        " repeated count for half of the limit at most"
    ),
    limit="`defects` within `window_s`",
    clears="below the `clear` share: when the window is clean",
    inputs="the latest defective records of the source",
    unit="records",
    keys=("defects", "window_s"),
    subjects=(),
    read=_read,
)
