"""The injection `price-shock`: chosen prices leap, stay where they are, and come back.

A dollar pair stands for its asset, and every instrument made of it follows. Any other instrument
leaps alone: its price is dislocated from those it could be traded against. A nervous wobble,
wider spreads and more volume go with the leap.
"""

import math
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.faults.contract import (
    CHANGE_E8_MAX,
    DOLLAR_PAIRS,
    DURATION_US,
    Grid,
    Market,
    check_names,
    made_of,
)
from ecosystem.market_data.faults.shapes import Plateau, Wobble, change_log_e12, factor_e3
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

KIND: Final = "price-shock"
CHANGE_E8: Final = (-CHANGE_E8_MAX, CHANGE_E8_MAX)
BUILD_US: Final = (SECOND_US, HOUR_US)
BUILD_US_DEFAULT: Final = 10 * SECOND_US
RECOVER_US: Final = (SECOND_US, 24 * HOUR_US)
RECOVER_US_DEFAULT: Final = 30 * MINUTE_US
REST_E8: Final = (0, E8)

_WOBBLE_OF_CHANGE: Final = 0.002
"""One second's shock, as a part of the change."""
_FADE_US: Final = 30 * SECOND_US
_WIDENING: Final = 3 * FACTOR_UNIT
_BUSYNESS: Final = 5 * FACTOR_UNIT


class PriceShockParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far, for whom, how fast, and what stays."""

    instruments: tuple[str, ...]
    change_e8: int
    build_us: int = BUILD_US_DEFAULT
    recover_us: int = RECOVER_US_DEFAULT
    rest_e8: int = 0
    """The share of the change that remains after the recovery."""


def instruments_altered(named: Collection[str]) -> tuple[str, ...]:
    """Return the instruments a shock of these alters."""
    follow = made_of([DOLLAR_PAIRS[symbol] for symbol in named if symbol in DOLLAR_PAIRS])
    return tuple(symbol for symbol in INSTRUMENTS if symbol in named or symbol in follow)


class PriceShock:
    """One leap of some prices."""

    anchors = ()

    def __init__(self, scheduled: InjectionScheduled, *, seed: int, grid: Grid) -> None:
        """Read the schedule.

        Raises:
            InvalidInputError: not the parameters of a price shock, or outside their bounds.
        """
        found = read_parameters(scheduled, PriceShockParameters)
        starts_us, ends_us = scheduled.starts_at_us, scheduled.ends_at_us
        check_names(scheduled, found.instruments, tuple(INSTRUMENTS))
        check_bounds(
            scheduled,
            ("change_e8", found.change_e8, *CHANGE_E8),
            ("build_us", found.build_us, *BUILD_US),
            ("recover_us", found.recover_us, *RECOVER_US),
            ("rest_e8", found.rest_e8, *REST_E8),
            ("duration_us", ends_us - starts_us, *DURATION_US),
        )
        self.altered = frozenset(instruments_altered(found.instruments))
        self._movers = [DOLLAR_PAIRS.get(symbol, symbol) for symbol in found.instruments]
        self._log_e12 = change_log_e12(found.change_e8)
        self._grid = grid
        self._first = grid.first_from(starts_us)
        self._shape = Plateau(
            starts_us=starts_us,
            built_us=starts_us + min(found.build_us, ends_us - starts_us),
            falls_us=ends_us,
            ends_us=ends_us + found.recover_us,
            rest_e8=found.rest_e8,
        )
        self._wobble = Wobble(
            Stream(seed, "market-data", KIND, scheduled.name),
            first=self._first,
            last=grid.first_from(ends_us),
            fade_steps=grid.steps(_FADE_US),
            sigma=abs(found.change_e8 / E8)
            * _WOBBLE_OF_CHANGE
            * math.sqrt(grid.interval_us / SECOND_US),
        )

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this shock."""
        shape = self._shape
        ends = not shape.rest_e8 and self._grid.at_us(step) >= shape.ends_us
        return self._log_e12 != 0 and step >= self._first and not ends

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return the log return of the leap, for each asset or instrument named."""
        share_e8 = self._shape.share_e8(self._grid.at_us(step))
        log_e12 = self._log_e12 + self._wobble.at_e12(step)
        return dict.fromkeys(self._movers, log_e12 * share_e8 // E8)

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        at_us, shape = self._grid.at_us(step), self._shape
        late_us = min(max(at_us - shape.falls_us, 0), shape.ends_us - shape.falls_us)
        share_e8 = E8 - E8 * late_us // (shape.ends_us - shape.falls_us)
        return factor_e3(_WIDENING, share_e8), factor_e3(_BUSYNESS, share_e8)
