"""The shapes faults are made of: a rise, a plateau and a fall; a nervous wobble; a soft limit."""

import math
from typing import Final

import msgspec

from ecosystem.market_data.arithmetic import E12, log_e12, normal
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8


class Plateau(msgspec.Struct, frozen=True, kw_only=True):
    """From nothing to the full, held, and back to what rests; linear in event time."""

    starts_us: int
    built_us: int
    falls_us: int
    ends_us: int
    rest_e8: int = 0
    """The share that remains after the end."""

    def share_e8(self, time_us: int) -> int:
        """Return how much of the full there is at a time, scaled by 1e8."""
        if time_us < self.starts_us:
            return 0
        if time_us < self.built_us:
            return E8 * (time_us - self.starts_us) // (self.built_us - self.starts_us)
        if time_us < self.falls_us:
            return E8
        if time_us < self.ends_us:
            gone = (time_us - self.falls_us) * (E8 - self.rest_e8)
            return E8 - gone // (self.ends_us - self.falls_us)
        return self.rest_e8


class Wobble:
    """A common shock that comes and fades, step by step: noise with a memory.

    Args:
        first: the step at which it is still nothing.
        last: from this step on nothing is added, and what there is fades.
    """

    __slots__ = ("_fade_steps", "_first", "_last", "_sigma_e12", "_step", "_stream", "_value_e12")

    def __init__(
        self, stream: Stream, *, first: int, last: int, fade_steps: int, sigma: float
    ) -> None:
        self._stream = stream
        self._first = first
        self._last = last
        self._fade_steps = fade_steps
        self._sigma_e12 = sigma * E12
        self._step = first
        self._value_e12 = 0

    def at_e12(self, step: int) -> int:
        """Return the log return of the shock at a step; going back begins anew."""
        if step < self._step:
            self._step, self._value_e12 = self._first, 0
        for number in range(self._step + 1, step + 1):
            self._value_e12 -= self._value_e12 // self._fade_steps
            if number < self._last:
                self._value_e12 += round(normal(self._stream, number) * self._sigma_e12)
        self._step = max(self._step, step)
        return self._value_e12


def factor_e3(full: int, share_e8: int) -> int:
    """Return the factor, scaled by 1e3, that a share of its excess over one leaves."""
    return FACTOR_UNIT + (full - FACTOR_UNIT) * share_e8 // E8


def change_log_e12(change_e8: int) -> int:
    """Return the log return of a relative change."""
    return log_e12(E8 + change_e8, E8)


def softly_limited_e12(value_e12: int, limit_e12: int) -> int:
    """Return a value that is itself when small, and never reaches the limit."""
    ratio: Final = value_e12 / limit_e12
    return round(value_e12 / math.sqrt(1.0 + ratio * ratio))
