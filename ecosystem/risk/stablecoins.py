"""The stablecoins the monitor knows, all of them pegged to one dollar."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STABLECOINS: Final[Mapping[str, str]] = MappingProxyType({"USDT": "USDT-USD"})
"""The instrument that prices each in its peg."""
COIN_OF: Final[Mapping[str, str]] = MappingProxyType(
    {symbol: coin for coin, symbol in STABLECOINS.items()}
)
"""The stablecoin each of these instruments prices."""
