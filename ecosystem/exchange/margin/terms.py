"""The terms on which a venue lets a perpetual be traded: margin, mark price, funding.

A perpetual here is linear and pays in its quote asset, which is also its collateral: one unit is
one unit of the base asset, and its profit is the difference of prices in USD.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

COLLATERAL: Final = "USD"
"""The asset in which every perpetual is margined and pays."""
INSURANCE_E8: Final = 1_000_000 * E8
"""What a venue's insurance fund holds when a run begins, in USD."""


class PerpetualTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a venue asks and pays for one perpetual; rates are fractions of a notional."""

    symbol: str
    index: str
    """The spot instrument whose price it follows."""
    initial_rate_e8: int
    """Margin to open a position; its inverse is the leverage limit.

    Ten per cent, which is ten to one: a cautious venue's. CoinEx, tiered maintenance margin for
    linear BTC contracts, asks it for 500 to 1 000 BTC, and 1 % for less than 20.
    """
    maintenance_rate_e8: int
    """Margin to keep it, at the mark price.

    Half the initial margin, as in the first tiers of BitMEX (1 %, 0.5 %) and CoinEx (1 %, 0.5 %).
    Hull, Options, Futures and Other Derivatives, chapter 2, has about three quarters for futures
    that are margined daily; a venue that looks at every tick needs less.
    """
    liquidation_fee_rate_e8: int
    """What a liquidated position pays to the insurance fund, as far as its account still can."""
    basis_cap_e8: int
    """How far the mark price may stand from the index, as a fraction of it."""
    basis_time_us: int
    """Time constant of the basis' moving average; Deribit's mark price has 30 s."""
    sample_us: int
    """How often the premium is sampled for the funding rate; BitMEX takes one a minute."""
    interest_rate_e8: int
    """Interest for one funding interval; 0.01 % for 8 h at BitMEX, Binance and OKX."""
    interest_band_e8: int
    """How far interest may pull the rate from the premium; 0.05 % at BitMEX, Binance, Gate."""
    funding_cap_e8: int
    """Bound of a funding rate either way: three quarters of initial less maintenance margin.

    Source: BitMEX, perpetual contracts guide, funding rate caps.
    """
    funding_interval_us: int


PERPETUALS: Final[Mapping[str, PerpetualTerms]] = MappingProxyType(
    {
        terms.symbol: terms
        for terms in (
            PerpetualTerms(
                symbol="BTC-USD-PERP",
                index="BTC-USD",
                initial_rate_e8=E8 // 10,
                maintenance_rate_e8=E8 // 20,
                liquidation_fee_rate_e8=E8 // 200,
                basis_cap_e8=E8 // 20,
                basis_time_us=30 * SECOND_US,
                sample_us=MINUTE_US,
                interest_rate_e8=E8 // 10_000,
                interest_band_e8=5 * E8 // 10_000,
                funding_cap_e8=375 * E8 // 10_000,
                funding_interval_us=8 * HOUR_US,
            ),
        )
    }
)
"""The terms of every perpetual, by symbol."""
