"""Reducing: while a breaker is open, positions go back to nothing, in clips."""

from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.contract import Place, Side
from ecosystem.trading.portfolio import PositionKey
from ecosystem.trading.seats import Seat
from ecosystem.trading.state import TradingState
from ecosystem.units import E8


def reduction(state: TradingState, seat: Seat, key: PositionKey, now_us: int) -> Place | None:
    """Return the order that brings a position nearer to nothing; None when none is due.

    Nothing means what the account held before the strategy traded. An order is worth a clip at the
    most, and is sent only while none other of the seat is open there, so it never overshoots.
    """
    limits = state.limits.breaker
    held_e8 = state.portfolio.positions[key].quantity_e8
    instrument = INSTRUMENTS[key.instrument]
    mid_e8 = state.market.mid_e8(key.instrument)
    mark_e8 = state.market.mark_e8(instrument.quote)
    if not held_e8 or not mid_e8 or not mark_e8 or state.halts.keeps_from(key.venue):
        return None
    if any(
        order.instrument == key.instrument and order.venue == key.venue
        for order in seat.orders.values()
    ):
        return None
    last_us = seat.last_order_us.get(key.instrument, {}).get(key.venue)
    if last_us is not None and now_us - last_us < limits.interval_us:
        return None
    side: Side = "SELL" if held_e8 > 0 else "BUY"
    clip_e8 = limits.clip_e8 * E8 // mid_e8 * E8 // mark_e8
    affordable_e8 = state.accounts.affordable_e8(key.venue, key.account, key.instrument, side, None)
    quantity_e8 = min(abs(held_e8), max(clip_e8, instrument.quantity_min_e8), affordable_e8)
    quantity_e8 -= quantity_e8 % instrument.lot_size_e8
    if quantity_e8 < instrument.quantity_min_e8:
        return None
    return Place(venue=key.venue, instrument=key.instrument, side=side, quantity_e8=quantity_e8)
