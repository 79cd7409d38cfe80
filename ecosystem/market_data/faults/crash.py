"""The injection `crash`: chosen assets lose a part of their price, and recover some of it slowly.

A crash moves the dollar price of an asset, and every instrument follows through the assets it is
made of: BTC-USDT and BTC-USD-PERP fall with BTC-USD, and ETH-BTC stands where both fell alike. So
only the dollar pairs can be named. `all` means bitcoin and ether: tether is what the fall is
priced in, and falls only when it is named.

The logarithm of the price falls linearly in event time, from the start to the end. On top lies a
shock common to all assets that were hit, which lifts the correlation of their returns to 0.95 and
their volatility to two or three times the quiet one. Volume is five times the quiet one and
spreads are twice as wide. After the end the shock fades, and over the time of the bounce a part of
the fall is recovered while volume and spreads calm down; the rest is lost for good.
"""

import math
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.market_data.faults.contract import (
    ALL,
    CHANGE_E8_MAX,
    DOLLAR_PAIRS,
    DURATION_US,
    Grid,
    Market,
    assets_named,
    check_names,
    made_of,
)
from ecosystem.market_data.faults.shapes import Wobble, change_log_e12, factor_e3
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, SECOND_US

KIND: Final = "crash"
CHANGE_E8_MIN: Final = -CHANGE_E8_MAX
BOUNCE_E8_DEFAULT: Final = E8 // 5
BOUNCE_US_DEFAULT: Final = 2 * HOUR_US
BOUNCE_US: Final = (SECOND_US, 72 * HOUR_US)

SHOCK_SIGMA: Final = 0.000_239
# For steps of one second with the volatilities and the correlation of the quiet paths: a common
# step of this size makes the correlation of the sums 0.95.
_SHOCK_SECONDS: Final = 30
_SHOCK_FULL_E8: Final = E8 // 20
_BUSYNESS: Final = 5 * FACTOR_UNIT
_WIDENING: Final = 2 * FACTOR_UNIT


class CrashParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How deep, for whom, and what comes back."""

    instruments: tuple[str, ...]
    change_e8: int
    bounce_e8: int = BOUNCE_E8_DEFAULT
    bounce_us: int = BOUNCE_US_DEFAULT


def instruments_altered(named: Collection[str]) -> tuple[str, ...]:
    """Return the instruments a crash of these alters: all that are made of an asset it hits."""
    return made_of(assets_named(named))


class Crash:
    """One crash on its way."""

    anchors = ()

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a crash, or outside their bounds.
        """
        found = read_parameters(scheduled, CrashParameters)
        check_names(scheduled, found.instruments, (ALL, *DOLLAR_PAIRS))
        self._starts_us, self._ends_us = scheduled.starts_at_us, scheduled.ends_at_us
        check_bounds(
            scheduled,
            ("change_e8", found.change_e8, CHANGE_E8_MIN, 0),
            ("bounce_e8", found.bounce_e8, 0, E8),
            ("bounce_us", found.bounce_us, *BOUNCE_US),
            ("duration_us", self._ends_us - self._starts_us, *DURATION_US),
        )
        self.assets = assets_named(found.instruments)
        self.altered = frozenset(made_of(self.assets))
        self._change_e8, self._bounce_e8 = found.change_e8, found.bounce_e8
        self._bounce_us = found.bounce_us
        self._grid = grid
        self._first = grid.first_from(self._starts_us)
        # A small crash shakes the market less, or its shock would hide it.
        share = min(1.0, -found.change_e8 / _SHOCK_FULL_E8)
        self._shock = Wobble(
            Stream(seed, "market-data", KIND, scheduled.name),
            first=self._first,
            last=grid.first_from(self._ends_us),
            fade_steps=grid.steps(_SHOCK_SECONDS * SECOND_US),
            sigma=share * SHOCK_SIGMA * math.sqrt(grid.interval_us / SECOND_US),
        )

    def alters(self, step: int) -> bool:
        """Return whether anything differs at `step` from a market without this crash."""
        return self._change_e8 != 0 and step >= self._first

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return the log return this crash adds to the price of each asset it hits."""
        at_us = self._grid.at_us(step)
        full_e12 = change_log_e12(self._change_e8)
        if at_us < self._ends_us:
            fall_e12 = full_e12 * (at_us - self._starts_us) // (self._ends_us - self._starts_us)
        else:
            lost_e8 = E8 - self._bounce_e8 * (self._bounce_us - self._calm_us(at_us)) // (
                self._bounce_us
            )
            fall_e12 = change_log_e12(self._change_e8 * lost_e8 // E8)
        return dict.fromkeys(self.assets, fall_e12 + self._shock.at_e12(step))

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        share_e8 = E8 * self._calm_us(self._grid.at_us(step)) // self._bounce_us
        return factor_e3(_WIDENING, share_e8), factor_e3(_BUSYNESS, share_e8)

    def _calm_us(self, at_us: int) -> int:
        """What is left of the bounce: all of it until the end, nothing when it is over."""
        return self._bounce_us - min(max(at_us - self._ends_us, 0), self._bounce_us)
