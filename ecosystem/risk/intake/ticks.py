"""Ticks are most of what comes, and nearly all are as they should be: one look sees that.

A tick is regular when its line told the instrument's last one, it has the next number, says
something new, is no older, and is a quote near the level. Any other goes the long way, by its line,
the levels and the market, each of which notes what is wrong with it. A regular tick would pass all
of them, and leave in them what is left here.
"""

from collections.abc import Callable

import msgspec

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import SPREAD_FACTOR_MAX, DataQuality, defect_of_tick
from ecosystem.risk.intake.feeds import FeedLine, FeedLines
from ecosystem.risk.intake.levels import NEAR, PriceLevel, PriceLevels
from ecosystem.risk.market import Market, TakeMark


class _Course(msgspec.Struct, frozen=True):
    """What the next regular tick of an instrument is measured by, and what takes its mid in."""

    symbol: str
    feed: str
    line: FeedLine
    level: PriceLevel
    mark: TakeMark | None


class TickIntake:
    """Takes in ticks of all feeds; their numbers tell doubles without a memory of ids."""

    __slots__ = ("_courses", "_levels", "_market", "_quality", "lines")

    def __init__(self, quality: DataQuality, market: Market) -> None:
        self._quality = quality
        self._market = market
        self._levels = PriceLevels()
        self.lines = FeedLines(quality)
        self._courses: dict[str, _Course] = {}
        """By instrument, where its last tick was taken in and left nothing to be watched."""

    def guarded(self) -> Callable[[PriceTicked], PriceTicked | None]:
        """Return what takes in a tick, and returns it as it is believed, or None."""
        courses, ticks, mids_e8 = self._courses, self._market.ticks, self._market.mids_e8
        admitted = self._admitted

        def admit(tick: PriceTicked) -> PriceTicked | None:
            course = courses.get(tick.instrument)
            if course is None or course.feed != tick.feed:
                return admitted(tick)
            line, level = course.line, course.level
            last, bid_e8, ask_e8 = line.tick, tick.bid_price_e8, tick.ask_price_e8
            twice_e8 = bid_e8 + ask_e8
            if (
                tick.feed_sequence != last.feed_sequence + 1
                or tick.volume_e8 == last.volume_e8
                or tick.event_time_us < last.event_time_us
                or not 0 < bid_e8 <= ask_e8 <= bid_e8 * SPREAD_FACTOR_MAX
                or tick.last_price_e8 <= 0
                or abs(twice_e8 - level.twice_e8) * NEAR > level.twice_e8
            ):
                return admitted(tick)
            line.tick = ticks[course.symbol] = tick
            level.twice_e8 = twice_e8
            mids_e8[course.symbol] = mid_e8 = twice_e8 // 2
            if course.mark is not None:
                course.mark(tick, mid_e8)
            return tick

        return admit

    def _admitted(self, tick: PriceTicked) -> PriceTicked | None:
        symbol = tick.instrument
        self._courses.pop(symbol, None)
        if not self.lines.in_order(tick):
            return None
        if not self._levels.near(tick):
            # What cannot be true has no level.
            if (defect := defect_of_tick(tick)) is not None:
                self._quality.note(defect, tick)
                return None
            if not self._levels.believes(tick):
                self._quality.note("PRICE_JUMPED", tick)
                return None
        if not self._market.tick(tick):
            return None
        line, level = self.lines.line(tick), self._levels.level(symbol)
        if line.is_calm() and level.is_calm():
            mark = self._market.marks.get(symbol)
            self._courses[symbol] = _Course(symbol, tick.feed, line, level, mark)
        return tick
