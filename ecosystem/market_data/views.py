"""What the feed shows of itself, for its doors: pure functions of the machine's state."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import BarClosed, PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.bars import INTERVALS_US, KEPT
from ecosystem.market_data.machine import MarketData
from ecosystem.units import DAY_US, E8

_MINUTE: Final = "1m"
RETURNS_MIN: Final = 30
"""So many common minutes are needed before a correlation says anything."""


class Statistics24h(msgspec.Struct, frozen=True, kw_only=True):
    """The last day of an instrument, as far as its closed minutes reach."""

    instrument: str
    since_us: int
    """Begin of the first minute counted."""
    until_us: int
    """End of the last."""
    open_price_e8: int
    high_price_e8: int
    low_price_e8: int
    last_price_e8: int
    change_e8: int
    """Of the last price against the first, a fraction."""
    volume_e8: int
    ticks_count: int


class Correlations(msgspec.Struct, frozen=True, kw_only=True):
    """Correlations of the returns of minutes, a matrix of fractions."""

    instruments: tuple[str, ...]
    returns_count: int
    """Minutes that every instrument has; 0 while they are too few."""
    matrix_e8: tuple[tuple[int, ...], ...]
    """Empty while they are too few."""


def current(feed: MarketData, instrument: str) -> PriceTicked | None:
    """Return the last tick of an instrument; None before the first.

    Raises:
        InvalidInputError: no such instrument.
    """
    _check(instrument)
    return feed.ticks.get(instrument)


def history(feed: MarketData, instrument: str, interval: str, count: int) -> Sequence[BarClosed]:
    """Return the last closed bars of an instrument, the oldest first, at most `count`.

    Raises:
        InvalidInputError: no such instrument or interval, or a count out of bounds.
    """
    _check(instrument)
    if interval not in INTERVALS_US:
        raise InvalidInputError(
            f"interval {interval!r} found; {', '.join(INTERVALS_US)} are allowed"
        )
    if not 1 <= count <= KEPT[interval]:
        raise InvalidInputError(f"count {count} found; 1 to {KEPT[interval]} is allowed")
    return tuple(feed.bars.history[instrument, interval])[-count:]


def order_book(feed: MarketData, instrument: str) -> BookQuoted | None:
    """Return the last ten levels published of an instrument; None before the first.

    Raises:
        InvalidInputError: no such instrument.
    """
    _check(instrument)
    return feed.books.get(instrument)


def statistics_24h(feed: MarketData, instrument: str) -> Statistics24h | None:
    """Return the last day of an instrument; None before its first closed minute.

    Raises:
        InvalidInputError: no such instrument.
    """
    _check(instrument)
    bars = feed.bars.history[instrument, _MINUTE]
    if not bars:
        return None
    until_us = bars[-1].open_time_us + INTERVALS_US[_MINUTE]
    day = [bar for bar in bars if bar.open_time_us >= until_us - DAY_US]
    open_e8, last_e8 = day[0].open_price_e8, day[-1].close_price_e8
    return Statistics24h(
        instrument=instrument,
        since_us=day[0].open_time_us,
        until_us=until_us,
        open_price_e8=open_e8,
        high_price_e8=max(bar.high_price_e8 for bar in day),
        low_price_e8=min(bar.low_price_e8 for bar in day),
        last_price_e8=last_e8,
        change_e8=(last_e8 - open_e8) * E8 // open_e8,
        volume_e8=sum(bar.volume_e8 for bar in day),
        ticks_count=sum(bar.ticks_count for bar in day),
    )


def correlations(feed: MarketData, minutes: int = 240) -> Correlations:
    """Return how the instruments moved together in the last closed minutes.

    Raises:
        InvalidInputError: more minutes than are remembered, or too few.
    """
    if not RETURNS_MIN <= minutes < KEPT[_MINUTE]:
        allowed = f"{RETURNS_MIN} to {KEPT[_MINUTE] - 1} is allowed"
        raise InvalidInputError(f"minutes {minutes} found; {allowed}")
    closes = {
        symbol: {bar.open_time_us: bar.close_price_e8 for bar in feed.bars.history[symbol, _MINUTE]}
        for symbol in INSTRUMENTS
    }
    common = sorted(set.intersection(*(set(of) for of in closes.values())))[-minutes - 1 :]
    if len(common) <= RETURNS_MIN:
        return Correlations(instruments=tuple(INSTRUMENTS), returns_count=0, matrix_e8=())
    returns = [_returns([of[at] for at in common]) for of in closes.values()]
    return Correlations(
        instruments=tuple(INSTRUMENTS),
        returns_count=len(common) - 1,
        matrix_e8=tuple(
            tuple(E8 if left is right else _correlation_e8(left, right) for right in returns)
            for left in returns
        ),
    )


def _check(instrument: str) -> None:
    if instrument not in INSTRUMENTS:
        raise InvalidInputError(
            f"instrument {instrument!r} found; {', '.join(INSTRUMENTS)} are allowed"
        )


def _returns(prices_e8: Sequence[int]) -> list[float]:
    returns = [after / before - 1.0 for before, after in pairwise(prices_e8)]
    mean = sum(returns) / len(returns)
    return [one - mean for one in returns]


def _correlation_e8(left: Sequence[float], right: Sequence[float]) -> int:
    squares = sum(one * one for one in left) * sum(one * one for one in right)
    if not squares:
        return 0  # a price that did not move moved with nothing
    return round(sum(a * b for a, b in zip(left, right, strict=True)) / math.sqrt(squares) * E8)
