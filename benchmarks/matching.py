"""Matching: orders per second of the core and of the whole exchange, beside a bare book.

The bare book is what one would write in an hour: a dict of deques by price and the best price
found by looking at all of them, no plan, no checks, no house. All take the same orders in the same
run, a thin book of a few dozen orders where every second wish is a cancel and two fifths of the
orders cross; they must execute the same quantity.
`python -m benchmarks.matching` prints the figures.
"""

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from time import perf_counter
from typing import Final, NamedTuple

from benchmarks.row import Row
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderCancelRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange.book import Book, Resting
from ecosystem.exchange.machine import Exchange
from ecosystem.exchange.matching import plan
from ecosystem.firm import VENUE
from ecosystem.units import E8
from ecosystem.venues import VENUES

ORDERS: Final = 60_000
REPEATS: Final = 5
_TICK_E8: Final = 1_000_000
_LIFE: Final = 61
_VENUE: Final = "exchange-okx"
STARTS_AT_US: Final = 1_767_571_200_000_000


class Wish(NamedTuple):
    """An order, or the cancel of order `cancels` when that is not -1."""

    order_id: EventId
    account: str
    buys: bool
    price_e8: int
    quantity_e8: int
    cancels: int


def thin_book_mix(count: int, seed: int = 1) -> list[Wish]:
    """Return orders of which most rest near the middle and are soon taken or cancelled."""
    chance = Random(seed)
    wishes: list[Wish] = []
    for number in range(count):
        buys = chance.random() < 0.5
        takes = chance.random() < 0.4
        away = -chance.randint(1, 9) if takes else chance.randint(1, 9)
        # Every second wish cancels the order of a while ago, if it is still there.
        cancels = number - _LIFE if number % 2 and number > _LIFE else -1
        wishes.append(
            Wish(
                EventId(number.to_bytes(16, "big")),
                # Who buys never sells, so no order meets one of its own account.
                f"{'buyer' if buys else 'seller'}-{chance.randint(1, 8)}",
                buys,
                60_000 * E8 + (-away if buys else away) * _TICK_E8,
                chance.randint(1, 60 if takes else 40) * 10_000,
                cancels,
            )
        )
    return wishes


class _BareOrder:
    __slots__ = ("order_id", "price_e8", "quantity_e8")

    def __init__(self, order_id: EventId, price_e8: int, quantity_e8: int) -> None:
        self.order_id = order_id
        self.price_e8 = price_e8
        self.quantity_e8 = quantity_e8


def bare_book(wishes: Sequence[Wish]) -> int:
    """Match with dicts of deques; returns the executed quantity."""
    bids: dict[int, deque[_BareOrder]] = {}
    asks: dict[int, deque[_BareOrder]] = {}
    live: dict[EventId, tuple[dict[int, deque[_BareOrder]], _BareOrder]] = {}
    executed_e8 = 0
    ids = []
    for order_id, _, buys, price_e8, quantity_e8, cancels in wishes:
        ids.append(order_id)
        if cancels >= 0:
            found = live.pop(ids[cancels], None)
            if found is not None:
                queues, order = found
                queue = queues[order.price_e8]
                queue.remove(order)
                if not queue:
                    del queues[order.price_e8]
            continue
        opposite = asks if buys else bids
        while quantity_e8 and opposite:
            best_e8 = min(opposite) if buys else max(opposite)
            if best_e8 > price_e8 if buys else best_e8 < price_e8:
                break
            queue = opposite[best_e8]
            while queue and quantity_e8:
                resting = queue[0]
                taken_e8 = min(resting.quantity_e8, quantity_e8)
                resting.quantity_e8 -= taken_e8
                quantity_e8 -= taken_e8
                executed_e8 += taken_e8
                if not resting.quantity_e8:
                    queue.popleft()
                    del live[resting.order_id]
            if not queue:
                del opposite[best_e8]
        if quantity_e8:
            own = bids if buys else asks
            order = _BareOrder(order_id, price_e8, quantity_e8)
            own.setdefault(price_e8, deque()).append(order)
            live[order_id] = (own, order)
    return executed_e8


def core(wishes: Sequence[Wish]) -> int:
    """Match with the venue's book by plans; returns the executed quantity."""
    book: Book[Resting] = Book()
    bids, asks = book.bids, book.asks
    live: dict[EventId, Resting] = {}
    executed_e8 = 0
    ids = []
    for order_id, account, buys, price_e8, quantity_e8, cancels in wishes:
        ids.append(order_id)
        if cancels >= 0:
            cancelled = live.pop(ids[cancels], None)
            if cancelled is not None:
                cancelled.leave()
            continue
        own, opposite = (bids, asks) if buys else (asks, bids)
        if opposite.reaches(price_e8):
            found = plan(opposite, price_e8 * opposite.sign, quantity_e8, account)
            for resting, _, taken_e8 in found.executions:
                executed_e8 += taken_e8
                assert resting is not None, "there is no house here"
                resting.remaining_e8 -= taken_e8
                if not resting.remaining_e8:
                    resting.leave()
                    del live[resting.order_id]
            quantity_e8 = found.remaining_e8
        if quantity_e8:
            live[order_id] = order = Resting(order_id, account, buys, price_e8, quantity_e8)
            own.add(order, price_e8)
    return executed_e8


def events(wishes: Sequence[Wish]) -> list[Event]:
    """Return the same orders as events for the machine."""
    return [
        OrderSubmitted(
            event_id=wish.order_id,
            correlation_id=wish.order_id,
            causation_id=wish.order_id,
            event_time_us=STARTS_AT_US + number * 100,
            order_id=wish.order_id,
            venue=_VENUE,
            account=wish.account,
            instrument="BTC-USD",
            side="BUY" if wish.buys else "SELL",
            order_type="LIMIT",
            time_in_force="GTC",
            quantity_e8=wish.quantity_e8,
            limit_price_e8=wish.price_e8,
            stop_price_e8=None,
            post_only=False,
            reduce_only=False,
        )
        if wish.cancels < 0
        else OrderCancelRequested(
            event_id=wish.order_id,
            correlation_id=wish.order_id,
            causation_id=wish.order_id,
            event_time_us=STARTS_AT_US + number * 100,
            order_id=wishes[wish.cancels].order_id,
            venue=_VENUE,
            account=wishes[wish.cancels].account,
            instrument="BTC-USD",
        )
        for number, wish in enumerate(wishes)
    ]


def rich_balances_e8() -> dict[str, dict[str, int]]:
    """Return balances of all accounts of the mix that never run out."""
    names = [f"{side}-{number}" for side in ("buyer", "seller") for number in range(1, 9)]
    return {name: {"BTC": 10**17, "USD": 10**18} for name in names}


def machine(requests: Sequence[Event]) -> int:
    """Match with the whole exchange, every answer and balance written; returns the quantity."""
    exchange = Exchange(
        terms=VENUES[VENUE],
        run_key=bytes(32),
        seed=1,
        starts_at_us=STARTS_AT_US,
        opening_balances_e8=rich_balances_e8(),
    )
    exchange.wake(STARTS_AT_US)
    executed_e8 = 0
    for request in requests:
        for fact in exchange.handle(request, request.event_time_us):
            if type(fact) is OrderFilled and fact.liquidity == "TAKER":
                executed_e8 += fact.quantity_e8
    return executed_e8


def run() -> list[Row]:
    """Measure and return the rows; each rate is the best of its repeats, taken in turns."""
    wishes = thin_book_mix(ORDERS)
    requests = events(wishes)
    ways: dict[str, Callable[[], int]] = {
        "bare": lambda: bare_book(wishes),
        "core": lambda: core(wishes),
        "machine": lambda: machine(requests),
    }
    seconds = dict.fromkeys(ways, float("inf"))
    executed: set[int] = set()
    for _ in range(REPEATS):
        for name, way in ways.items():
            started_s = perf_counter()
            executed.add(way())
            seconds[name] = min(seconds[name], perf_counter() - started_s)
    if len(executed) != 1:
        raise AssertionError(f"the books executed {sorted(executed)}; allowed: one quantity")
    bare = ORDERS / seconds["bare"]
    whats = {
        "core": ("matching, core", "1,000,000 orders/s, 0.7 of a bare book"),
        "machine": ("matching, whole exchange with its facts", "10,000 orders/s"),
    }
    return [
        Row(
            what=what,
            ours=ORDERS / seconds[name],
            raw=bare,
            unit="orders/s",
            raw_what="dict of deques",
            aim=aim,
        )
        for name, (what, aim) in whats.items()
    ]


def main() -> None:
    """Print the rates."""
    for row in run():
        print(
            f"{row.what}: {row.ours:,.0f} {row.unit}; {row.raw_what} {row.raw or 0:,.0f}; "
            f"ratio {row.ratio or 0:.2f}, aim {row.aim}"
        )


if __name__ == "__main__":
    main()
