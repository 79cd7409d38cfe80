"""Two venues: buy where it is cheap, sell where it is dear."""

from ecosystem.trading.contract import E8, INSTRUMENTS, Place, View, parse_e8
from ecosystem.trading.strategies.legs import (
    CLIP_USD_E8,
    EDGE_E8_MIN,
    after_fee_e8,
    fresh_book,
    take,
)

LEAN_E8_MAX = {"BTC-USD": parse_e8("0.25"), "ETH-USD": 5 * E8}
"""How far opportunities that all point one way may shift an asset from venue to venue."""


def edge_e8(buy_at: str, ask_price_e8: int, sell_at: str, bid_price_e8: int) -> int:
    """Return what is gained, as a fraction of what is paid, fees included."""
    paid_e16 = ask_price_e8 * (2 * E8 - after_fee_e8(buy_at))
    return bid_price_e8 * after_fee_e8(sell_at) * E8 // paid_e16 - E8


def crossing(view: View, symbol: str, buy_at: str, sell_at: str) -> tuple[Place, ...] | None:
    """Return the two orders of an opportunity; None when there is none.

    As much as both touches hold, both accounts can fund, a clip allows, and the lean leaves.
    """
    cheap, dear = fresh_book(view, buy_at, symbol), fresh_book(view, sell_at, symbol)
    if cheap is None or dear is None:
        return None
    ask_e8, bid_e8 = cheap.ask_prices_e8[0], dear.bid_prices_e8[0]
    if edge_e8(buy_at, ask_e8, sell_at, bid_e8) < EDGE_E8_MIN:
        return None
    instrument = INSTRUMENTS[symbol]
    room_e8 = LEAN_E8_MAX[symbol] - max(
        view.position_e8(symbol, buy_at), -view.position_e8(symbol, sell_at)
    )
    quantity_e8 = min(
        cheap.ask_quantities_e8[0],
        dear.bid_quantities_e8[0],
        view.affordable_e8(buy_at, symbol, "BUY", ask_e8),
        view.affordable_e8(sell_at, symbol, "SELL", bid_e8),
        CLIP_USD_E8 * E8 // ask_e8,
        room_e8,
    )
    quantity_e8 -= quantity_e8 % instrument.lot_size_e8
    if quantity_e8 < instrument.quantity_min_e8:
        return None
    return (
        take(buy_at, symbol, "BUY", quantity_e8, ask_e8),
        take(sell_at, symbol, "SELL", quantity_e8, bid_e8),
    )
