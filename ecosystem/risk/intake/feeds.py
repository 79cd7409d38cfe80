"""The numbers and the sameness of each feed's ticks: what was lost, late, repeated or frozen.

A feed numbers the ticks of each instrument without gaps. A number that comes again is a repetition,
one from before is late, one that skips others shows how many were lost; a lost one that comes
after all was only late. A feed that begins to count anew is believed after `RESTARTED_BY` ticks.
"""

from typing import Final

import msgspec

from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.data_quality import DataQuality, Defect
from ecosystem.units import SECOND_US

SILENCE_US: Final = 15 * SECOND_US
"""What is missing after a longer silence is no gap: the silence has told it."""
LEAP: Final = 100_000
"""A number further ahead than this is wrong, not the first after a gap; a day of ticks is less."""
RESTARTED_BY: Final = 10
FROZEN_US: Final = 30 * SECOND_US
FROZEN_TICKS: Final = 10
"""So many ticks over so long a time that say the same, sizes included, are no market's."""
LINES_MAX: Final = 256
LOST_MAX: Final = 4_096
"""Lost ticks remembered of one line, the latest."""
Key = tuple[str, str]
"""Feed and instrument."""


class Lost(msgspec.Struct, frozen=True, gc=False):
    """One tick that did not come: when that was seen, and the ticks around it."""

    at_us: int
    after_id: EventId
    before_id: EventId


class FeedLine:
    """One feed's ticks of one instrument."""

    __slots__ = ("lost", "run", "run_at", "same_count", "same_since_us", "tick")

    def __init__(self, tick: PriceTicked) -> None:
        self.tick = tick
        """The last that was in order."""
        self.same_count = 0
        self.same_since_us = tick.event_time_us
        self.lost: dict[int, Lost] = {}
        """By number, oldest first; whoever counts them takes out what is too old."""
        self.run = 0
        self.run_at = 0

    def is_calm(self) -> bool:
        """Return whether its last tick was neither a repetition nor alike the one before."""
        return not self.run and not self.same_count

    def forget(self, until_us: int) -> None:
        """Let go of what was found lost up to a time."""
        lost = self.lost
        while lost and lost[first := next(iter(lost))].at_us <= until_us:
            del lost[first]


class FeedLines:
    """Every line, and what is wrong with each."""

    __slots__ = ("_lines", "_quality", "gapped")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self._lines: dict[Key, FeedLine] = {}
        self.gapped: dict[Key, FeedLine] = {}
        """The lines that have lost ticks; whoever counts them takes out what is whole again."""

    def line(self, tick: PriceTicked) -> FeedLine:
        """Return the line of a tick that was taken in."""
        return self._lines[tick.feed, tick.instrument]

    def in_order(self, tick: PriceTicked) -> bool:
        """Take in a tick; return whether it is the next of its line, or newer."""
        key = (tick.feed, tick.instrument)
        line = self._lines.get(key)
        if line is None:
            return self._begun(key, tick)
        ahead = tick.feed_sequence - line.tick.feed_sequence
        if ahead != 1:
            if not 0 < ahead <= LEAP:
                return self._restarted(line, tick, ahead)
            if tick.event_time_us - line.tick.event_time_us <= SILENCE_US:
                self._skipped(key, line, tick)
        line.run = 0
        # Two quotes of a market seldom have the same volume; only then is the rest looked at.
        if tick.volume_e8 == line.tick.volume_e8:
            self._compare(line, tick)
        else:
            line.same_count = 0
        line.tick = tick
        return True

    def _begun(self, key: Key, tick: PriceTicked) -> bool:
        if tick.instrument not in INSTRUMENTS:
            return True  # It has no line; whoever takes it in says that nobody knows it.
        if len(self._lines) >= LINES_MAX:
            self._quality.note("SOURCE_UNKNOWN", tick)
            return False
        self._lines[key] = FeedLine(tick)
        return True

    def _restarted(self, line: FeedLine, tick: PriceTicked, ahead: int) -> bool:
        line.lost.pop(tick.feed_sequence, None)
        line.run = line.run + 1 if tick.feed_sequence == line.run_at + 1 else 1
        line.run_at = tick.feed_sequence
        if line.run >= RESTARTED_BY:
            line.run, line.tick = 0, tick
            return True
        defect: Defect = "PRICE_REPEATED" if ahead == 0 else "PRICE_OUT_OF_ORDER"
        self._quality.note("SEQUENCE_IMPLAUSIBLE" if ahead > LEAP else defect, tick)
        return False

    def _skipped(self, key: Key, line: FeedLine, tick: PriceTicked) -> None:
        found = Lost(tick.event_time_us, line.tick.event_id, tick.event_id)
        first = max(line.tick.feed_sequence + 1, tick.feed_sequence - LOST_MAX)
        for number in range(first, tick.feed_sequence):
            line.lost[number] = found
        while len(line.lost) > LOST_MAX:
            del line.lost[next(iter(line.lost))]
        self.gapped[key] = line

    def _compare(self, line: FeedLine, tick: PriceTicked) -> None:
        if _content(tick) != _content(line.tick):
            line.same_count = 0
            return
        if not line.same_count:
            line.same_since_us = line.tick.event_time_us
        line.same_count += 1
        frozen_us = tick.event_time_us - line.same_since_us
        if line.same_count >= FROZEN_TICKS and frozen_us >= FROZEN_US:
            self._quality.note("PRICE_FROZEN", tick)


def _content(tick: PriceTicked) -> tuple[int, ...]:
    return (
        tick.bid_price_e8,
        tick.ask_price_e8,
        tick.last_price_e8,
        tick.bid_quantity_e8,
        tick.ask_quantity_e8,
        tick.volume_e8,
    )
