"""The injection `crash`: chosen assets lose a part of their price, and recover some of it slowly.

A crash moves the dollar price of an asset, and every instrument follows through the assets it is
made of: BTC-USDT and BTC-USD-PERP fall with BTC-USD, and ETH-BTC stands where both fell alike. So
only the dollar pairs can be named. `all` means bitcoin and ether: tether is what the fall is
priced in, and falls only when it is named.

The fall is linear in event time, from nothing at the start to the full change at the end. On top
lies a shock common to all assets that were hit, which lifts the correlation of their returns to
0.95 and their volatility to two or three times the quiet one. Volume is five times the quiet one
and spreads are twice as wide. After the end the shock fades, and over the time of the bounce a
part of the fall is recovered while volume and spreads calm down; the rest is lost for good.
"""

import math
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.paths import E12
from ecosystem.market_data.quotes import FACTOR_UNIT
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, SECOND_US

KIND: Final = "crash"
ALL: Final = "all"
INSTRUMENTS_HIT: Final[Mapping[str, str]] = {"BTC-USD": "BTC", "ETH-USD": "ETH", "USDT-USD": "USDT"}
"""The instruments a crash may name, and the asset each stands for."""
CHANGE_E8_MIN: Final = -E8 // 4
BOUNCE_E8_DEFAULT: Final = E8 // 5
BOUNCE_US_DEFAULT: Final = 2 * HOUR_US
BOUNCE_US: Final = (SECOND_US, 72 * HOUR_US)
DURATION_US: Final = (SECOND_US, 72 * HOUR_US)

_SHOCK_SIGMA: Final = 0.000_278
# For steps of one second with the volatilities and the correlation of the quiet paths: a common
# step of this size makes the correlation of the sums 0.95.
_SHOCK_SECONDS: Final = 30
_SHOCK_FULL_E8: Final = E8 // 20
_BUSYNESS: Final = 5 * FACTOR_UNIT
_WIDENING: Final = 2 * FACTOR_UNIT


def assets_hit(named: Collection[str]) -> frozenset[str]:
    """Return the assets whose dollar price falls when these instruments, or `all`, are named."""
    return frozenset(
        asset
        for symbol, asset in INSTRUMENTS_HIT.items()
        if symbol in named or (ALL in named and asset != "USDT")
    )


def instruments_altered(named: Collection[str]) -> tuple[str, ...]:
    """Return the instruments a crash of these alters: all that are made of an asset it hits."""
    hit = assets_hit(named)
    return tuple(
        symbol
        for symbol, instrument in INSTRUMENTS.items()
        if hit & {instrument.base, instrument.quote}
    )


class CrashParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How deep, for whom, and what comes back."""

    instruments: tuple[str, ...]
    change_e8: int
    bounce_e8: int = BOUNCE_E8_DEFAULT
    bounce_us: int = BOUNCE_US_DEFAULT


def read_parameters(scheduled: InjectionScheduled) -> CrashParameters:
    """Return the parameters of a scheduled crash.

    Raises:
        InvalidInputError: not the parameters of a crash, or outside their bounds.
    """
    where = f"injection {scheduled.name!r}"
    try:
        found = msgspec.json.decode(scheduled.parameters_json, type=CrashParameters)
    except msgspec.DecodeError as error:
        raise InvalidInputError(f"{where}: {error}; found {scheduled.parameters_json}") from error
    unknown = set(found.instruments) - {ALL, *INSTRUMENTS_HIT}
    if unknown or not found.instruments:
        allowed = ", ".join((ALL, *INSTRUMENTS_HIT))
        raise InvalidInputError(f"{where}: instruments {found.instruments}; allowed are {allowed}")
    bounds = (
        ("change_e8", found.change_e8, CHANGE_E8_MIN, 0),
        ("bounce_e8", found.bounce_e8, 0, E8),
        ("bounce_us", found.bounce_us, *BOUNCE_US),
        ("duration_us", scheduled.ends_at_us - scheduled.starts_at_us, *DURATION_US),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise InvalidInputError(f"{where}: {name} {value}; allowed is {low} to {high}")
    return found


class Crash:
    """One crash on its way: what it does to prices, spreads and volumes at a step."""

    __slots__ = (
        "_bounce_e8",
        "_bounce_us",
        "_change_e8",
        "_draws",
        "_fade_steps",
        "_first_step",
        "_interval_us",
        "_shock_e12",
        "_shock_sigma",
        "_shock_step",
        "_zero_us",
        "assets",
        "scheduled",
    )

    def __init__(
        self, scheduled: InjectionScheduled, seed: int, zero_us: int, interval_us: int
    ) -> None:
        parameters = read_parameters(scheduled)
        self.scheduled = scheduled
        self.assets = assets_hit(parameters.instruments)
        self._change_e8 = parameters.change_e8
        self._bounce_e8 = parameters.bounce_e8
        self._bounce_us = parameters.bounce_us
        self._draws = Stream(seed, "market-data", KIND, scheduled.name)
        self._zero_us = zero_us
        self._interval_us = interval_us
        self._fade_steps = max(1, _SHOCK_SECONDS * SECOND_US // interval_us)
        # A small crash shakes the market less, or its shock would hide it.
        share = min(1.0, -self._change_e8 / _SHOCK_FULL_E8)
        self._shock_sigma = share * _SHOCK_SIGMA * math.sqrt(interval_us / SECOND_US) * E12
        self._first_step = -((zero_us - scheduled.starts_at_us) // interval_us)
        self._shock_step = self._first_step
        self._shock_e12 = 0

    def alters(self, step: int) -> bool:
        """Return whether anything differs at `step` from a market without this crash."""
        return self._change_e8 != 0 and step >= self._first_step

    def log_e12(self, step: int) -> int:
        """Return the log return this crash adds to the price of each asset it hits."""
        at_us = self._zero_us + step * self._interval_us
        begin_us, end_us = self.scheduled.starts_at_us, self.scheduled.ends_at_us
        if at_us < end_us:
            fall_e8 = self._change_e8 * (at_us - begin_us) // (end_us - begin_us)
        else:
            recovered = min(at_us - end_us, self._bounce_us)
            lost_e8 = E8 - self._bounce_e8 * recovered // self._bounce_us
            fall_e8 = self._change_e8 * lost_e8 // E8
        self._advance_shock(step)
        return round(math.log1p(fall_e8 / E8) * E12) + self._shock_e12

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        late_us = self._zero_us + step * self._interval_us - self.scheduled.ends_at_us
        calm_us = self._bounce_us - min(max(late_us, 0), self._bounce_us)
        return (
            FACTOR_UNIT + (_WIDENING - FACTOR_UNIT) * calm_us // self._bounce_us,
            FACTOR_UNIT + (_BUSYNESS - FACTOR_UNIT) * calm_us // self._bounce_us,
        )

    def _advance_shock(self, step: int) -> None:
        # Like the quiet paths, a sum of integers that depends on the step alone.
        ends_us = self.scheduled.ends_at_us - self._zero_us
        for number in range(self._shock_step + 1, step + 1):
            self._shock_e12 -= self._shock_e12 // self._fade_steps
            if number * self._interval_us < ends_us:
                self._shock_e12 += round(self._draws.normal(number) * self._shock_sigma)
        self._shock_step = max(self._shock_step, step)
