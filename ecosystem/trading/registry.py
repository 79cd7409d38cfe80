"""Which strategies there are, by name, and which of them work for the firm from the beginning."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.trading.contract import Strategy
from ecosystem.trading.strategies.arbitrage import Arbitrage
from ecosystem.trading.strategies.market_making import MarketMaking
from ecosystem.trading.strategies.mean_reversion import MeanReversion
from ecosystem.trading.strategies.momentum import Momentum

Implementations = Mapping[str, Callable[[], Strategy]]
"""What makes a fresh strategy, by registered name."""


class SeatPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy that runs from the beginning."""

    name: str
    account: str
    implementation: str


BUILT_IN: Final[Implementations] = MappingProxyType(
    {
        "momentum": Momentum,
        "mean-reversion": MeanReversion,
        "arbitrage": Arbitrage,
        "market-making": MarketMaking,
    }
)
FIRM_SEATS: Final = (
    SeatPlan(name="momentum", account="firm-momentum", implementation="momentum"),
    SeatPlan(name="mean-reversion", account="firm-reversion", implementation="mean-reversion"),
    SeatPlan(name="arbitrage", account="firm-arbitrage", implementation="arbitrage"),
    SeatPlan(name="market-making", account="firm-market-making", implementation="market-making"),
)
"""Each strategy of the firm, on a sub-account of its own."""


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """The strategies an engine may run, and those it begins with."""

    implementations: Implementations
    seats: tuple[SeatPlan, ...]


FIRM: Final = Registry(implementations=BUILT_IN, seats=FIRM_SEATS)


def with_seat(registry: Registry, seat: SeatPlan, make: Callable[[], Strategy]) -> Registry:
    """Return a registry in which a user's strategy works too.

    It takes the place of whoever had its account: an account has one strategy.

    Raises:
        InvalidInputError: the name is taken.
    """
    if seat.implementation in registry.implementations:
        taken = ", ".join(registry.implementations)
        raise InvalidInputError(
            f"strategy {seat.implementation!r}: the name is taken; allowed: any but {taken}"
        )
    return Registry(
        implementations={**registry.implementations, seat.implementation: make},
        seats=(*(other for other in registry.seats if other.account != seat.account), seat),
    )
