"""Why the desk refuses a wish; each refusal says what was found and what is allowed."""

from collections.abc import Iterable

from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.exchange.matching import Plan
from ecosystem.exchange.orders import Order, Status
from ecosystem.exchange.terms import Refusal
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import format_e8


def refuse_kind_of_instrument(request: OrderSubmitted, traded: Iterable[str]) -> Refusal | None:
    """Return that an instrument is not traded here; None when it is."""
    if request.instrument in traded:
        return None
    kind = INSTRUMENTS[request.instrument].kind
    return (
        "NOT_SUPPORTED",
        f"{request.instrument}, which is {kind}; traded here: {', '.join(traded)}",
    )


def refuse_plan(request: OrderSubmitted, found: Plan[Order]) -> Refusal | None:
    """Return why an order is not taken with the executions it would have; None when it is."""
    if request.post_only and found.meets_anyone:
        assert request.limit_price_e8 is not None, "post-only orders are limit orders"
        return would_cross(request.limit_price_e8)
    fillable_e8 = sum(taken_e8 for _, _, taken_e8 in found.executions)
    if request.time_in_force == "FOK" and fillable_e8 < request.quantity_e8:
        return (
            "NOT_FILLABLE",
            f"quantity {format_e8(request.quantity_e8)}; fillable at once: "
            f"{format_e8(fillable_e8)}",
        )
    if request.order_type == "MARKET" and not found.meets_anyone:
        return "NO_LIQUIDITY", f"nobody quotes for a {request.side} of {request.instrument}"
    return None


def would_cross(price_e8: int) -> Refusal:
    """A post-only order would be executed at once."""
    return (
        "WOULD_CROSS",
        f"post-only limit price {format_e8(price_e8)} would be executed at once; allowed: a price "
        "that rests",
    )


def would_increase(account: str, symbol: str, side: str, room_e8: int) -> Refusal:
    """A reduce-only order would do more than reduce."""
    return (
        "WOULD_INCREASE",
        f"a reduce-only {side} of {symbol}; {account} can reduce {format_e8(max(room_e8, 0))}",
    )


def unknown_order(
    request: OrderCancelRequested | OrderReplaceRequested, status: Status | None
) -> Refusal:
    """A wish names no live order of its account; `status` is how the order ended, if it did."""
    found = f"is {status}" if status else "is none of the account's in this instrument"
    return (
        "UNKNOWN_ORDER",
        f"order {request.order_id.hex()} {found}; allowed: a WAITING, OPEN or PARTIALLY_FILLED "
        f"order of {request.account} in {request.instrument}",
    )
