"""Builds the simulators, for both hosts alike."""

from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.custodian.machine import Custodian
from ecosystem.exchange.machine import Exchange
from ecosystem.machine import Machine
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.source import PriceSource, SourceState
from ecosystem.venues import VENUES
from producers.desk import DeskSettings, build_engine


def _nothing_to_close() -> None:
    """Models and recordings hold nothing open between two prices."""


class Feed(msgspec.Struct, frozen=True):
    """Where market data come from, when it is not the models."""

    source: PriceSource | None = None
    state: Callable[[int], SourceState] | None = None
    close: Callable[[], None] = _nothing_to_close


SIMULATORS: Final = ("market-data", *VENUES, "custodian", "trading-engine")
"""Every simulator, in the order in which a world wakes them."""
NO_SETTINGS: Final = DeskSettings()


def build_machine(
    name: str,
    key: bytes,
    seed: int,
    starts_at_us: int,
    *,
    desk: DeskSettings = NO_SETTINGS,
    feed: Feed | None = None,
) -> Machine:
    """Return the simulator `name`.

    Args:
        key: key of the run's root ids.
        starts_at_us: event time of its first deed.
        desk: how the trading engine is set up.
        feed: where the market data come from; the seeded models when left out.
    Raises:
        InvalidInputError: the settings are not what is allowed.
    """
    feed = feed or Feed()
    if name in VENUES:
        return Exchange(run_key=key, seed=seed, starts_at_us=starts_at_us, terms=VENUES[name])
    match name:
        case "market-data":
            return MarketData(
                key, seed, starts_at_us, source=feed.source, state_of_source=feed.state
            )
        case "custodian":
            return Custodian(run_key=key, seed=seed, starts_at_us=starts_at_us)
        case "trading-engine":
            return build_engine(seed, desk)
        case _:
            raise KeyError(f"{name!r}: {', '.join(SIMULATORS)} are allowed")
