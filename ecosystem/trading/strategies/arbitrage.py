"""Arbitrage: the same thing at two prices, at two venues or around a triangle at one.

An opportunity is taken when it leaves ten basis points or more after the fees of all its legs. All
legs go out together, as orders that take what is there at their price or better, or nothing. The
account holds every asset at each venue, so no leg waits for another. What one leg got and the other
did not is traded back at the market.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from ecosystem.trading.contract import (
    E8,
    INSTRUMENTS,
    SECOND_US,
    SECOND_VENUE,
    VENUE,
    BookQuoted,
    Cause,
    Place,
    PriceTicked,
    Side,
    Strategy,
    Together,
    View,
    Wish,
    parse_e8,
)
from ecosystem.trading.strategies.crossing import crossing
from ecosystem.trading.strategies.legs import CLIP_USD_E8
from ecosystem.trading.strategies.triangles import TRIANGLES, triangle

PAIRS: Final = ("BTC-USD", "ETH-USD")
"""What is compared between venues."""
PAUSE_US: Final = 5 * SECOND_US
"""Least event time between two attempts in one instrument, so that books have settled."""
UNWIND_AFTER_US: Final = 10 * SECOND_US
RESIDUES_E8: Final[Mapping[str, int]] = {
    "BTC": parse_e8("0.005"),
    "ETH": parse_e8("0.1"),
    "USDT": 300 * E8,
}
"""What may be left over of the legs of an asset; more is traded back."""

_TRIANGLES_WITH: Final = {
    symbol: tuple(legs for legs in TRIANGLES if symbol in legs)
    for legs in TRIANGLES
    for symbol in legs
}


class Arbitrage(Strategy):
    """Compares books whenever one is published."""

    instruments = tuple(dict.fromkeys((*PAIRS, *(leg for legs in TRIANGLES for leg in legs))))
    asked_at_ticks_of = tuple(f"{asset}-USD" for asset in RESIDUES_E8)
    venues = (VENUE, SECOND_VENUE)

    def decide(self, cause: Cause, view: View) -> Iterable[Wish]:
        """Return the best opportunity the new book opens, or the way back from a broken one."""
        if isinstance(cause, PriceTicked):
            wish = self._unwound(cause, view)
            return () if wish is None else (wish,)
        if isinstance(cause, BookQuoted) and self._rests(view, cause.instrument):
            legs = self._opportunity(cause, view)
            return () if legs is None else (Together(orders=legs),)
        return ()

    def _opportunity(self, book: BookQuoted, view: View) -> tuple[Place, ...] | None:
        symbol, venue = book.instrument, book.venue
        if symbol in PAIRS:
            legs = crossing(view, symbol, VENUE, SECOND_VENUE)
            if legs is not None:
                return legs
        for symbols in _TRIANGLES_WITH[symbol]:
            legs = triangle(view, venue, symbols)
            if legs is not None:
                return legs
        return None

    def _rests(self, view: View, symbol: str) -> bool:
        last_us = view.last_order_us(symbol)
        return not view.orders(symbol) and (last_us is None or view.now_us - last_us >= PAUSE_US)

    def _unwound(self, tick: PriceTicked, view: View) -> Place | None:
        instrument = INSTRUMENTS[tick.instrument]
        asset = instrument.base
        if instrument.quote != "USD" or asset not in RESIDUES_E8:
            return None
        left_e8 = view.exposure_e8(asset)
        if abs(left_e8) < RESIDUES_E8[asset]:
            return None
        for symbol in self.instruments:
            last_us = view.last_order_us(symbol)
            if view.orders(symbol) or (
                last_us is not None and view.now_us - last_us < UNWIND_AFTER_US
            ):
                return None
        side: Side = "SELL" if left_e8 > 0 else "BUY"
        mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        rooms = {venue: view.affordable_e8(venue, tick.instrument, side) for venue in self.venues}
        venue = max(rooms, key=lambda name: rooms[name])
        quantity_e8 = min(abs(left_e8), rooms[venue], CLIP_USD_E8 * E8 // mid_e8)
        quantity_e8 -= quantity_e8 % instrument.lot_size_e8
        if quantity_e8 < instrument.quantity_min_e8:
            return None
        return Place(venue=venue, instrument=tick.instrument, side=side, quantity_e8=quantity_e8)
