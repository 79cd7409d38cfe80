"""Indicators of price history, updated tick by tick.

They are opinions, not money: floats, of the four operations and the square root alone, which
IEEE 754 defines to the bit, so every computer forms the same opinion.
"""

import math


class Momentum:
    """How far a fast average of the price runs ahead of a slow one, in units of `step`.

    Exponential averages over event time: a tick `dt` after the last weighs `dt / (tau + dt)`.
    """

    __slots__ = ("_fast", "_fast_us", "_last_us", "_since_us", "_slow", "_slow_us", "_step")

    def __init__(self, fast_us: int, slow_us: int, step: float) -> None:
        self._fast_us = fast_us
        self._slow_us = slow_us
        self._step = step
        self._fast = self._slow = 0.0
        self._since_us = self._last_us = -1

    def update(self, price_e8: int, time_us: int) -> None:
        """Take in the price at `time_us`."""
        price = float(price_e8)
        elapsed_us = time_us - self._last_us
        if self._since_us < 0:
            self._fast = self._slow = price
            self._since_us = time_us
        elif elapsed_us > 0:
            self._fast += (price - self._fast) * elapsed_us / (self._fast_us + elapsed_us)
            self._slow += (price - self._slow) * elapsed_us / (self._slow_us + elapsed_us)
        self._last_us = time_us

    def signal(self) -> float | None:
        """Return the lead of the fast average, positive upwards; None before the slow is full."""
        if self._last_us - self._since_us < self._slow_us:
            return None
        return (self._fast / self._slow - 1.0) / self._step


class Reversion:
    """How far the price lies below its average, in units of `step` standard deviations.

    Mean and variance are exponential over event time (West, 1979); the deviation is never taken
    to be smaller than `deviation_min`, a fraction of the price, or calm would look like chance.
    """

    __slots__ = (
        "_deviation_min",
        "_last_us",
        "_mean",
        "_price",
        "_since_us",
        "_step",
        "_tau_us",
        "_variance",
    )

    def __init__(self, tau_us: int, step: float, deviation_min: float) -> None:
        self._tau_us = tau_us
        self._step = step
        self._deviation_min = deviation_min
        self._price = self._mean = self._variance = 0.0
        self._since_us = self._last_us = -1

    def update(self, price_e8: int, time_us: int) -> None:
        """Take in the price at `time_us`."""
        self._price = price = float(price_e8)
        elapsed_us = time_us - self._last_us
        if self._since_us < 0:
            self._mean = price
            self._since_us = time_us
        elif elapsed_us > 0:
            weight = elapsed_us / (self._tau_us + elapsed_us)
            away = price - self._mean
            self._mean += weight * away
            self._variance = (1.0 - weight) * (self._variance + weight * away * away)
        self._last_us = time_us

    def signal(self) -> float | None:
        """Return the distance below the average, positive when cheap; None until it is full."""
        if self._last_us - self._since_us < self._tau_us:
            return None
        deviation = max(math.sqrt(self._variance), self._deviation_min * self._mean)
        return (self._mean - self._price) / deviation / self._step


class Volatility:
    """Variance of relative returns per second, exponential over event time."""

    __slots__ = ("_last_us", "_price", "_since_us", "_tau_us", "_variance")

    def __init__(self, tau_us: int) -> None:
        self._tau_us = tau_us
        self._price = self._variance = 0.0
        self._since_us = self._last_us = -1

    def update(self, price_e8: int, time_us: int) -> None:
        """Take in the price at `time_us`."""
        price = float(price_e8)
        elapsed_us = time_us - self._last_us
        if self._since_us < 0:
            self._since_us = time_us
        elif elapsed_us > 0:
            change = price / self._price - 1.0
            weight = elapsed_us / (self._tau_us + elapsed_us)
            self._variance += weight * (change * change * 1e6 / elapsed_us - self._variance)
        else:
            return
        self._price = price
        self._last_us = time_us

    def variance_per_second(self) -> float | None:
        """Return the variance per second; None until it is half full.

        It begins at nothing, so what the average has not seen yet is divided out.
        """
        seen_us = self._last_us - self._since_us
        if seen_us < self._tau_us // 2:
            return None
        return self._variance * (self._tau_us + seen_us) / seen_us
