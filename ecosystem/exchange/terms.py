"""Whether the terms of an order can be taken at all: instrument, type, price, quantity.

Each check returns a refusal that says what was found and what is allowed, or None.
"""

from collections.abc import Mapping
from typing import Final

from ecosystem.events.orders import OrderReplaceRequested, OrderSubmitted
from ecosystem.events.words import RejectReason
from ecosystem.exchange.orders import NewTerms, Order
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.units import format_e8

Refusal = tuple[RejectReason, str]

PRICE_FACTOR_MAX: Final = 1_000
"""A limit price is at most this many times the instrument's reference price."""
_SIDES: Final = ("BUY", "SELL")
_TIMES_IN_FORCE: Final[Mapping[str, tuple[str, ...]]] = {
    "MARKET": ("GTC", "IOC", "FOK", "DAY"),
    "LIMIT": ("GTC", "IOC", "FOK", "DAY"),
    # Once triggered, a stop order without a limit takes what there is and rests no longer.
    "STOP": ("GTC", "DAY"),
    "STOP_LIMIT": ("GTC", "IOC", "FOK", "DAY"),
}
_WITH_LIMIT_PRICE: Final = ("LIMIT", "STOP_LIMIT")
_WITH_STOP_PRICE: Final = ("STOP", "STOP_LIMIT")


def refuse_order(order: OrderSubmitted) -> Refusal | None:
    """Return why the venue cannot take such an order; None when it can."""
    instrument = INSTRUMENTS.get(order.instrument)
    if instrument is None:
        return (
            "UNKNOWN_INSTRUMENT",
            f"instrument {order.instrument!r}; allowed: {', '.join(INSTRUMENTS)}",
        )
    return (
        _refuse_words(order)
        or _refuse_prices_of_type(order)
        or refuse_quantity(instrument, order.quantity_e8)
        or refuse_price(instrument, "limit", order.limit_price_e8)
        or refuse_price(instrument, "stop", order.stop_price_e8)
    )


def refuse_new_terms(
    request: OrderReplaceRequested, order: Order, terms: NewTerms
) -> Refusal | None:
    """Return why a live order cannot have new terms; None when it can."""
    instrument = INSTRUMENTS[order.instrument]
    if request.stop_price_e8 is not None and order.status != "WAITING":
        price = format_e8(request.stop_price_e8)
        return "INVALID_PRICE", f"stop price {price} on an order that does not wait; allowed: none"
    if order.order_type == "STOP" and terms.limit_price_e8 is not None:
        price = format_e8(terms.limit_price_e8)
        return "INVALID_PRICE", f"limit price {price} on a STOP order; allowed: none, which is 0"
    if order.order_type != "STOP" and terms.limit_price_e8 is None:
        return "INVALID_PRICE", f"no limit price; {order.order_type} orders require one"
    executed_e8 = order.quantity_e8 - order.remaining_e8
    refusal = (
        refuse_quantity(instrument, terms.quantity_e8)
        or refuse_price(instrument, "limit", terms.limit_price_e8)
        or refuse_price(instrument, "stop", terms.stop_price_e8)
    )
    if refusal is None and terms.quantity_e8 <= executed_e8:
        return (
            "INVALID_QUANTITY",
            f"quantity {format_e8(terms.quantity_e8)}; allowed: more than the "
            f"{format_e8(executed_e8)} already executed",
        )
    return refusal


def _refuse_words(order: OrderSubmitted) -> Refusal | None:
    if order.side not in _SIDES:
        return "NOT_SUPPORTED", f"side {order.side}; allowed: {', '.join(_SIDES)}"
    allowed = _TIMES_IN_FORCE.get(order.order_type)
    if allowed is None:
        types = ", ".join(_TIMES_IN_FORCE)
        return "NOT_SUPPORTED", f"order type {order.order_type}; allowed: {types}"
    if order.time_in_force not in allowed:
        return (
            "NOT_SUPPORTED",
            f"time in force {order.time_in_force} on a {order.order_type} order; allowed: "
            f"{', '.join(allowed)}",
        )
    if order.post_only and order.order_type != "LIMIT":
        return "NOT_SUPPORTED", f"post-only {order.order_type} order; post-only is for LIMIT orders"
    if order.post_only and order.time_in_force in ("IOC", "FOK"):
        return (
            "NOT_SUPPORTED",
            f"post-only with {order.time_in_force}; allowed with post-only: GTC, DAY",
        )
    return None


def _refuse_prices_of_type(order: OrderSubmitted) -> Refusal | None:
    for what, price_e8, types in (
        ("limit", order.limit_price_e8, _WITH_LIMIT_PRICE),
        ("stop", order.stop_price_e8, _WITH_STOP_PRICE),
    ):
        if price_e8 is None and order.order_type in types:
            return (
                "INVALID_PRICE",
                f"{order.order_type} order without {what} price; a {what} price is required",
            )
        if price_e8 is not None and order.order_type not in types:
            return (
                "INVALID_PRICE",
                f"{what} price {format_e8(price_e8)} on a {order.order_type} order; allowed: none",
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


def refuse_price(instrument: Instrument, what: str, price_e8: int | None) -> Refusal | None:
    """Return why a limit or stop price is not allowed; None when it is, or there is none."""
    if price_e8 is None:
        return None
    most_e8 = instrument.reference_price_e8 * PRICE_FACTOR_MAX
    tick_e8 = instrument.tick_size_e8
    if 0 < price_e8 <= most_e8 and price_e8 % tick_e8 == 0:
        return None
    return (
        "INVALID_PRICE",
        f"{what} price {format_e8(price_e8)}; allowed: {format_e8(tick_e8)} to "
        f"{format_e8(most_e8)} in steps of {format_e8(tick_e8)}",
    )
