"""The injections `volatility-spike` and `correlation-break`: the market's own returns, reshaped.

Both are linear in the returns the market would have had since they began, so they need no chance
of their own: ten times the volatility is ten times each return, jumps and moods included; and
another correlation is another mixture of what ether shares with bitcoin and what it has alone.
What they added to prices stays when they end, and never exceeds a quarter of the price.
"""

import math
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.arithmetic import log_e12
from ecosystem.market_data.faults.contract import (
    ALL,
    CHANGE_E8_MAX,
    DOLLAR_PAIRS,
    Grid,
    Market,
    assets_named,
    check_names,
    made_of,
)
from ecosystem.market_data.faults.shapes import change_log_e12, softly_limited_e12
from ecosystem.market_data.models.table import ASSETS, CORRELATIONS
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.units import E8, HOUR_US, SECOND_US

VOLATILITY_SPIKE: Final = "volatility-spike"
CORRELATION_BREAK: Final = "correlation-break"
DURATION_US: Final = (SECOND_US, 24 * HOUR_US)
FACTOR_E8: Final = (E8, 10 * E8)
FACTOR_E8_DEFAULT: Final = 10 * E8
CORRELATION_E8: Final = (-E8, E8)
CORRELATION_E8_DEFAULT: Final = -E8 // 2

_LIMIT_E12: Final = change_log_e12(CHANGE_E8_MAX)
_CALM: Final = (FACTOR_UNIT, FACTOR_UNIT)
_WIDENING: Final = 3 * FACTOR_UNIT
_BUSYNESS: Final = 5 * FACTOR_UNIT
_PLACES: Final = {
    DOLLAR_PAIRS[symbol]: at for at, symbol in enumerate(INSTRUMENTS) if symbol in DOLLAR_PAIRS
}


class VolatilityParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose returns, and how many times as large."""

    instruments: tuple[str, ...] = (ALL,)
    factor_e8: int = FACTOR_E8_DEFAULT


class CorrelationParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The correlation of bitcoin and ether while it lasts."""

    correlation_e8: int = CORRELATION_E8_DEFAULT


class _Window:
    """Where an injection begins and ends on the grid, and what the market did in between."""

    def __init__(self, scheduled: InjectionScheduled, grid: Grid) -> None:
        lasts_us = scheduled.ends_at_us - scheduled.starts_at_us
        check_bounds(scheduled, ("duration_us", lasts_us, *DURATION_US))
        self.first = grid.first_from(scheduled.starts_at_us)
        self.last = grid.first_from(scheduled.ends_at_us)

    def return_e12(self, asset: str, step: int, market: Market) -> int:
        at = _PLACES[asset]
        before, now = market.at(self.first)[at], market.at(min(step, self.last))[at]
        if before is None or now is None:
            return 0
        return log_e12(now.mid_price_e8, before.mid_price_e8)


class VolatilitySpike:
    """Multiplies the returns of some assets."""

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a volatility spike, or outside their bounds.
        """
        found = read_parameters(scheduled, VolatilityParameters)
        check_names(scheduled, found.instruments, (ALL, *DOLLAR_PAIRS))
        check_bounds(scheduled, ("factor_e8", found.factor_e8, *FACTOR_E8))
        self._window = _Window(scheduled, grid)
        self._factor_e8 = found.factor_e8
        self._assets = assets_named(found.instruments)
        self.altered = frozenset(made_of(self._assets))
        self.anchors = (self._window.first, self._window.last)

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this spike."""
        return self._factor_e8 != E8 and step >= self._window.first

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return what the larger returns add up to."""
        extra_e8 = self._factor_e8 - E8
        return {
            asset: softly_limited_e12(
                self._window.return_e12(asset, step, market) * extra_e8 // E8, _LIMIT_E12
            )
            for asset in self._assets
        }

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        return (_WIDENING, _BUSYNESS) if step < self._window.last else _CALM


def volatility_altered(named: Collection[str]) -> tuple[str, ...]:
    """Return the instruments a volatility spike of these alters."""
    return made_of(assets_named(named))


class CorrelationBreak:
    """Gives ether another correlation with bitcoin, at the same volatility.

    The configured correlation and volatilities say which part of ether's return is bitcoin's, so
    over a recording the result is as good as they describe it.
    """

    altered = frozenset(made_of(["ETH"]))

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a correlation break, or outside their bounds.
        """
        found = read_parameters(scheduled, CorrelationParameters)
        check_bounds(scheduled, ("correlation_e8", found.correlation_e8, *CORRELATION_E8))
        self._window = _Window(scheduled, grid)
        self.anchors = (self._window.first, self._window.last)
        volatility = {row.asset: row.volatility for row in ASSETS}
        before, after = CORRELATIONS["BTC", "ETH"], found.correlation_e8 / E8
        alone = math.sqrt((1.0 - after * after) / (1.0 - before * before))
        self._of_bitcoin = (after - alone * before) * volatility["ETH"] / volatility["BTC"]
        self._of_ether = alone - 1.0

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this break."""
        return step >= self._window.first

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return what the other mixture adds to the price of ether."""
        bitcoin_e12 = self._window.return_e12("BTC", step, market)
        ether_e12 = self._window.return_e12("ETH", step, market)
        extra_e12 = round(self._of_bitcoin * bitcoin_e12 + self._of_ether * ether_e12)
        return {"ETH": softly_limited_e12(extra_e12, _LIMIT_E12)}

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3: as ever."""
        return _CALM
