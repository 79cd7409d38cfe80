"""The instruments of the ecosystem and the rules an order for each must keep."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ecosystem.units import E8, parse_e8


class Instrument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is traded, in which steps and at which fees (fractions of the notional)."""

    symbol: str
    base: str
    quote: str
    kind: Literal["SPOT", "PERPETUAL"]
    tick_size_e8: int
    lot_size_e8: int
    quantity_min_e8: int
    quantity_max_e8: int
    maker_fee_e8: int
    taker_fee_e8: int
    reference_price_e8: int
    """A price at which simulations may begin."""


def _instrument(
    symbol: str, tick: str, lot: str, low: str, high: str, price: str, kind: str = "SPOT"
) -> Instrument:
    base, quote = symbol.split("-")[:2]
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        kind="PERPETUAL" if kind == "PERPETUAL" else "SPOT",
        tick_size_e8=parse_e8(tick),
        lot_size_e8=parse_e8(lot),
        quantity_min_e8=parse_e8(low),
        quantity_max_e8=parse_e8(high),
        maker_fee_e8=2 * E8 // 10_000,
        taker_fee_e8=5 * E8 // 10_000,
        reference_price_e8=parse_e8(price),
    )


INSTRUMENTS: Final[Mapping[str, Instrument]] = MappingProxyType(
    {
        instrument.symbol: instrument
        for instrument in (
            _instrument("BTC-USD", "0.01", "0.0001", "0.0001", "100", "60000"),
            _instrument("ETH-USD", "0.01", "0.001", "0.001", "1000", "3000"),
            _instrument("USDT-USD", "0.0001", "0.01", "1", "5000000", "1"),
            _instrument("BTC-USDT", "0.01", "0.0001", "0.0001", "100", "60000"),
            _instrument("ETH-USDT", "0.01", "0.001", "0.001", "1000", "3000"),
            _instrument("ETH-BTC", "0.00001", "0.001", "0.001", "1000", "0.05"),
            _instrument("BTC-USD-PERP", "0.1", "0.0001", "0.0001", "100", "60000", "PERPETUAL"),
        )
    }
)
"""The seven instruments, by symbol."""

ASSETS: Final = ("BTC", "ETH", "USD", "USDT")
