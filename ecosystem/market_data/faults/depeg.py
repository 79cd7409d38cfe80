"""The injection `depeg`: tether drifts from its dollar, stays away, and finds part of the way back.

Within the time of the injection the price drifts for the time of `build`, is held, and recovers
in the time of `recover`; what `rest` says remains. Every pair quoted in tether moves the other
way, as it must. The further from the peg, the more nervous the price: the noise grows to a fifth
of the change, spreads to four times the quiet ones, volumes to six times.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.market_data.faults.contract import STABLE, Grid, Market, made_of
from ecosystem.market_data.faults.shapes import Plateau, Wobble, change_log_e12, factor_e3
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

KIND: Final = "depeg"
INSTRUMENTS_ALTERED: Final = made_of([STABLE])
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
CHANGE_E8: Final = (-E8 // 10, E8 // 10)
PHASE_US: Final = (SECOND_US, 72 * HOUR_US)
REST_E8: Final = (-E8 // 200, E8 // 200)

_NOISE_OF_CHANGE: Final = 0.05
"""Stationary standard deviation of the noise at the full change, as a part of it."""
_FADE_US: Final = 5 * MINUTE_US
_WIDENING: Final = 4 * FACTOR_UNIT
_BUSYNESS: Final = 6 * FACTOR_UNIT


class DepegParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far, how slowly, and what remains."""

    change_e8: int
    build_us: int
    recover_us: int
    rest_e8: int = 0
    """The change that remains in the end."""


class Depeg:
    """One loss of the peg."""

    anchors = ()
    altered = frozenset(INSTRUMENTS_ALTERED)

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a depeg, or outside their bounds.
        """
        found = read_parameters(scheduled, DepegParameters)
        starts_us, ends_us = scheduled.starts_at_us, scheduled.ends_at_us
        check_bounds(
            scheduled,
            ("change_e8", found.change_e8, *CHANGE_E8),
            ("build_us", found.build_us, *PHASE_US),
            ("recover_us", found.recover_us, *PHASE_US),
            ("rest_e8", found.rest_e8, *REST_E8),
            ("duration_us", ends_us - starts_us, *DURATION_US),
        )
        check_phases(scheduled, found.build_us, found.recover_us)
        self._log_e12 = change_log_e12(found.change_e8)
        self._grid = grid
        self._first, self._last = grid.first_from(starts_us), grid.first_from(ends_us)
        self._shape = Plateau(
            starts_us=starts_us,
            built_us=starts_us + found.build_us,
            falls_us=ends_us - found.recover_us,
            ends_us=ends_us,
            rest_e8=_share_e8(scheduled, found),
        )
        fade_steps = grid.steps(_FADE_US)
        self._noise = Wobble(
            Stream(seed, "market-data", KIND, scheduled.name),
            first=self._first,
            last=self._last,
            fade_steps=fade_steps,
            sigma=abs(found.change_e8 / E8) * _NOISE_OF_CHANGE * math.sqrt(2 / fade_steps),
        )

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this depeg."""
        ends = step >= self._last and not self._shape.rest_e8
        return self._log_e12 != 0 and step >= self._first and not ends

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return the log return it adds to the dollar price of tether."""
        share_e8 = self._shape.share_e8(self._grid.at_us(step))
        return {STABLE: (self._log_e12 + self._noise.at_e12(step)) * share_e8 // E8}

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        share_e8 = abs(self._shape.share_e8(self._grid.at_us(step)))
        return factor_e3(_WIDENING, share_e8), factor_e3(_BUSYNESS, share_e8)


def check_phases(scheduled: InjectionScheduled, build_us: int, recover_us: int) -> None:
    """Check that building and recovering fit into the time of the injection.

    Raises:
        InvalidInputError: they do not.
    """
    lasts_us = scheduled.ends_at_us - scheduled.starts_at_us
    if build_us + recover_us > lasts_us:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: build_us {build_us} and recover_us {recover_us} found;"
            f" at most {lasts_us} together, its duration, is allowed"
        )


def _share_e8(scheduled: InjectionScheduled, found: DepegParameters) -> int:
    if abs(found.rest_e8) > abs(found.change_e8) or found.rest_e8 * found.change_e8 < 0:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: rest_e8 {found.rest_e8} found; from 0 to change_e8"
            f" {found.change_e8} is allowed"
        )
    return found.rest_e8 * E8 // found.change_e8 if found.change_e8 else 0
