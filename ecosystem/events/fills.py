"""Executions."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, Liquidity, Side


class OrderFilled(Event, frozen=True, kw_only=True, gc=False):
    """An order was executed in whole or in part, at this price."""

    trade_id: EventId
    order_id: EventId
    venue: str
    account: str
    instrument: str
    side: Side
    liquidity: Liquidity
    price_e8: int
    quantity_e8: int
    notional_e8: int
    fee_e8: int
    fee_asset: str
    remaining_quantity_e8: int
