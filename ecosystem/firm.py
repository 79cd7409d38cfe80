"""The firm whose risk is watched: its accounts and what it owns when a run begins."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.units import E8

VENUE: Final = "exchange"
CUSTODIAN: Final = "custodian"
FEED: Final = "market-data"
CUSTODY_ACCOUNT: Final = "custody-firm"

OPENING_BALANCES_E8: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        account: MappingProxyType(
            {"BTC": 2 * E8, "ETH": 40 * E8, "USD": 30_000 * E8, "USDT": 10_000 * E8}
        )
        for account in ("firm-momentum", "firm-reversion")
    }
)
"""What each trading account holds at the venue when a run begins, by account and asset."""
