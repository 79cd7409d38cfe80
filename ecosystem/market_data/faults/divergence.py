"""The injection `price-divergence`: the perpetual leaves the spot price and comes back.

Only BTC-USD-PERP is altered: its premium is built, held and given back within the time of the
injection. The premium is as restless as premiums under stress are, spreads double at its height
and volumes triple.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.market_data.faults.contract import Grid, Market
from ecosystem.market_data.faults.depeg import DURATION_US, PHASE_US, check_phases
from ecosystem.market_data.faults.shapes import Plateau, Wobble, change_log_e12, factor_e3
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US

KIND: Final = "price-divergence"
PERPETUAL: Final = "BTC-USD-PERP"
PREMIUM_E8: Final = (-E8 // 20, E8 // 20)
"""At most 500 basis points either way."""
BUILD_US_DEFAULT: Final = 4 * HOUR_US
RECOVER_US_DEFAULT: Final = 2 * HOUR_US

_NOISE_OF_PREMIUM: Final = 0.03
_FADE_US: Final = 5 * MINUTE_US
_WIDENING: Final = 2 * FACTOR_UNIT
_BUSYNESS: Final = 3 * FACTOR_UNIT


class DivergenceParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far, and how slowly there and back."""

    premium_e8: int
    build_us: int = BUILD_US_DEFAULT
    recover_us: int = RECOVER_US_DEFAULT


class Divergence:
    """One premium that grows, stays and goes."""

    anchors = ()
    altered = frozenset({PERPETUAL})

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a divergence, or outside their bounds.
        """
        found = read_parameters(scheduled, DivergenceParameters)
        starts_us, ends_us = scheduled.starts_at_us, scheduled.ends_at_us
        check_bounds(
            scheduled,
            ("premium_e8", found.premium_e8, *PREMIUM_E8),
            ("build_us", found.build_us, *PHASE_US),
            ("recover_us", found.recover_us, *PHASE_US),
            ("duration_us", ends_us - starts_us, *DURATION_US),
        )
        check_phases(scheduled, found.build_us, found.recover_us)
        self._log_e12 = change_log_e12(found.premium_e8)
        self._grid = grid
        self._first, self._last = grid.first_from(starts_us), grid.first_from(ends_us)
        self._shape = Plateau(
            starts_us=starts_us,
            built_us=starts_us + found.build_us,
            falls_us=ends_us - found.recover_us,
            ends_us=ends_us,
        )
        fade_steps = grid.steps(_FADE_US)
        self._noise = Wobble(
            Stream(seed, "market-data", KIND, scheduled.name),
            first=self._first,
            last=self._last,
            fade_steps=fade_steps,
            sigma=abs(found.premium_e8 / E8) * _NOISE_OF_PREMIUM * math.sqrt(2 / fade_steps),
        )

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this divergence."""
        return self._log_e12 != 0 and self._first <= step < self._last

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return the log return it adds to the price of the perpetual."""
        share_e8 = self._shape.share_e8(self._grid.at_us(step))
        return {PERPETUAL: (self._log_e12 + self._noise.at_e12(step)) * share_e8 // E8}

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        share_e8 = self._shape.share_e8(self._grid.at_us(step))
        return factor_e3(_WIDENING, share_e8), factor_e3(_BUSYNESS, share_e8)
