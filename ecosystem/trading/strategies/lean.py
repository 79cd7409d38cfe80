"""Leaning: how momentum and mean reversion turn an opinion into positions of whole clips.

At level 2 of BTC-USD a strategy has bought two clips more than it sold, at level -1 one clip less.
The level follows the signal with one step of slack, so noise around a threshold causes no orders;
and as the lean is bounded, no number of hours exhausts an account.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ecosystem.trading.contract import (
    E8,
    INSTRUMENTS,
    MINUTE_US,
    SECOND_US,
    VENUE,
    Cancel,
    OpenOrder,
    Place,
    Side,
    Signal,
    View,
    Wish,
    parse_e8,
)

LEVEL_MAX: Final = 2
"""Greatest lean in either direction, in clips."""
ORDER_INTERVAL_US: Final = 30 * SECOND_US
"""Least event time between two orders of one strategy for one instrument."""
ORDER_AGE_US_MAX: Final = MINUTE_US
"""Event time after which the rest of an open order is cancelled."""
CLIPS_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC-USD": parse_e8("0.05"), "ETH-USD": parse_e8("1")}
)
"""The instruments traded, and the base quantity of one level of each."""
ORDER_SHARE_MIN: Final = 2
"""An order is at least this share of a clip, as a divisor: less is not worth the fee."""


def next_level(level: int, signal: float) -> int:
    """Return the level that follows from `signal`, in steps; equal while it is within one step."""
    while level < LEVEL_MAX and signal > level + 1:
        level += 1
    while level > -LEVEL_MAX and signal < level - 1:
        level -= 1
    return level


def lean(view: View, symbol: str, signal: float | None, *, market: bool) -> Iterable[Wish]:
    """Return the opinion if it changed, and what brings the position nearer to it.

    Args:
        signal: in steps; None while the strategy has no opinion yet.
        market: whether orders take what is there; else they wait at their own side of the touch.
    """
    if signal is None:
        return ()
    level = view.strength_e8(symbol) * LEVEL_MAX // E8
    settled = next_level(level, signal)
    # With most ticks nothing changes, and nothing is left to do.
    if settled == level and not view.orders(symbol) and not _gap_e8(view, symbol, level):
        return ()
    return _moves(view, symbol, signal, (level, settled), market=market)


def _moves(
    view: View, symbol: str, signal: float, levels: tuple[int, int], *, market: bool
) -> Iterator[Wish]:
    level, settled = levels
    if settled != level:
        reason = f"signal {signal:+.3f} steps, level {level:+d} to {settled:+d}"
        strength_e8 = settled * E8 // LEVEL_MAX
        yield Signal(instrument=symbol, strength_e8=strength_e8, reason=reason)
    if view.orders(symbol):
        yield from old_orders(view, symbol)
        return
    last_us = view.last_order_us(symbol)
    if last_us is None or view.now_us - last_us >= ORDER_INTERVAL_US:
        order_wish = _wanted(view, symbol, settled, market=market)
        if order_wish is not None:
            yield order_wish


def old_orders(view: View, symbol: str) -> Sequence[Cancel]:
    """Return the end of orders nobody took."""
    orders = view.orders(symbol)
    if not orders:
        return ()
    now_us = view.now_us
    return [Cancel(order_id=order.order_id) for order in orders if is_old(order, now_us)]


def is_old(order: OpenOrder, now_us: int) -> bool:
    """Return whether an order has waited a minute, or a minute for its cancellation."""
    since_us = order.submitted_us if order.cancelled_us is None else order.cancelled_us
    return now_us - since_us >= ORDER_AGE_US_MAX


def _gap_e8(view: View, symbol: str, level: int) -> int:
    """Return what is missing to a level; 0 where it is too little to be worth an order."""
    clip_e8 = CLIPS_E8[symbol]
    gap_e8 = level * clip_e8 - view.position_e8(symbol)
    return gap_e8 if abs(gap_e8) >= clip_e8 // ORDER_SHARE_MIN else 0


def _wanted(view: View, symbol: str, level: int, *, market: bool) -> Place | None:
    tick = view.tick(symbol)
    if tick is None or view.total_e8(VENUE, INSTRUMENTS[symbol].base) is None:
        return None
    gap_e8 = _gap_e8(view, symbol, level)
    if not gap_e8:
        return None
    clip_e8 = CLIPS_E8[symbol]
    side: Side = "BUY" if gap_e8 > 0 else "SELL"
    limit_e8 = None
    if not market:
        limit_e8 = tick.bid_price_e8 if side == "BUY" else tick.ask_price_e8
    # Even when the lean is far off, no order is larger than two clips, or than can be funded.
    affordable_e8 = view.affordable_e8(VENUE, symbol, side, limit_e8)
    quantity_e8 = min(abs(gap_e8), 2 * clip_e8, affordable_e8)
    quantity_e8 -= quantity_e8 % INSTRUMENTS[symbol].lot_size_e8
    if quantity_e8 < clip_e8 // ORDER_SHARE_MIN:
        return None
    return Place(
        venue=VENUE,
        instrument=symbol,
        side=side,
        quantity_e8=quantity_e8,
        order_type="MARKET" if market else "LIMIT",
        time_in_force="IOC" if market else "GTC",
        limit_price_e8=limit_e8,
    )
