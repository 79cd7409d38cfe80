"""The path of a price inside a bar: from open through high and low to close.

A bar says where the price was and not when. The nearer of the two extremes to the open comes first
(a rising bar first dips when both are as near), at a time that is drawn; between these anchors the
price follows a random walk tied to both ends and folded back at low and high. So open, high, low
and close are hit exactly when a bar has four steps or more; with three it is open, the extreme
farther from the close, and close; with two, open and close; with one, the close.
"""

import math
from itertools import pairwise
from typing import Final

from ecosystem.market_data.arithmetic import normal
from ecosystem.market_data.recorded.records import Bar
from ecosystem.rng import Stream
from ecosystem.units import SECOND_US

_DRAWS_BITS: Final = 24
_WALK_RANGE: Final = 1.6
# The expected range of a Brownian motion after a time t is sqrt(8 t / pi), 1.6 standard deviations
# (Feller: The asymptotic distribution of the range of sums of independent random variables, 1951).


def bar_path(bar: Bar, steps: int, draws: Stream) -> list[int]:
    """Return the price at each of the bar's steps, scaled by 1e8; the last is the close.

    The draws depend on the time of the bar alone: not on its row, and not on the bars before.
    """
    base = bar.time_us // SECOND_US << _DRAWS_BITS
    anchors = _anchors(bar, steps, draws, base)
    low_e8, high_e8 = bar.low_price_e8, bar.high_price_e8
    sigma = (high_e8 - low_e8) / _WALK_RANGE / math.sqrt(steps)
    path: list[int] = []
    for (at, price_e8), (end, end_price_e8) in pairwise(anchors):
        span = end - at
        walk = [0.0]
        for number in range(1, span + 1):
            walk.append(walk[-1] + normal(draws, base + at + number) * sigma)
        for number in range(span):
            tied = walk[number] - walk[span] * number / span
            line = price_e8 + (end_price_e8 - price_e8) * number / span
            path.append(price_e8 if number == 0 else _folded(round(line + tied), low_e8, high_e8))
    path.append(anchors[-1][1])
    return path


def split_volume(volume_e8: int, steps: int, step: int, lot_e8: int) -> int:
    """Return the part of a bar's volume that falls to one of its steps, in whole lots.

    The parts of all steps add up to the volume, less what is not a whole lot.
    """
    lots = volume_e8 // lot_e8
    return (lots * (step + 1) // steps - lots * step // steps) * lot_e8


def _anchors(bar: Bar, steps: int, draws: Stream, base: int) -> list[tuple[int, int]]:
    open_e8, close_e8 = bar.open_price_e8, bar.close_price_e8
    low_e8, high_e8 = bar.low_price_e8, bar.high_price_e8
    if steps == 1:
        return [(0, close_e8)]
    if steps == 2:
        return [(0, open_e8), (1, close_e8)]
    if steps == 3:
        farther_e8 = high_e8 if high_e8 - close_e8 > close_e8 - low_e8 else low_e8
        return [(0, open_e8), (1, farther_e8), (2, close_e8)]
    rising = close_e8 >= open_e8
    to_high, to_low = high_e8 - open_e8, open_e8 - low_e8
    low_first = rising if to_high == to_low else to_low < to_high
    first, second = (low_e8, high_e8) if low_first else (high_e8, low_e8)
    # Draws beyond those of the walk.
    early = draws.integer(base + steps, 1, (steps - 2) // 2)
    late = draws.integer(base + steps + 1, early + 1, steps - 2)
    return [(0, open_e8), (early, first), (late, second), (steps - 1, close_e8)]


def _folded(price_e8: int, low_e8: int, high_e8: int) -> int:
    if price_e8 > high_e8:
        price_e8 = 2 * high_e8 - price_e8
    elif price_e8 < low_e8:
        price_e8 = 2 * low_e8 - price_e8
    return min(max(price_e8, low_e8), high_e8)
