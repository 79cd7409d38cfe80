"""Value at risk and expected shortfall of the positions as they stand, for one day.

Both are losses in USD, positive when something is lost, of today's positions under the returns of
the last day: one-minute returns, scaled to a day of 1 440 minutes by the square root of time
(RiskMetrics Technical Document, 4th edition, chapter 5; exact for independent returns, which a
market in trouble does not have). There is no estimate before `RETURNS_MIN` returns. Until the
window is full, what there is counts; with fewer than 100 returns the historical 99 % is the worst.

Historical: the profits the positions would have made in each minute. VaR is the empirical quantile
of the losses, the smallest that at least the share of `level` does not exceed (McNeil, Frey and
Embrechts, Quantitative Risk Management, chapter 2). Shortfall is the mean of the worst losses,
the last of them by the part of it that belongs to the tail (Acerbi and Tasche, On the coherence of
expected shortfall, 2002), which is coherent for every number of returns.

Parametric: variance-covariance with normal returns of mean zero, all of one weight (RiskMetrics,
chapter 5; Jorion, Value at Risk, the delta-normal method). VaR is `z` standard deviations;
shortfall is `phi(z) / (1 - level)` of them (McNeil, Frey and Embrechts, chapter 2).

The sums that covariances are made of also bound the historical VaR: where `k` losses are no smaller
than it, their squares alone are `k` times its own, so it is at most the root of all squares by `k`
(Chebyshev's inequality, for an empirical distribution).
"""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.risk.returns import PAIRS, Returns, Sample
from ecosystem.units import E8

RETURNS_MIN: Final = 30
"""Returns without which nothing is estimated."""
HORIZON: Final = 1_440
"""Returns that make the horizon: a day of minutes."""
QUANTILES_E8: Final[Mapping[int, int]] = {95: 164_485_363, 99: 232_634_787}
"""The standard normal quantile of each level, in percent."""
SHORTFALLS_E8: Final[Mapping[int, int]] = {95: 206_271_281, 99: 266_521_422}
"""The mean of a standard normal beyond that quantile."""
_ROOT_E8: Final = isqrt(HORIZON * E8 * E8)
NAMED_MAX: Final = 8
"""Minutes of the window whose ticks an estimate names."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """VaR and expected shortfall at two levels, by both methods, in USD for one day."""

    returns_count: int
    historical_var95_e8: int
    historical_var99_e8: int
    historical_es95_e8: int
    historical_es99_e8: int
    parametric_var95_e8: int
    parametric_var99_e8: int
    parametric_es95_e8: int
    parametric_es99_e8: int

    @property
    def var99_e8(self) -> int:
        """The greater of both methods: a limit should hold by either."""
        return max(self.historical_var99_e8, self.parametric_var99_e8)


class ValueAtRisk:
    """Estimates when asked, and again only when positions, marks or returns have changed."""

    __slots__ = ("_judged_e8", "_portfolio", "_returns", "_told", "_told_of")

    def __init__(self, portfolio: Portfolio, returns: Returns) -> None:
        self._portfolio = portfolio
        self._returns = returns
        self._told: Estimate | None = None
        self._told_of = (-1, -1)
        self._judged_e8: tuple[int, ...] | None = None

    def settle(self) -> int | None:
        """Keep the positions as they stand for `judged_var99_e8`.

        Returns:
            What their VaR at 99 % is at most, in USD; None while the window is short.
        """
        count = len(self._returns.samples)
        if count < RETURNS_MIN:
            return None
        self._judged_e8 = weights_e8 = self.weights_e8()
        return var99_at_most_e8(weights_e8, self._returns.products_e16, count)

    def judged_var99_e8(self) -> int:
        """Return the VaR at 99 % of the positions last settled, by the greater of both methods.

        Asked before there is another return; 0 before any were settled.
        """
        if self._judged_e8 is None:
            return 0
        return self._estimated(self._judged_e8).var99_e8

    def estimate(self) -> Estimate | None:
        """Return the estimate for the positions as they stand; None while the window is short."""
        now = (self._portfolio.revision, self._returns.count_total)
        if now != self._told_of:
            short = len(self._returns.samples) < RETURNS_MIN
            self._told = None if short else self._estimated(self.weights_e8())
            self._told_of = now
        return self._told

    def input_ids(self) -> Sequence[EventId]:
        """Return the ticks of the last minute, then of those the positions lose or gain most in.

        Minutes in the order of their time, the latest first; only ticks of what is held.
        """
        weights_e8 = self.weights_e8()
        losing = sorted(self._returns.samples, key=lambda sample: profit_e8(weights_e8, sample))
        half = NAMED_MAX // 2
        told = {sample.ended_us: sample for sample in (*losing[:half], *losing[-half:])}
        if self._returns.samples:
            told[self._returns.samples[-1].ended_us] = self._returns.samples[-1]
        return [
            tick_id
            for at_us in sorted(told, reverse=True)
            for ids in (told[at_us].tick_ids, told[at_us].tick_ids_before)
            for weight_e8, tick_id in zip(weights_e8, ids, strict=True)
            if weight_e8 and tick_id is not None
        ]

    def weights_e8(self) -> tuple[int, ...]:
        """Return the exposure to each factor in USD, at its own mark."""
        portfolio, derivatives = self._portfolio, self._portfolio.derivatives
        held = [
            portfolio.positions_e8.get(asset, 0) * portfolio.marks_e8.get(asset, 0) // E8
            for asset in MARKED_BY.values()
        ]
        return (
            *held,
            *(
                derivatives.quantities_e8.get(symbol, 0) * derivatives.marks_e8.get(symbol, 0) // E8
                for symbol in UNDERLYINGS
            ),
        )

    def _estimated(self, weights_e8: Sequence[int]) -> Estimate:
        returns = self._returns
        count = len(returns.samples)
        losses_e8 = sorted(-profit_e8(weights_e8, sample) for sample in returns.samples)
        deviation_e8 = parametric_deviation_e8(
            weights_e8, returns.products_e16, count, horizon=HORIZON
        )
        return Estimate(
            returns_count=count,
            historical_var95_e8=to_horizon_e8(historical_var_e8(losses_e8, 95)),
            historical_var99_e8=to_horizon_e8(historical_var_e8(losses_e8, 99)),
            historical_es95_e8=to_horizon_e8(historical_es_e8(losses_e8, 95)),
            historical_es99_e8=to_horizon_e8(historical_es_e8(losses_e8, 99)),
            parametric_var95_e8=deviation_e8 * QUANTILES_E8[95] // E8,
            parametric_var99_e8=deviation_e8 * QUANTILES_E8[99] // E8,
            parametric_es95_e8=deviation_e8 * SHORTFALLS_E8[95] // E8,
            parametric_es99_e8=deviation_e8 * SHORTFALLS_E8[99] // E8,
        )


def profit_e8(weights_e8: Sequence[int], sample: Sample) -> int:
    """Return what exposures in USD would have made in one minute."""
    return sum(map(int.__mul__, weights_e8, sample.returns_e8)) // E8


def historical_var_e8(losses_e8: Sequence[int], level: int) -> int:
    """Return the empirical quantile of losses that are sorted, the smallest first.

    Args:
        level: in percent.
    """
    return losses_e8[-(-len(losses_e8) * level // 100) - 1]


def historical_es_e8(losses_e8: Sequence[int], level: int) -> int:
    """Return the mean of the worst losses, of losses that are sorted, the smallest first.

    Args:
        level: in percent.
    """
    whole, part = divmod(len(losses_e8) * (100 - level), 100)
    worst_e8 = sum(losses_e8[len(losses_e8) - whole :]) * 100
    if part:
        worst_e8 += losses_e8[len(losses_e8) - whole - 1] * part
    return worst_e8 // (len(losses_e8) * (100 - level))


def parametric_deviation_e8(
    weights_e8: Sequence[int], products_e16: Sequence[int], count: int, *, horizon: int
) -> int:
    """Return the standard deviation of the profit over a horizon, in USD.

    Args:
        products_e16: the sum of products of returns by pair of factors, as in `returns.PAIRS`.
        count: how many returns were added up.
        horizon: in returns.
    """
    # The products of weights are scaled by 1e16 and those of returns too: the root by 1e16.
    return isqrt(squares_e32(weights_e8, products_e16) * horizon // count) // E8


def squares_e32(weights_e8: Sequence[int], products_e16: Sequence[int]) -> int:
    """Return the sum of the squares of the profits of all returns that were added up."""
    total = 0
    for (left, right), product_e16 in zip(PAIRS, products_e16, strict=True):
        twice = 1 if left == right else 2
        total += twice * weights_e8[left] * weights_e8[right] * product_e16
    return max(0, total)


def var99_at_most_e8(weights_e8: Sequence[int], products_e16: Sequence[int], count: int) -> int:
    """Return what the VaR at 99 % for one day is at most, by both methods, in USD."""
    squares = squares_e32(weights_e8, products_e16)
    no_smaller_count = count * (100 - 99) // 100 + 1
    # The root is rounded down, and each loss up to a whole number: two are more than both.
    historical_e8 = isqrt(squares // no_smaller_count) // E8 + 2
    deviation_e8 = isqrt(squares * HORIZON // count) // E8
    return max(to_horizon_e8(historical_e8), deviation_e8 * QUANTILES_E8[99] // E8)


def to_horizon_e8(loss_e8: int) -> int:
    """Return a loss of one minute as that of the horizon, by the square root of time."""
    return loss_e8 * _ROOT_E8 // E8
