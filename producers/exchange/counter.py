"""The counter of an exchange's door: wishes for orders become events, and their answers are found.

Nothing here changes the venue. A wish is appended to the topic the venue reads, and the venue
answers it as it answers the trading engine's.
"""

from typing import Final

from doors.problems import ProblemError
from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange import views
from ecosystem.exchange.machine import Exchange
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import parse_e8
from producers.exchange.answers import OrderWish, ReplaceWish
from producers.live.envelope import root_envelope
from producers.live.requests import Requests
from producers.live.window import Window

View = views.OrderView | views.RefusedOrderView | OrderSubmitted
"""An order as the venue knows it, or the wish it has not answered yet."""
OVER: Final = frozenset({"FILLED", "CANCELLED", "REJECTED", "EXPIRED"})


class OrderCounter:
    """Takes wishes for orders of one venue, and finds orders again."""

    def __init__(self, window: Window[Exchange], requests: Requests) -> None:
        self._window = window
        self._requests = requests

    def submit(self, wish: OrderWish, key: str | None) -> tuple[EventId, bool]:
        """Return the id of the order, and whether it is new; it stands on the log then.

        Raises:
            ProblemError: there is no such account, or the key stands for another order.
        """
        key = key or wish.client_order_id
        order_id = self._requests.name(key and f"order/{wish.account}/{key}")
        if wish.instrument not in INSTRUMENTS:
            known = ", ".join(INSTRUMENTS)
            raise ProblemError(
                422, "unknown-instrument", f"{wish.instrument!r} found; {known} are allowed"
            )
        with self._window.looking() as machine:
            venue = machine.name
            if wish.account not in machine.state.sub_accounts:
                raise ProblemError(
                    422, "unknown-account", f"account {wish.account!r} is unknown at {venue}"
                )
            known_before = views.order(machine.state, order_id) is not None
        if known_before and self._requests.traces.events(order_id) is None:
            return order_id, False  # asked for before the last restart
        submitted = OrderSubmitted(
            **root_envelope(order_id, self._requests.now_us()),
            order_id=order_id,
            venue=venue,
            account=wish.account,
            instrument=wish.instrument,
            side=wish.side,
            order_type=wish.order_type,
            time_in_force=wish.time_in_force,
            quantity_e8=parse_e8(wish.quantity),
            limit_price_e8=None if wish.limit_price is None else parse_e8(wish.limit_price),
            stop_price_e8=None if wish.stop_price is None else parse_e8(wish.stop_price),
            post_only=wish.post_only,
            reduce_only=wish.reduce_only,
        )
        return order_id, self._requests.send(submitted)

    def cancel(self, order_id: EventId) -> OrderCancelRequested:
        """Return the wish that an order be cancelled; it stands on the log.

        Raises:
            ProblemError: the order is unknown or over.
        """
        order, venue = self._live(order_id)
        request = OrderCancelRequested(
            **root_envelope(self._requests.name(None), self._requests.now_us()),
            order_id=order_id,
            venue=venue,
            account=order.account,
            instrument=order.instrument,
        )
        self._requests.send(request)
        return request

    def replace(self, order_id: EventId, wish: ReplaceWish) -> OrderReplaceRequested:
        """Return the wish that an order get other terms; it stands on the log.

        Raises:
            ProblemError: the order is unknown or over, or has no such price.
        """
        order, venue = self._live(order_id)
        for name, found, now in (
            ("limit_price", wish.limit_price, order.limit_price_e8),
            ("stop_price", wish.stop_price, order.stop_price_e8),
        ):
            if (found is None) != (now is None):
                needed = "is needed" if found is None else "is not allowed"
                raise ProblemError(
                    422, "refused-values", f"{name} {needed} for a {order.order_type} order"
                )
        request = OrderReplaceRequested(
            **root_envelope(self._requests.name(None), self._requests.now_us()),
            order_id=order_id,
            venue=venue,
            account=order.account,
            instrument=order.instrument,
            quantity_e8=parse_e8(wish.quantity),
            limit_price_e8=0 if wish.limit_price is None else parse_e8(wish.limit_price),
            stop_price_e8=None if wish.stop_price is None else parse_e8(wish.stop_price),
        )
        self._requests.send(request)
        return request

    def find(self, order_id: EventId) -> View:
        """Return an order.

        Raises:
            ProblemError: it is unknown here.
        """
        with self._window.looking() as machine:
            found = views.order(machine.state, order_id)
        if found is not None:
            return found
        for event in self._requests.traces.events(order_id) or ():
            if isinstance(event, OrderSubmitted) and event.order_id == order_id:
                return event
        raise ProblemError(404, "unknown-order", f"order {order_id.hex()} is unknown here")

    def _live(self, order_id: EventId) -> tuple[views.OrderView | OrderSubmitted, str]:
        found = self.find(order_id)
        if isinstance(found, views.RefusedOrderView):
            raise _over(order_id, "REJECTED")
        if isinstance(found, views.OrderView) and found.status in OVER:
            raise _over(order_id, found.status)
        with self._window.looking() as machine:
            return found, machine.name


def _over(order_id: EventId, status: str) -> ProblemError:
    return ProblemError(409, "order-over", f"order {order_id.hex()} is {status}")
