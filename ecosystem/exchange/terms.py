"""Whether the terms of an order can be taken at all: instrument, type, price, quantity.

Each check returns a refusal that says what was found and what is allowed, or None.
"""

from typing import Final

from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import RejectReason
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.units import format_e8

Refusal = tuple[RejectReason, str]

PRICE_FACTOR_MAX: Final = 1_000
"""A limit price is at most this many times the instrument's reference price."""
_SIDES: Final = ("BUY", "SELL")
_TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "DAY")


def refuse_order(order: OrderSubmitted) -> Refusal | None:
    """Return why the venue cannot take such an order; None when it can."""
    instrument = INSTRUMENTS.get(order.instrument)
    if instrument is None:
        return (
            "UNKNOWN_INSTRUMENT",
            f"instrument {order.instrument!r}; allowed: {', '.join(INSTRUMENTS)}",
        )
    if instrument.kind != "SPOT":
        return "NOT_SUPPORTED", f"{order.instrument} is {instrument.kind}; only SPOT is traded here"
    refusal = _refuse_kind(order) or refuse_quantity(instrument, order.quantity_e8)
    if refusal is not None or order.order_type == "MARKET":
        return refusal
    assert order.limit_price_e8 is not None, "the kind was checked"
    return refuse_price(instrument, order.limit_price_e8)


def _refuse_kind(order: OrderSubmitted) -> Refusal | None:
    if order.side not in _SIDES:
        return "NOT_SUPPORTED", f"side {order.side}; allowed: {', '.join(_SIDES)}"
    if order.time_in_force not in _TIMES_IN_FORCE:
        return (
            "NOT_SUPPORTED",
            f"time in force {order.time_in_force}; allowed: {', '.join(_TIMES_IN_FORCE)}",
        )
    if order.order_type not in ("MARKET", "LIMIT"):
        return "NOT_SUPPORTED", f"order type {order.order_type}; allowed: MARKET, LIMIT"
    if order.stop_price_e8 is not None:
        return "NOT_SUPPORTED", f"stop price on a {order.order_type} order; allowed: none"
    if order.reduce_only:
        return "NOT_SUPPORTED", "reduce-only; spot orders are never reduce-only here"
    if order.order_type == "MARKET":
        if order.limit_price_e8 is not None:
            price = format_e8(order.limit_price_e8)
            return "INVALID_PRICE", f"limit price {price} on a MARKET order; allowed: none"
        if order.post_only:
            return "NOT_SUPPORTED", "post-only MARKET order; post-only is for LIMIT orders"
    elif order.limit_price_e8 is None:
        return "INVALID_PRICE", "LIMIT order without limit price; a limit price is required"
    elif order.post_only and order.time_in_force in ("IOC", "FOK"):
        return (
            "NOT_SUPPORTED",
            f"post-only with {order.time_in_force}; allowed with post-only: GTC, DAY",
        )
    return None


def refuse_quantity(instrument: Instrument, quantity_e8: int) -> Refusal | None:
    """Return why a quantity is not allowed; None when it is."""
    least_e8, most_e8 = instrument.quantity_min_e8, instrument.quantity_max_e8
    if least_e8 <= quantity_e8 <= most_e8 and quantity_e8 % instrument.lot_size_e8 == 0:
        return None
    return (
        "INVALID_QUANTITY",
        f"quantity {format_e8(quantity_e8)}; allowed: {format_e8(least_e8)} to "
        f"{format_e8(most_e8)} in steps of {format_e8(instrument.lot_size_e8)}",
    )


def refuse_price(instrument: Instrument, price_e8: int) -> Refusal | None:
    """Return why a limit price is not allowed; None when it is."""
    most_e8 = instrument.reference_price_e8 * PRICE_FACTOR_MAX
    tick_e8 = instrument.tick_size_e8
    if 0 < price_e8 <= most_e8 and price_e8 % tick_e8 == 0:
        return None
    return (
        "INVALID_PRICE",
        f"limit price {format_e8(price_e8)}; allowed: {format_e8(tick_e8)} to "
        f"{format_e8(most_e8)} in steps of {format_e8(tick_e8)}",
    )
