"""Feed gap: ticks of an instrument are lost while the feed talks on."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.intake.feeds import FeedLine, Key
from ecosystem.risk.rule import NEVER_US, NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US

INPUTS: Final = 8
"""The latest gaps an alert names, by the ticks around each."""
LOOK_EVERY_US: Final = 10 * SECOND_US


class FeedGapLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The most ticks of one instrument that may be lost within a window."""

    ticks: int
    window_us: int


class FeedGap(Rule[FeedGapLimit]):
    """Judged at every tick of a line that has lost some, and as losses leave the window.

    A tick that was taken for lost and comes after all is lost no more.
    """

    name = "feed_gap"

    def __init__(
        self, limit: FeedGapLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self.heeds = self._gapped = state.intake.lines.gapped
        self._lost_count: dict[Key, int] = {}
        """How many were lost when a line was last judged."""

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._ticked}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of lines that have grown whole."""
        found = [one for key in self._gapped for one in self._judge(key, self._gapped[key], now_us)]
        for key in [key for key, line in self._gapped.items() if not line.lost]:
            del self._gapped[key]
            self._lost_count.pop(key, None)
        self.due_us = now_us + LOOK_EVERY_US if self._gapped else NEVER_US
        return found

    def _ticked(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        key = (tick.feed, tick.instrument)
        line = self._gapped.get(key)
        if line is None or len(line.lost) == self._lost_count.get(key):
            return NOTHING
        self.due_us = min(self.due_us, now_us + LOOK_EVERY_US)
        return self._judge(key, line, now_us)

    def _judge(self, key: Key, line: FeedLine, now_us: int) -> Sequence[Finding]:
        limit = self.limit
        line.forget(now_us - limit.window_us)
        lost_count = self._lost_count[key] = len(line.lost)
        subject = "/".join(key)
        return self.found(
            self.watch(subject),
            lost_count * E8,
            limit.ticks * E8,
            KIND.unit,
            lambda: _around(line),
            lambda: (
                f"{subject} lost {lost_count} ticks within {limit.window_us // SECOND_US} s;"
                f" the limit is {limit.ticks}"
            ),
        )


def _around(line: FeedLine) -> list[EventId]:
    gaps = list(dict.fromkeys((one.before_id, one.after_id) for one in line.lost.values()))
    return [event_id for gap in reversed(gaps[-INPUTS:]) for event_id in gap]


def _read(table: Table) -> FeedGapLimit:
    return FeedGapLimit(ticks=table.whole("ticks"), window_us=table.whole("window_s") * SECOND_US)


KIND: Final = RuleKind(
    rule=FeedGap,
    title="Ticks of an instrument are lost while its feed talks on",
    watches=(
        "the numbers missing in each feed's ticks of an instrument within a sliding window; what"
        " is missing after a silence of 15 seconds or more is `feed_stale`'s to tell"
    ),
    limit="`ticks` within `window_s`",
    clears="below the `clear` share, as the losses leave the window",
    inputs="the ticks after and before the latest gaps",
    unit="ticks",
    keys=("ticks", "window_s"),
    subjects=(),
    read=_read,
)
