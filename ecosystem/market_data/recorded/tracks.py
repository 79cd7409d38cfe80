"""One recorded instrument, step by step: which price holds at each step of the feed.

A track goes forward only, reading the recording as it goes, so it holds two records at a time. Its
answer depends on the step alone: the steps before may have been asked for or not.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

import msgspec

from ecosystem.market_data.recorded.bars import bar_path, split_volume
from ecosystem.market_data.recorded.grid import Grid
from ecosystem.market_data.recorded.normalise import Terms
from ecosystem.market_data.recorded.records import Bar, RecordedQuote, Trade, price_of
from ecosystem.market_data.source import SourcePrice
from ecosystem.rng import Stream

Gaps = Literal["STALE", "HOLD", "INTERPOLATE"]
"""What is published in a gap: nothing, the last price, or the straight line to the next one."""

Point = Trade | RecordedQuote


class Track(Protocol):
    """The prices of one recorded instrument, for steps in rising order."""

    def at(self, step: int) -> SourcePrice | None:
        """Return the price at `step`, which is later than every step asked for before."""
        ...


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A time without a record: since when, and what surrounds it."""

    since_us: int
    price_e8: int
    until_us: int | None = None
    """When the recording goes on; None when it does not."""
    next_price_e8: int = 0

    def price(self, time_us: int, gaps: Gaps) -> int | None:
        """Return the price to publish at `time_us`, if any."""
        if gaps == "HOLD":
            return self.price_e8
        if gaps == "STALE" or self.until_us is None:
            return None
        rise_e8 = self.next_price_e8 - self.price_e8
        passed_us = time_us - self.since_us
        return self.price_e8 + rise_e8 * passed_us // (self.until_us - self.since_us)


class PointTrack:
    """Trades or quotes: the last record up to a step holds there, older ones are merged into it."""

    def __init__(self, points: Iterable[Point], grid: Grid, terms: Terms, gaps: Gaps) -> None:
        self._points: Iterator[Point] = iter(points)
        self._grid = grid
        self._terms = terms
        self._gaps = gaps
        self._last: Point | None = None
        self._next: Point | None = next(self._points, None)

    def at(self, step: int) -> SourcePrice | None:
        """Return the price at `step`, with the volume of the trades since the step before."""
        self._move_to(self._grid.time_us(step - 1))
        volume_e8, fresh = self._move_to(self._grid.time_us(step))
        last = self._last
        if last is None:
            return None
        if fresh:
            return _priced(last, volume_e8)
        time_us, next_one = self._grid.time_us(step), self._next
        usual = next_one is not None and next_one.time_us - last.time_us <= self._terms.gap_us
        if usual or time_us <= last.time_us + self._terms.spacing_us:
            return _priced(last, 0)
        silence = Silence(
            since_us=last.time_us,
            price_e8=price_of(last),
            until_us=None if next_one is None else next_one.time_us,
            next_price_e8=0 if next_one is None else price_of(next_one),
        )
        return _quiet(silence.price(time_us, self._gaps))

    def _move_to(self, time_us: int) -> tuple[int, bool]:
        volume_e8, fresh = 0, False
        while self._next is not None and self._next.time_us <= time_us:
            self._last, fresh = self._next, True
            if isinstance(self._last, Trade):
                volume_e8 += self._last.quantity_e8 or 0
            self._next = next(self._points, None)
        return volume_e8, fresh


class BarTrack:
    """Bars: inside each the price follows its path; a bar shorter than a step joins the next."""

    def __init__(
        self,
        bars: Iterable[Bar],
        grid: Grid,
        terms: Terms,
        gaps: Gaps,
        draws: Stream,
        lot_e8: int,
    ) -> None:
        self._bars: Iterator[Bar] = iter(bars)
        self._grid = grid
        self._length_us = terms.spacing_us
        self._gaps = gaps
        self._draws = draws
        self._lot_e8 = lot_e8
        self._bar: Bar | None = None
        self._next: Bar | None = next(self._bars, None)
        self._first = self._steps = 0
        self._joined_e8 = self._volume_e8 = 0
        self._path: list[int] = []

    def at(self, step: int) -> SourcePrice | None:
        """Return the price at `step`, and its part of the volume of the bar."""
        time_us = self._grid.time_us(step)
        while self._next is not None and self._next.time_us <= time_us:
            self._enter(self._next)
            self._next = next(self._bars, None)
        bar, number = self._bar, step - self._first
        if bar is None:
            return None
        if time_us >= bar.time_us + self._length_us:
            return _quiet(self._silence(bar).price(time_us, self._gaps))
        if not self._path:
            self._path = bar_path(bar, self._steps, self._draws)
        price_e8 = self._path[number]
        volume_e8 = (
            None
            if bar.volume_e8 is None
            else split_volume(self._volume_e8, self._steps, number, self._lot_e8)
        )
        return SourcePrice(price_e8, None, volume_e8, price_e8)

    def _enter(self, bar: Bar) -> None:
        if self._bar is not None and self._steps == 0:
            self._joined_e8 += self._bar.volume_e8 or 0
        else:
            self._joined_e8 = 0
        self._bar, self._path = bar, []
        self._first = self._grid.step_from(bar.time_us)
        self._steps = self._grid.step_from(bar.time_us + self._length_us) - self._first
        self._volume_e8 = self._joined_e8 + (bar.volume_e8 or 0)

    def _silence(self, bar: Bar) -> Silence:
        ahead = self._next
        return Silence(
            since_us=bar.time_us + self._length_us,
            price_e8=bar.close_price_e8,
            until_us=None if ahead is None else ahead.time_us,
            next_price_e8=0 if ahead is None else ahead.open_price_e8,
        )


def _priced(point: Point, volume_e8: int) -> SourcePrice:
    if isinstance(point, Trade):
        known = point.quantity_e8 is not None
        return SourcePrice(point.price_e8, None, volume_e8 if known else None, point.price_e8)
    return SourcePrice(
        mid_price_e8=price_of(point),
        spread_e8=point.ask_price_e8 - point.bid_price_e8,
        bid_quantity_e8=point.bid_quantity_e8,
        ask_quantity_e8=point.ask_quantity_e8,
    )


def _quiet(price_e8: int | None) -> SourcePrice | None:
    return None if price_e8 is None else SourcePrice(price_e8, None, 0, price_e8)
