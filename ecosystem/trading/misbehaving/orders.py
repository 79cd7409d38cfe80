"""How those who misbehave write an order: so much money, at the market."""

from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.contract import E8, Place, PriceTicked, Side, View


def market_order(view: View, venue: str, symbol: str, side: Side, notional_e8: int) -> Place | None:
    """Return a market order worth `notional_e8` of the quote asset; None when that is too little.

    Whether the account can fund it is not asked.
    """
    tick = view.tick(symbol)
    instrument = INSTRUMENTS[symbol]
    if tick is None:
        return None
    quantity_e8 = notional_e8 * E8 // mid_e8(tick)
    quantity_e8 = min(
        quantity_e8 - quantity_e8 % instrument.lot_size_e8, instrument.quantity_max_e8
    )
    if quantity_e8 < instrument.quantity_min_e8:
        return None
    return Place(venue=venue, instrument=symbol, side=side, quantity_e8=quantity_e8)


def mid_e8(tick: PriceTicked) -> int:
    """Return the middle of a quote."""
    return (tick.bid_price_e8 + tick.ask_price_e8) // 2
