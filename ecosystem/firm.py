"""The firm whose risk is watched: its accounts and what it owns when a run begins."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.events.words import AccountKind
from ecosystem.units import E8

VENUE: Final = "exchange-okx"
"""The firm's first venue, where a strategy trades unless it says otherwise."""
SECOND_VENUE: Final = "exchange-binance"
CUSTODIAN: Final = "custodian"
FEED: Final = "market-data"
FIRM: Final = "firm"
"""The master account; every account of a strategy is a sub-account of it."""
CUSTODY_ACCOUNT: Final = "custody-firm"
GUEST_ACCOUNT: Final = "firm-guest"
"""For orders by hand and strategies on trial; no strategy of the firm trades on it."""


ACCOUNT_KINDS: Final[Mapping[str, AccountKind]] = MappingProxyType({"firm-futures": "FUTURES"})
"""What the firm's accounts are for, where it is not spot trading."""
_COLLATERAL_E8: Final = 2_500 * E8
"""What each of two spot accounts leaves to the futures account, in USD."""


def _holdings(halves: int, usd_less_e8: int = 0) -> Mapping[str, int]:
    # Six sevenths are bitcoin and ether; all accounts together own 4 BTC, well within limits.
    return MappingProxyType(
        {
            "BTC": halves * E8 // 2,
            "ETH": halves * 10 * E8,
            "USD": halves * 7_500 * E8 - usd_less_e8,
            "USDT": halves * 2_500 * E8,
        }
    )


OPENING_BALANCES_E8: Final[Mapping[str, Mapping[str, Mapping[str, int]]]] = MappingProxyType(
    {
        VENUE: MappingProxyType(
            {
                "firm-momentum": _holdings(2, _COLLATERAL_E8),
                "firm-reversion": _holdings(2, _COLLATERAL_E8),
                "firm-arbitrage": _holdings(1),
                "firm-futures": MappingProxyType({"USD": 2 * _COLLATERAL_E8}),
                GUEST_ACCOUNT: MappingProxyType({"USD": 10_000 * E8}),
            }
        ),
        SECOND_VENUE: MappingProxyType(
            {"firm-arbitrage": _holdings(1), "firm-market-making": _holdings(2)}
        ),
    }
)
"""What each trading account holds at each venue when a run begins: venue, account, asset."""
