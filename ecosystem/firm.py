"""The firm whose risk is watched: its accounts and what it owns when a run begins."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.units import E8

VENUE: Final = "exchange-okx"
"""The firm's first venue, where a strategy trades unless it says otherwise."""
SECOND_VENUE: Final = "exchange-binance"
CUSTODIAN: Final = "custodian"
FEED: Final = "market-data"
FIRM: Final = "firm"
"""The master account; every account of a strategy is a sub-account of it."""
CUSTODY_ACCOUNT: Final = "custody-firm"


def _holdings(halves: int) -> Mapping[str, int]:
    # Six sevenths are bitcoin and ether; all accounts together own 4 BTC, well within limits.
    return MappingProxyType(
        {
            "BTC": halves * E8 // 2,
            "ETH": halves * 10 * E8,
            "USD": halves * 7_500 * E8,
            "USDT": halves * 2_500 * E8,
        }
    )


OPENING_BALANCES_E8: Final[Mapping[str, Mapping[str, Mapping[str, int]]]] = MappingProxyType(
    {
        VENUE: MappingProxyType(
            {
                "firm-momentum": _holdings(2),
                "firm-reversion": _holdings(2),
                "firm-arbitrage": _holdings(1),
            }
        ),
        SECOND_VENUE: MappingProxyType(
            {"firm-arbitrage": _holdings(1), "firm-market-making": _holdings(2)}
        ),
    }
)
"""What each trading account holds at each venue when a run begins: venue, account, asset."""
