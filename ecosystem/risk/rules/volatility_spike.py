"""Volatility spike: an instrument moves many times as much as it usually does.

Volatility is the square root of the bipower variation, the mean product of the sizes of
neighbouring returns: a single jump, which `price_shock` tells, does not count as volatility.
What an alert tells of does not become usual: it is left out, until the usual itself is too old.

Source: O. Barndorff-Nielsen, N. Shephard, Power and Bipower Variation with Stochastic Volatility
and Jumps, Journal of Financial Econometrics 2 (2004), 1-37. Its factor of pi/2 cancels here.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from math import isqrt
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Rule, RuleKind
from ecosystem.risk.sampler import ReturnSampler
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.stablecoins import STABLECOINS
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

SYMBOLS: Final = tuple(
    symbol
    for symbol, instrument in INSTRUMENTS.items()
    if instrument.quote == "USD" and instrument.base not in STABLECOINS
)
"""Every other instrument moves as these do, or on a tick too coarse for its returns."""
NAMED_MAX: Final = 30
"""Of the samples, the latest so many are named."""


class VolatilitySpikeLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many times its usual volatility an instrument may have."""

    times_e8: int
    every_us: int
    window_us: int
    usual_us: int
    """How far back the usual volatility reaches, before the window."""
    warm_us: int
    """How much of it there must be before anything is judged."""


class _Series:
    __slots__ = (
        "_last_return_e8",
        "recent",
        "recent_e16",
        "sampler",
        "unusual_us",
        "usual",
        "usual_e16",
        "watch",
    )

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.sampler = ReturnSampler()
        self.recent: deque[tuple[int, int, EventId]] = deque()
        self.usual: deque[tuple[int, int]] = deque()
        self.recent_e16 = self.usual_e16 = 0
        self.unusual_us = 0
        """When what was in the window was last found unusual: none of that becomes usual."""
        self._last_return_e8: int | None = None

    def add(self, now_us: int, return_e8: int | None, limit: VolatilitySpikeLimit) -> None:
        before_e8, self._last_return_e8 = self._last_return_e8, return_e8
        recent, usual = self.recent, self.usual
        if return_e8 is not None and before_e8 is not None and self.sampler.last is not None:
            product_e16 = abs(return_e8 * before_e8)
            recent.append((now_us, product_e16, self.sampler.last.event_id))
            self.recent_e16 += product_e16
        since_us = now_us - limit.window_us
        while recent and recent[0][0] <= since_us:
            at_us, product_e16, _ = recent.popleft()
            self.recent_e16 -= product_e16
            if at_us > self.unusual_us:
                usual.append((at_us, product_e16))
                self.usual_e16 += product_e16
        while usual and usual[0][0] <= since_us - limit.usual_us:
            self.usual_e16 -= usual.popleft()[1]

    def times_e8(self, limit: VolatilitySpikeLimit) -> int | None:
        """Return recent over usual volatility; None while there is too little of either."""
        recent_count, usual_count = len(self.recent), len(self.usual)
        full = 2 * recent_count * limit.every_us >= limit.window_us
        if not full or usual_count * limit.every_us < limit.warm_us or not self.usual_e16:
            return None
        recent_e16 = self.recent_e16 * usual_count
        return isqrt(recent_e16 * E8 * E8 // (self.usual_e16 * recent_count))


class VolatilitySpike(Rule[VolatilitySpikeLimit]):
    """Judged at each sample."""

    name = "volatility_spike"

    def __init__(
        self, limit: VolatilitySpikeLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._series = {symbol: _Series(book.watch(self.name, symbol, scale)) for symbol in SYMBOLS}
        self.due_us = 0

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Take a sample of each instrument; return what was found."""
        limit, market = self.limit, self.state.market
        self.due_us = (now_us // limit.every_us + 1) * limit.every_us
        found: list[Finding] = []
        for symbol, series in self._series.items():
            mid_e8 = market.mids_e8.get(symbol, 0)
            tick = market.ticks.get(symbol)
            return_e8 = series.sampler.take(tick, mid_e8, now_us, limit.every_us)
            series.add(now_us, return_e8, limit)
            found += self._judge(symbol, series, now_us)
        return found

    def _judge(self, symbol: str, series: _Series, now_us: int) -> Sequence[Finding]:
        limit = self.limit
        times_e8 = series.times_e8(limit)
        if times_e8 is None:
            return NOTHING
        if times_e8 * E8 // limit.times_e8 >= self.scale.shares_e8[0]:
            series.unusual_us = now_us
        return self.found(
            series.watch,
            times_e8,
            limit.times_e8,
            KIND.unit,
            lambda: [sample[2] for sample in islice(reversed(series.recent), NAMED_MAX)],
            lambda: (
                f"the volatility of {symbol} within {limit.window_us // SECOND_US} s is"
                f" {format_e8(times_e8, 1)} times the usual one;"
                f" the limit is {format_e8(limit.times_e8, 1)} times"
            ),
        )


def _read(table: Table) -> VolatilitySpikeLimit:
    every_us, window_us, usual_us, warm_us = (
        table.whole(key) * SECOND_US for key in ("every_s", "window_s", "usual_s", "warm_s")
    )
    return VolatilitySpikeLimit(
        times_e8=table.number("times"),
        every_us=every_us,
        window_us=window_us,
        usual_us=usual_us,
        warm_us=warm_us,
    )


KIND: Final = RuleKind(
    rule=VolatilitySpike,
    title="An instrument moves many times as much as it usually does",
    watches=(
        "the realised volatility of the dollar prices within `window_s`, of returns sampled every"
        " `every_s`, against that of the `usual_s` before; single jumps do not count"
    ),
    limit="`times` the usual volatility, once there are `warm_s` of it",
    clears="below the `clear` share, as the market calms down; an alert's time is no usual time",
    inputs="the ticks of the latest samples",
    unit="times",
    keys=("times", "every_s", "window_s", "usual_s", "warm_s"),
    subjects=SYMBOLS,
    read=_read,
)
