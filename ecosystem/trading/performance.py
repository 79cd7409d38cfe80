"""How a strategy does over time: Sharpe ratio, drawdown, win rate, from samples of its profit.

Samples are a minute apart, and what is kept of them has a fixed size, whatever the hours: exact
integer sums, and the deepest fall.
Sharpe ratio: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21 (1994): mean over
standard deviation (of the sample, n - 1) of the differential return, times the square root of the
periods in a year. The capital of a strategy is constant, so profits per minute stand for returns,
and cash earns nothing. Drawdown: Magdon-Ismail and Atiya, Maximum drawdown, Risk 17 (2004): the
greatest fall from a running maximum.
"""

import math
from typing import Final

from ecosystem.units import DAY_US, MINUTE_US

SAMPLE_US: Final = MINUTE_US
SAMPLES_PER_YEAR: Final = 365 * DAY_US // SAMPLE_US
"""These markets never close."""
SAMPLES_MIN: Final = 30
"""Fewer samples say nothing of a deviation."""


class Performance:
    """What is kept of the profit of one strategy."""

    __slots__ = ("_last_e8", "_square_e16", "_sum_e8", "count", "drawdown_e8", "peak_e8")

    def __init__(self) -> None:
        self.count = 0
        """Changes from sample to sample, one fewer than samples."""
        self._last_e8: int | None = None
        self._sum_e8 = 0
        self._square_e16 = 0
        self.peak_e8 = 0
        """The most profit there ever was; a strategy begins with none."""
        self.drawdown_e8 = 0
        """The greatest fall from a peak, in USD."""

    def sample(self, profit_e8: int) -> None:
        """Take in the profit of this moment."""
        if self._last_e8 is not None:
            change_e8 = profit_e8 - self._last_e8
            self.count += 1
            self._sum_e8 += change_e8
            self._square_e16 += change_e8 * change_e8
        self._last_e8 = profit_e8
        self.peak_e8 = max(self.peak_e8, profit_e8)
        self.drawdown_e8 = max(self.drawdown_e8, self.peak_e8 - profit_e8)

    def sharpe(self) -> float | None:
        """Return the annual Sharpe ratio; None with too few samples, or without any risk."""
        count = self.count
        if count < SAMPLES_MIN:
            return None
        # n * sum of squares - square of the sum is exact: no digit is lost where they are close.
        spread = count * self._square_e16 - self._sum_e8 * self._sum_e8
        if spread <= 0:
            return None
        deviation = math.sqrt(spread / (count * (count - 1)))
        return self._sum_e8 / count / deviation * math.sqrt(SAMPLES_PER_YEAR)
