"""The exchanges of the ecosystem: several venues side by side, each with terms of its own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.units import E8


class VenueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What distinguishes one venue from another."""

    name: str
    """DNS-safe, at most 63 characters: the service, and the principal of its events."""
    delay_us: int
    """Processing delay between a wish and its answer, 1 to 50 ms."""
    maker_fee_e8: int
    """Fraction of the notional."""
    taker_fee_e8: int
    depth_e8: int
    """Size of the background flow's quotes, as a factor."""
    widening_e8: int
    """The background flow quotes this factor of the feed's spread."""


VENUES: Final[Mapping[str, VenueTerms]] = MappingProxyType(
    {
        terms.name: terms
        for terms in (
            VenueTerms(
                name="exchange-okx",
                delay_us=10_000,
                maker_fee_e8=2 * E8 // 10_000,
                taker_fee_e8=5 * E8 // 10_000,
                depth_e8=E8,
                widening_e8=E8,
            ),
            VenueTerms(
                name="exchange-binance",
                delay_us=15_000,
                maker_fee_e8=1 * E8 // 10_000,
                taker_fee_e8=4 * E8 // 10_000,
                depth_e8=2 * E8,
                widening_e8=3 * E8 // 2,
            ),
        )
    }
)
"""The venues of the default ecosystem, by name."""
