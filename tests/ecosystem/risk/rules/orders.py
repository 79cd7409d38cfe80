"""Orders and executions for the tests of the rules about them."""

from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import Side
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, event_id, fill

ACCOUNT = "firm-momentum"


def submitted(
    number: int,
    seconds: float,
    *,
    account: str = ACCOUNT,
    quantity_e8: int = E8,
    limit_price_e8: int | None = None,
    instrument: str = "BTC-USD",
) -> OrderSubmitted:
    """Return a submission; `number` names it."""
    order_id = event_id(f"order/{account}", number)
    return OrderSubmitted(
        event_id=order_id,
        correlation_id=order_id,
        causation_id=order_id,
        event_time_us=at(seconds),
        order_id=order_id,
        venue="exchange-okx",
        account=account,
        instrument=instrument,
        side="BUY",
        order_type="MARKET" if limit_price_e8 is None else "LIMIT",
        time_in_force="IOC",
        quantity_e8=quantity_e8,
        limit_price_e8=limit_price_e8,
        stop_price_e8=None,
        post_only=False,
        reduce_only=False,
    )


def executed(
    number: int,
    seconds: float,
    *,
    side: Side = "BUY",
    quantity_e8: int = E8,
    account: str = ACCOUNT,
    part: int = 0,
) -> OrderFilled:
    """Return an execution of order `number`, or a part of it."""
    made = fill(seconds, side, quantity_e8, 60_000 * E8, account=account)
    fields = {
        "event_id": event_id(f"fill/{account}/{number}", part),
        "order_id": event_id(f"order/{account}", number),
    }
    return OrderFilled(**{name: getattr(made, name) for name in made.__struct_fields__} | fields)
