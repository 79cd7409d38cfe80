"""Correlation break: instruments that move together do so no more.

Pearson's correlation of returns, kept by sums of whole numbers, so the same on every machine. The
interval must not be too short: correlations vanish at high frequencies (Epps). A single jump must
not speak for all returns, so each is cut at a multiple of the usual size (Mancini). What an alert
tells of does not become usual: it is left out, until the usual itself is too old.

Source: T. Epps, Comovements in Stock Prices in the Very Short Run, Journal of the American
Statistical Association 74 (1979), 291-298; C. Mancini, Non-parametric Threshold Estimation for
Models with Stochastic Diffusion Coefficient and Jumps, Scandinavian Journal of Statistics 36
(2009), 270-296.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from math import isqrt
from typing import Final, NamedTuple

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Rule, RuleKind
from ecosystem.risk.sampler import ReturnSampler
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

PAIRS: Final = (("BTC-USD", "ETH-USD"),)
NAMED_MAX: Final = 30
"""Of the samples, the latest so many are named."""


CUT_AT: Final = 4
"""A return counts at most for so many times the mean size of those kept."""
CUT_FROM: Final = 30
"""So many returns must be kept before any is cut."""


class CorrelationBreakLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How far a correlation may be below its usual value."""

    fall_e8: int
    every_us: int
    window_us: int
    usual_us: int
    """How far back the usual correlation reaches, before the window."""
    warm_us: int
    """How much of it there must be before anything is judged."""


class _Joint(NamedTuple):
    at_us: int
    left_e8: int
    right_e8: int
    event_ids: tuple[EventId, ...]


class Moments:
    """The sums a correlation is made of."""

    __slots__ = (
        "_left_e8",
        "_left_e16",
        "_product_e16",
        "_right_e8",
        "_right_e16",
        "count",
        "sizes_e8",
    )

    def __init__(self) -> None:
        self.count = 0
        self.sizes_e8 = [0, 0]
        """The sum of the sizes of each of the two."""
        self._left_e8 = self._right_e8 = 0
        self._left_e16 = self._right_e16 = self._product_e16 = 0

    def add(self, left_e8: int, right_e8: int, sign: int = 1) -> None:
        """Take in a pair of values, or with a sign of -1 take it out again."""
        self.count += sign
        self.sizes_e8[0] += sign * abs(left_e8)
        self.sizes_e8[1] += sign * abs(right_e8)
        self._left_e8 += sign * left_e8
        self._right_e8 += sign * right_e8
        self._left_e16 += sign * left_e8 * left_e8
        self._right_e16 += sign * right_e8 * right_e8
        self._product_e16 += sign * left_e8 * right_e8

    def correlation_e8(self) -> int | None:
        """Return the correlation; None where one of the two never moved."""
        count = self.count
        left = count * self._left_e16 - self._left_e8 * self._left_e8
        right = count * self._right_e16 - self._right_e8 * self._right_e8
        if left <= 0 or right <= 0:
            return None
        joint = count * self._product_e16 - self._left_e8 * self._right_e8
        return joint * E8 // isqrt(left * right)


class _Pair:
    __slots__ = (
        "recent",
        "recent_moments",
        "samplers",
        "symbols",
        "unusual_us",
        "usual",
        "usual_moments",
        "watch",
    )

    def __init__(self, symbols: tuple[str, str], watch: Watch) -> None:
        self.symbols = symbols
        self.watch = watch
        self.samplers = (ReturnSampler(), ReturnSampler())
        self.recent: deque[_Joint] = deque()
        self.usual: deque[tuple[int, int, int]] = deque()
        self.recent_moments, self.usual_moments = Moments(), Moments()
        self.unusual_us = 0
        """When what was in the window was last found unusual: none of that becomes usual."""

    def cut_e8(self, return_e8: int, side: int) -> int:
        recent, usual = self.recent_moments, self.usual_moments
        count = recent.count + usual.count
        if count < CUT_FROM:
            return return_e8
        size_e8 = CUT_AT * (recent.sizes_e8[side] + usual.sizes_e8[side]) // count
        return max(-size_e8, min(size_e8, return_e8))

    def move(self, now_us: int, limit: CorrelationBreakLimit) -> None:
        """Let what has left the window become usual, and what is too old be forgotten."""
        recent, usual, since_us = self.recent, self.usual, now_us - limit.window_us
        while recent and recent[0].at_us <= since_us:
            at_us, left_e8, right_e8, _ = recent.popleft()
            self.recent_moments.add(left_e8, right_e8, -1)
            if at_us > self.unusual_us:
                usual.append((at_us, left_e8, right_e8))
                self.usual_moments.add(left_e8, right_e8)
        while usual and usual[0][0] <= since_us - limit.usual_us:
            _, left_e8, right_e8 = usual.popleft()
            self.usual_moments.add(left_e8, right_e8, -1)


class CorrelationBreak(Rule[CorrelationBreakLimit]):
    """Judged at each sample."""

    name = "correlation_break"

    def __init__(
        self, limit: CorrelationBreakLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._pairs = [_Pair(pair, book.watch(self.name, "/".join(pair), scale)) for pair in PAIRS]
        self.due_us = 0

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Take a sample of each pair; return what was found."""
        limit = self.limit
        self.due_us = (now_us // limit.every_us + 1) * limit.every_us
        found: list[Finding] = []
        for pair in self._pairs:
            self._sample(pair, now_us)
            pair.move(now_us, limit)
            found += self._judge(pair, now_us)
        return found

    def _sample(self, pair: _Pair, now_us: int) -> None:
        market, every_us = self.state.market, self.limit.every_us
        left_e8, right_e8 = (
            sampler.take(market.ticks.get(symbol), market.mids_e8.get(symbol, 0), now_us, every_us)
            for symbol, sampler in zip(pair.symbols, pair.samplers, strict=True)
        )
        if left_e8 is None or right_e8 is None:
            return
        left_e8, right_e8 = pair.cut_e8(left_e8, 0), pair.cut_e8(right_e8, 1)
        event_ids = tuple(one.last.event_id for one in pair.samplers if one.last is not None)
        pair.recent.append(_Joint(now_us, left_e8, right_e8, event_ids))
        pair.recent_moments.add(left_e8, right_e8)

    def _judge(self, pair: _Pair, now_us: int) -> Sequence[Finding]:
        limit, recent, usual = self.limit, pair.recent_moments, pair.usual_moments
        full = 2 * recent.count * limit.every_us >= limit.window_us
        if not full or usual.count * limit.every_us < limit.warm_us:
            return NOTHING
        now_e8, before_e8 = recent.correlation_e8(), usual.correlation_e8()
        if now_e8 is None or before_e8 is None:
            return NOTHING
        fall_e8 = max(0, before_e8 - now_e8)
        if fall_e8 * E8 // limit.fall_e8 >= self.scale.shares_e8[0]:
            pair.unusual_us = now_us
        return self.found(
            pair.watch,
            fall_e8,
            limit.fall_e8,
            KIND.unit,
            lambda: [
                event_id
                for joint in islice(reversed(pair.recent), NAMED_MAX)
                for event_id in joint.event_ids
            ],
            lambda: (
                f"the correlation of {pair.watch.subject} within {limit.window_us // SECOND_US} s"
                f" is {format_e8(now_e8, 2)} and usually {format_e8(before_e8, 2)};"
                f" the limit is a fall of {format_e8(limit.fall_e8, 2)}"
            ),
        )


def _read(table: Table) -> CorrelationBreakLimit:
    every_us, window_us, usual_us, warm_us = (
        table.whole(key) * SECOND_US for key in ("every_s", "window_s", "usual_s", "warm_s")
    )
    return CorrelationBreakLimit(
        fall_e8=table.number("fall"),
        every_us=every_us,
        window_us=window_us,
        usual_us=usual_us,
        warm_us=warm_us,
    )


KIND: Final = RuleKind(
    rule=CorrelationBreak,
    title="Instruments that move together do so no more",
    watches=(
        "the correlation of the returns of bitcoin and ether within `window_s`, sampled every"
        " `every_s`, against that of the `usual_s` before"
    ),
    limit="`fall`, by how much it may be lower, once there are `warm_s` of the usual",
    clears="below the `clear` share, as they move together again; an alert's time is no usual time",
    inputs="the ticks of the latest samples of both",
    unit="correlation",
    keys=("fall", "every_s", "window_s", "usual_s", "warm_s"),
    subjects=tuple("/".join(pair) for pair in PAIRS),
    read=_read,
)
