"""Every kind of fault the feed applies, by name."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.market_data.faults import (
    crash,
    depeg,
    disruption,
    divergence,
    price_shock,
    reshaping,
)
from ecosystem.market_data.faults.contract import Grid, PriceFault
from ecosystem.market_data.faults.disruption import Disruption

FeedFault = PriceFault | Disruption

KINDS: Final[Mapping[str, Callable[..., FeedFault]]] = MappingProxyType(
    {
        crash.KIND: crash.Crash,
        price_shock.KIND: price_shock.PriceShock,
        depeg.KIND: depeg.Depeg,
        divergence.KIND: divergence.Divergence,
        reshaping.VOLATILITY_SPIKE: reshaping.VolatilitySpike,
        reshaping.CORRELATION_BREAK: reshaping.CorrelationBreak,
        disruption.KIND: disruption.Disruption,
    }
)
"""Each is made of its schedule, the seed of the run and the grid of the feed."""


def readers(seed: int, grid: Grid) -> dict[str, Callable[[InjectionScheduled], FeedFault]]:
    """Return what makes a fault of a schedule, by kind."""
    return {kind: partial(make, seed=seed, grid=grid) for kind, make in KINDS.items()}
