"""Bars of one minute to one day, made of the feed's own ticks: of the last prices and volumes.

Only the bar of the minute is touched by a tick; a minute that is over is folded into the longer
bars. Bars lie on the grid of UTC and close when the clock has passed their end; a bar without a
tick is none. As they are made of what was published, a feed that is shown its own ticks again has
the same bars, in the middle of one as well.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ecosystem.events.prices import BarClosed, PriceTicked
from ecosystem.firm import FEED
from ecosystem.ids import derive_id
from ecosystem.units import DAY_US, HOUR_US, MINUTE_US

INTERVALS_US: Final[Mapping[str, int]] = MappingProxyType(
    {
        "1m": MINUTE_US,
        "5m": 5 * MINUTE_US,
        "15m": 15 * MINUTE_US,
        "1h": HOUR_US,
        "4h": 4 * HOUR_US,
        "1d": DAY_US,
    }
)
"""Every length of a bar, the shortest first; each divides the next."""
KEPT: Final[Mapping[str, int]] = MappingProxyType(
    {"1m": 1500, "5m": 600, "15m": 400, "1h": 400, "4h": 200, "1d": 100}
)
"""How many closed bars of each length are remembered: of minutes, a day and an hour."""
_MINUTE: Final = "1m"
_LONGER: Final = tuple(name for name in INTERVALS_US if name != _MINUTE)


class Bar:
    """A bar that is still open."""

    __slots__ = (
        "high_e8",
        "last",
        "low_e8",
        "open_e8",
        "open_us",
        "ticks_count",
        "volume_e8",
    )

    def __init__(self, open_us: int, price_e8: int, tick: PriceTicked) -> None:
        self.open_us = open_us
        self.open_e8 = self.high_e8 = self.low_e8 = price_e8
        self.volume_e8 = 0
        self.ticks_count = 0
        self.last = tick

    def fold(self, part: "Bar") -> None:
        """Take in a bar that follows within this one."""
        self.high_e8 = max(self.high_e8, part.high_e8)
        self.low_e8 = min(self.low_e8, part.low_e8)
        self.volume_e8 += part.volume_e8
        self.ticks_count += part.ticks_count
        self.last = part.last

    def closed(self, symbol: str, interval: str, now_us: int) -> BarClosed:
        """Return the fact that it closed, which follows from its last tick."""
        return BarClosed(
            event_id=derive_id(self.last.event_id, f"{FEED}/bar/{interval}"),
            correlation_id=self.last.correlation_id,
            causation_id=self.last.event_id,
            event_time_us=now_us,
            feed=FEED,
            instrument=symbol,
            interval=interval,
            open_time_us=self.open_us,
            open_price_e8=self.open_e8,
            high_price_e8=self.high_e8,
            low_price_e8=self.low_e8,
            close_price_e8=self.last.last_price_e8,
            volume_e8=self.volume_e8,
            ticks_count=self.ticks_count,
        )


class Bars:
    """The open bars of all instruments, and the closed ones of late."""

    __slots__ = ("_ends_us", "_longer", "_minutes", "history")

    def __init__(self, symbols: Sequence[str]) -> None:
        self._minutes: dict[str, Bar] = {}
        self._longer: dict[tuple[str, str], Bar] = {}
        self._ends_us = 0
        self.history = {
            (symbol, interval): deque[BarClosed](maxlen=KEPT[interval])
            for symbol in symbols
            for interval in INTERVALS_US
        }

    def add(self, ticks: Iterable[PriceTicked]) -> None:
        """Take in published ticks, after `close` up to their times."""
        minutes = self._minutes
        for tick in ticks:
            price_e8, symbol = tick.last_price_e8, tick.instrument
            bar = minutes.get(symbol)
            if bar is None:
                open_us = tick.event_time_us // MINUTE_US * MINUTE_US
                bar = minutes[symbol] = Bar(open_us, price_e8, tick)
                self._ends_us = open_us + MINUTE_US
            elif price_e8 > bar.high_e8:
                bar.high_e8 = price_e8
            elif price_e8 < bar.low_e8:
                bar.low_e8 = price_e8
            bar.volume_e8 += tick.volume_e8
            bar.ticks_count += 1
            bar.last = tick

    def close(self, now_us: int) -> Sequence[BarClosed]:
        """Return the bars that are over at `now_us`, by instrument, the shortest first."""
        if now_us < self._ends_us or not (self._minutes or self._longer):
            return ()
        closed: list[BarClosed] = []
        minutes, self._minutes = self._minutes, {}
        for symbol in sorted({*minutes, *(symbol for symbol, _ in self._longer)}):
            if (minute := minutes.get(symbol)) is not None:
                closed.append(minute.closed(symbol, _MINUTE, now_us))
            for interval in _LONGER:
                closed += self._close_longer(symbol, interval, minute, now_us)
        self._ends_us = now_us // MINUTE_US * MINUTE_US + MINUTE_US
        return closed

    def remember(self, closed: BarClosed) -> None:
        """Keep a closed bar, once, for those who ask for history."""
        kept = self.history.get((closed.instrument, closed.interval))
        if kept is not None and (not kept or kept[-1].open_time_us < closed.open_time_us):
            kept.append(closed)

    def _close_longer(
        self, symbol: str, interval: str, minute: Bar | None, now_us: int
    ) -> list[BarClosed]:
        span_us = INTERVALS_US[interval]
        bar = self._longer.get((symbol, interval))
        if minute is not None:
            if bar is None:
                open_us = minute.open_us // span_us * span_us
                bar = self._longer[symbol, interval] = Bar(open_us, minute.open_e8, minute.last)
            bar.fold(minute)
        if bar is None or now_us < bar.open_us + span_us:
            return []
        del self._longer[symbol, interval]
        return [bar.closed(symbol, interval, now_us)]
