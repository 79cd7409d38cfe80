"""The planned executions against a matcher so simple that it is right by looking at it."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.words import EventId
from ecosystem.exchange.book import Book, Resting
from ecosystem.exchange.matching import limit_key, plan

Trade = tuple[int, int, int, int]
"""Resting order, -1 for the house; incoming order; price; quantity."""


class Wish(NamedTuple):
    """An order, or a cancel of the order `cancels` places back."""

    buys: bool
    price_e8: int | None
    quantity_e8: int
    account: str
    cancels: int


WISHES = st.lists(
    st.builds(
        Wish,
        buys=st.booleans(),
        price_e8=st.one_of(*[st.integers(100, 106)] * 5, st.none()),
        quantity_e8=st.integers(1, 30),
        account=st.sampled_from(["a", "b", "c"]),
        cancels=st.one_of(*[st.just(0)] * 4, st.integers(1, 6)),
    ),
    max_size=60,
)
HOUSE = st.lists(st.tuples(st.integers(99, 107), st.integers(1, 20)), max_size=5)


class NaiveMatcher:
    """All orders in one list; the best one is searched anew for each execution."""

    def __init__(self) -> None:
        self.resting: list[list[int | str | bool]] = []

    def submit(self, number: int, wish: Wish, house: list[tuple[int, int]]) -> list[Trade]:
        trades: list[Trade] = []
        left = wish.quantity_e8
        quotes = [list(quote) for quote in house]
        while left:
            # Oldest first at the best price; the house comes after all of them.
            candidates = [
                (int(order[2]), at, order)
                for at, order in enumerate(self.resting)
                if order[1] != wish.buys
            ]
            candidates += [
                (price, len(self.resting) + at, ["house", not wish.buys, price, quantity, -1])
                for at, (price, quantity) in enumerate(quotes)
                if quantity
            ]
            candidates.sort(key=lambda one: (one[0] if wish.buys else -one[0], one[1]))
            if not candidates:
                break
            price, at, best = candidates[0]
            beyond = wish.price_e8 is not None and (
                price > wish.price_e8 if wish.buys else price < wish.price_e8
            )
            if beyond or best[0] == wish.account:
                left = 0 if not beyond else left
                break
            quantity = min(left, int(best[3]))
            trades.append((int(best[4]), number, price, quantity))
            left -= quantity
            if best[4] == -1:
                quotes[at - len(self.resting)][1] -= quantity
            else:
                best[3] = int(best[3]) - quantity
                if not best[3]:
                    self.resting.remove(best)
        if left and wish.price_e8 is not None:
            self.resting.append([wish.account, wish.buys, wish.price_e8, left, number])
        return trades

    def cancel(self, number: int) -> None:
        self.resting = [order for order in self.resting if order[4] != number]


class PlannedBook:
    """A book that is matched by plans, as the venue does it."""

    def __init__(self) -> None:
        self.book: Book[Resting] = Book()
        self.live: dict[int, Resting] = {}

    def submit(self, number: int, wish: Wish, house: list[tuple[int, int]]) -> list[Trade]:
        opposite = self.book.asks if wish.buys else self.book.bids
        worst = limit_key(opposite, wish.price_e8)
        found = plan(opposite, worst, wish.quantity_e8, wish.account, house)
        trades: list[Trade] = []
        for resting, price, quantity in found.executions:
            at = -1
            if resting is not None:
                at = int.from_bytes(resting.order_id, "big")
                resting.remaining_e8 -= quantity
                if not resting.remaining_e8:
                    self.cancel(at)
            trades.append((at, number, price, quantity))
        if found.remaining_e8 and wish.price_e8 is not None and not found.meets_itself:
            order = new_order(number, wish)
            order.remaining_e8 = found.remaining_e8
            self.live[number] = order
            self.book.place(order)
        return trades

    def cancel(self, number: int) -> None:
        order = self.live.pop(number, None)
        if order is not None:
            order.leave()


def new_order(number: int, wish: Wish) -> Resting:
    """Return a limit order named by its number."""
    order_id = EventId(number.to_bytes(16, "big"))
    return Resting(order_id, wish.account, wish.buys, wish.price_e8, wish.quantity_e8)


@settings(max_examples=300, deadline=None)
@given(wishes=WISHES, house=HOUSE)
def test_plans_agree_with_a_naive_matcher(wishes: list[Wish], house: list[tuple[int, int]]) -> None:
    naive, planned = NaiveMatcher(), PlannedBook()
    for number, wish in enumerate(wishes):
        if wish.cancels:
            naive.cancel(number - wish.cancels)
            planned.cancel(number - wish.cancels)
            continue
        # A book and a house that are not crossed offer each price from one side only.
        quotes = sorted(dict(house).items(), reverse=not wish.buys)
        assert planned.submit(number, wish, quotes) == naive.submit(number, wish, quotes)
        left = {order[4]: order[3] for order in naive.resting}
        assert {at: order.remaining_e8 for at, order in planned.live.items()} == left
    for side, buys in ((planned.book.bids, True), (planned.book.asks, False)):
        sign = -1 if buys else 1
        expected = sorted(
            (sign * int(order[2]), int(order[4])) for order in naive.resting if order[1] == buys
        )
        queue = [int.from_bytes(order.order_id, "big") for order in side]
        placed = [number for _, number in expected]
        assert queue == placed
        assert len(side.keys) - 1 == len(side.queues) == len({price for price, _ in expected})
        assert side.keys[1:] == sorted(side.queues)


def test_planning_changes_nothing() -> None:
    planned = PlannedBook()
    planned.submit(1, Wish(False, 101, 5, "a", 0), [])
    found = plan(planned.book.asks, limit_key(planned.book.asks, 101), 3, "b", [(101, 9)])
    assert found.executions == [(planned.live[1], 101, 3)]
    assert planned.live[1].remaining_e8 == 5


def test_the_house_stands_behind_the_accounts_at_equal_price() -> None:
    planned = PlannedBook()
    planned.submit(1, Wish(False, 101, 5, "a", 0), [])
    trades = planned.submit(2, Wish(True, 102, 9, "b", 0), [(100, 1), (101, 2), (102, 4)])
    assert trades == [(-1, 2, 100, 1), (1, 2, 101, 5), (-1, 2, 101, 2), (-1, 2, 102, 1)]


def test_reduce_only_orders_together_take_no_more_than_their_account_can_reduce() -> None:
    book: Book[Resting] = Book()
    orders = [
        Resting(EventId(bytes(15) + bytes((number,))), account, False, price, 4, reduce_only)
        for number, (account, price, reduce_only) in enumerate(
            [("a", 100, True), ("a", 101, False), ("a", 102, True), ("b", 102, True)]
        )
    ]
    for order in orders:
        book.place(order)
    reducible = {"a": 9, "b": 0}
    found = plan(book.asks, limit_key(book.asks, 102), 20, "c", reducible_e8=reducible.__getitem__)
    taken = [(order, quantity) for order, _, quantity in found.executions]
    assert taken == [(orders[0], 4), (orders[1], 4), (orders[2], 1)]
    assert found.remaining_e8 == 11
