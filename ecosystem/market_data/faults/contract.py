"""What every fault of the market is given, and what it must tell.

A fault is made of its schedule, and answers for a step as a pure function of it: asked in any
order, after any restart, it says the same. It takes no draw of the paths it transforms.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.source import SourcePrice
from ecosystem.units import E8, HOUR_US, SECOND_US

CHANGE_E8_MAX: Final = E8 // 4
"""No injection moves a price further than this, a stablecoin's peg aside."""
DURATION_US: Final = (SECOND_US, 72 * HOUR_US)
ALL: Final = "all"
DOLLAR_PAIRS: Final[Mapping[str, str]] = {"BTC-USD": "BTC", "ETH-USD": "ETH", "USDT-USD": "USDT"}
"""The instruments by which an asset's dollar price is named."""
STABLE: Final = "USDT"


class Grid(msgspec.Struct, frozen=True):
    """The steps of the feed in event time."""

    zero_us: int
    interval_us: int

    def at_us(self, step: int) -> int:
        """Return the event time of a step."""
        return self.zero_us + step * self.interval_us

    def step_at(self, time_us: int) -> int:
        """Return the last step at or before a time."""
        return (time_us - self.zero_us) // self.interval_us

    def first_from(self, time_us: int) -> int:
        """Return the first step at or after a time."""
        return -((self.zero_us - time_us) // self.interval_us)

    def steps(self, duration_us: int) -> int:
        """Return how many steps a duration has, at least one."""
        return max(1, duration_us // self.interval_us)


class Market(Protocol):
    """The unaltered prices, for faults whose effect depends on where the market went."""

    def at(self, step: int) -> Sequence[SourcePrice | None]:
        """Return the prices of a step: the present one, or one the fault called an anchor."""
        ...


class PriceFault(Protocol):
    """Moves prices, and what follows them."""

    @property
    def altered(self) -> frozenset[str]:
        """The instruments it alters."""
        ...

    @property
    def anchors(self) -> tuple[int, ...]:
        """The steps of the past whose prices it needs."""
        ...

    def alters(self, step: int) -> bool:
        """Return whether anything may differ at `step` from a market without this fault."""
        ...

    def moves_e12(self, step: int, market: Market) -> Mapping[str, int]:
        """Return the log returns it adds, by asset or by instrument."""
        ...

    def factors(self, step: int) -> tuple[int, int]:
        """Return the factors of spread and volume, scaled by 1e3."""
        ...


def assets_named(instruments: Collection[str]) -> frozenset[str]:
    """Return the assets that dollar pairs, or `all`, stand for: tether only when it is named."""
    return frozenset(
        asset
        for symbol, asset in DOLLAR_PAIRS.items()
        if symbol in instruments or (ALL in instruments and asset != STABLE)
    )


def made_of(assets: Collection[str]) -> tuple[str, ...]:
    """Return the instruments that follow when the dollar price of these assets moves."""
    return tuple(
        symbol
        for symbol, instrument in INSTRUMENTS.items()
        if not {instrument.base, instrument.quote}.isdisjoint(assets)
    )


def check_names(
    scheduled: InjectionScheduled, found: Sequence[str], allowed: Sequence[str]
) -> None:
    """Check the names of instruments.

    Raises:
        InvalidInputError: none, or one that is not allowed.
    """
    if not found or set(found) - set(allowed):
        raise InvalidInputError(
            f"injection {scheduled.name!r}: instruments {found} found;"
            f" {', '.join(allowed)} are allowed"
        )
