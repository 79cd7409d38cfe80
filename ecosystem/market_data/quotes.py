"""Quotes around a price: spread, depth at the touch, the last trade and the volume of a tick."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.instruments import Instrument
from ecosystem.market_data.source import SourcePrice
from ecosystem.units import E8, parse_e8

Quote = tuple[int, int, int, int, int, int]
"""Bid, ask and last price, then bid quantity, ask quantity and volume, all scaled by 1e8."""

FACTOR_UNIT: Final = 1000
"""Widenings and volume factors are integers scaled by 1e3; 1000 changes nothing."""

_BASIS_POINT_E8: Final = E8 // 10_000

SPREADS_E8: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        symbol: (int(low * _BASIS_POINT_E8), int(high * _BASIS_POINT_E8))
        for symbol, (low, high) in {
            # Narrower than the published bands (1-5, 2-8, 0.1-2 and 5-15 basis points for the
            # first, second, third and sixth), because a spread is a whole number of ticks: one
            # tick of ETH-BTC is two basis points, one of USDT-USD is one.
            "BTC-USD": (1.2, 4.8),
            "ETH-USD": (2.2, 7.8),
            "USDT-USD": (0.6, 1.4),
            "BTC-USDT": (2.0, 6.0),
            "ETH-USDT": (3.0, 9.0),
            "ETH-BTC": (7.0, 13.0),
            "BTC-USD-PERP": (1.0, 4.0),
        }.items()
    }
)
"""Least and greatest spread of each instrument in a quiet market, as fractions of the price."""

DEPTHS_E8: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "BTC": (parse_e8("0.2"), parse_e8("3")),
        "ETH": (parse_e8("4"), parse_e8("60")),
        "USDT": (parse_e8("10000"), parse_e8("200000")),
    }
)
"""Least and greatest quantity at the best bid and ask, by base asset."""

VOLUMES_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC": parse_e8("0.5"), "ETH": parse_e8("10"), "USDT": parse_e8("20000")}
)
"""Greatest volume of a quiet tick, by base asset; the mean is a quarter of it."""


class QuoteModel:
    """Draws the quotes of one instrument."""

    __slots__ = (
        "_depth_lots",
        "_depth_span",
        "_lot_e8",
        "_spread_e8",
        "_spread_span",
        "_tick_e8",
        "_volume_lots",
    )

    def __init__(self, instrument: Instrument) -> None:
        low_e8, high_e8 = SPREADS_E8[instrument.symbol]
        self._tick_e8 = instrument.tick_size_e8
        self._lot_e8 = instrument.lot_size_e8
        self._spread_e8 = low_e8
        self._spread_span = high_e8 - low_e8
        shallow_e8, deep_e8 = DEPTHS_E8[instrument.base]
        self._depth_lots = shallow_e8 // self._lot_e8
        self._depth_span = (deep_e8 - shallow_e8) // self._lot_e8
        self._volume_lots = VOLUMES_E8[instrument.base] // self._lot_e8

    def quotes(
        self, prices: Iterable[SourcePrice | None], draws: Iterable[int]
    ) -> list[Quote | None]:
        """Return what `quote` says of one price after the other in a quiet market."""
        tick_e8, lot_e8, lots, span = (
            self._tick_e8,
            self._lot_e8,
            self._depth_lots,
            self._depth_span,
        )
        low_e8, width_span, volume_lots = self._spread_e8, self._spread_span, self._volume_lots
        half_e8, double_e8 = tick_e8 // 2, 2 * tick_e8
        found: list[Quote | None] = []
        for price, bits in zip(prices, draws, strict=True):
            if price is None:
                found.append(None)
                continue
            if not price.is_bare:
                found.append(self.quote(price, bits, FACTOR_UNIT, FACTOR_UNIT))
                continue
            # The same as there; Python is fastest with numbers of 30 bits.
            mid_e8, low, high = price.mid_price_e8, bits & 0xFFF_FFFF, bits >> 43
            width_e8 = mid_e8 * (low_e8 + ((low & 0xFFF) * width_span >> 12)) // E8
            width_e8 = ((width_e8 + half_e8) // tick_e8 or 1) * tick_e8
            bid_e8 = (2 * mid_e8 - width_e8 + tick_e8) // double_e8 * tick_e8
            ask_e8 = bid_e8 + width_e8
            found.append(
                (
                    bid_e8,
                    ask_e8,
                    ask_e8 if low & 0x1000 else bid_e8,
                    (lots + ((low >> 13) * span >> 15)) * lot_e8,
                    (lots + ((bits >> 28 & 0x7FFF) * span >> 15)) * lot_e8,
                    ((high & 0x3FF) * (high >> 10) * volume_lots >> 21 or 1) * lot_e8,
                )
            )
        return found

    def quote(self, price: SourcePrice, bits: int, widening: int, busyness: int) -> Quote:
        """Return the quote around a price that the 64 bits of chance `bits` stand for.

        The mid price lies between bid and ask, both of them on the tick grid; the last trade
        was at one of them unless the price says where. What the price does not say is drawn,
        from fields of the bits of their own, so no factor shifts them.

        Args:
            widening: factor of the spread, scaled by 1e3.
            busyness: factor of the volume, scaled by 1e3.
        """
        tick_e8 = self._tick_e8
        mid_e8 = price.mid_price_e8
        if price.spread_e8 is None:
            spread_e8 = self._spread_e8 + ((bits & 0xFFF) * self._spread_span >> 12)
            width_e8 = mid_e8 * spread_e8 * widening // 100_000_000_000
        else:
            width_e8 = price.spread_e8 * widening // 1000
        width_e8 = ((width_e8 + tick_e8 // 2) // tick_e8 or 1) * tick_e8
        # The nearest tick to where the bid would be, so that mid stays within half a tick.
        bid_e8 = (2 * mid_e8 - width_e8 + tick_e8) // (2 * tick_e8) * tick_e8
        ask_e8 = bid_e8 + width_e8
        lot_e8, lots, span = self._lot_e8, self._depth_lots, self._depth_span
        # The product of two uniform numbers: many small volumes, few large ones.
        if price.volume_e8 is None:
            lots_max = self._volume_lots * busyness
            traded = (bits >> 43 & 0x3FF) * (bits >> 53) * lots_max // 2_097_152_000 or 1
        else:
            traded = price.volume_e8 * busyness // (1000 * lot_e8)
        last_e8 = ask_e8 if bits & 0x1000 else bid_e8
        if price.last_price_e8 is not None:
            last_e8 = ((price.last_price_e8 + tick_e8 // 2) // tick_e8 or 1) * tick_e8
        bid_lots = lots + ((bits >> 13 & 0x7FFF) * span >> 15)
        ask_lots = lots + ((bits >> 28 & 0x7FFF) * span >> 15)
        if price.bid_quantity_e8 is not None:
            bid_lots = price.bid_quantity_e8 // lot_e8
        if price.ask_quantity_e8 is not None:
            ask_lots = price.ask_quantity_e8 // lot_e8
        return bid_e8, ask_e8, last_e8, bid_lots * lot_e8, ask_lots * lot_e8, traded * lot_e8
