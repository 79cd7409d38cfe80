"""The exchanges of the ecosystem: several venues side by side, each with terms of its own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ecosystem.units import E8

SelfMatch = Literal["CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH", "NONE"]
"""Which order gives way when two of one account would meet; with NONE they trade."""


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
    self_match: SelfMatch = "CANCEL_NEWEST"
    """Prevention of trades of an account with itself."""
    self_match_by_account: Mapping[str, SelfMatch] = MappingProxyType({})
    """The accounts that chose otherwise."""

    def self_match_of(self, account: str) -> SelfMatch:
        """Return how trades of an account with itself are prevented."""
        return self.self_match_by_account.get(account, self.self_match)


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
