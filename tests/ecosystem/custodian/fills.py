"""Fills to test with."""

from itertools import count

from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId, Side
from ecosystem.units import E8, multiply_e8, parse_e8

_NUMBERS = count(1)


def new_id() -> EventId:
    """Return an id nobody has used."""
    return EventId(next(_NUMBERS).to_bytes(16, "big"))


def fill(
    side: Side,
    quantity: str,
    price: str,
    *,
    fee: str = "0",
    account: str = "firm-momentum",
    instrument: str = "BTC-USD",
    fee_asset: str = "USD",
    at_us: int = 0,
    venue: str = "exchange-okx",
) -> OrderFilled:
    """Return a fill of a market order at the venue."""
    event_id = new_id()
    quantity_e8, price_e8 = parse_e8(quantity), parse_e8(price)
    return OrderFilled(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        trade_id=event_id,
        order_id=event_id,
        venue=venue,
        account=account,
        instrument=instrument,
        side=side,
        liquidity="TAKER",
        price_e8=price_e8,
        quantity_e8=quantity_e8,
        notional_e8=multiply_e8(price_e8, quantity_e8),
        fee_e8=parse_e8(fee),
        fee_asset=fee_asset,
        remaining_quantity_e8=0,
    )


def whole(amount_e8: int) -> float:
    """Return an amount in units, for tables that are easy to read."""
    return amount_e8 / E8
