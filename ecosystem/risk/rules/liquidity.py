"""Liquidity: a venue's book is thinner, or its spread wider, than it usually is.

Depth and spread of single books are noise, so averages are compared, each decaying
exponentially in event time: one of the last while and one of long before.

Source: J.P. Morgan/Reuters, RiskMetrics Technical Document (1996), chapter 5, for the averages.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

TIMES_E8_MAX: Final = 1_000 * E8
"""What is further from usual than this is told as this."""
NAMED_MAX: Final = 24


class LiquidityLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as thin or as wide as usual a book may be."""

    times_e8: int
    every_us: int
    now_us: int
    usual_us: int
    warm_us: int
    """How much of the usual there must be before anything is judged."""


class Averages:
    """Two means that forget, of a short and of a long memory.

    Each value counts as long as it held, and less the older it is; a young mean is a plain one.
    """

    __slots__ = ("age_us", "now_e8", "usual_e8")

    def __init__(self) -> None:
        self.age_us = 0
        """Time of all values so far."""
        self.now_e8 = self.usual_e8 = 0

    def take(self, value_e8: int, held_us: int, now_us: int, usual_us: int) -> None:
        """Take in a value that held for `held_us`, by memories of two lengths."""
        self.age_us = age_us = self.age_us + held_us
        if held_us >= now_us or held_us >= usual_us:
            now_us, usual_us = max(now_us, held_us), max(usual_us, held_us)
        self.now_e8 += (value_e8 - self.now_e8) * held_us // (now_us if now_us < age_us else age_us)
        self.usual_e8 += (
            (value_e8 - self.usual_e8) * held_us // (usual_us if usual_us < age_us else age_us)
        )


class _Place:
    __slots__ = (
        "books",
        "books_count",
        "depth",
        "depths_e8",
        "due_us",
        "folded_us",
        "spread",
        "spreads_count",
        "spreads_e8",
        "watch",
    )

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self.due_us = 0
        self.folded_us = 0
        self.depth, self.spread = Averages(), Averages()
        self.books: deque[EventId] = deque(maxlen=NAMED_MAX)
        self._begin()

    def _begin(self) -> None:
        self.books_count = self.spreads_count = 0
        self.depths_e8 = self.spreads_e8 = 0

    def count(self, book: BookQuoted) -> None:
        bids_e8, asks_e8 = sum(book.bid_quantities_e8), sum(book.ask_quantities_e8)
        self.depths_e8 += bids_e8 if bids_e8 < asks_e8 else asks_e8
        if bids_e8 and asks_e8:
            bid_e8 = book.bid_prices_e8[0]
            self.spreads_count += 1
            self.spreads_e8 += (book.ask_prices_e8[0] - bid_e8) * E8 // bid_e8
        self.books_count += 1
        self.books.append(book.event_id)

    def start(self, now_us: int, limit: LiquidityLimit) -> None:
        self.folded_us, self.due_us = now_us, now_us + limit.every_us

    def fold(self, now_us: int, limit: LiquidityLimit) -> None:
        # What was before a silence is not what held all through it.
        held_us = min(now_us - self.folded_us, 2 * limit.every_us)
        self.start(now_us, limit)
        depth_e8 = self.depths_e8 // self.books_count
        self.depth.take(depth_e8, held_us, limit.now_us, limit.usual_us)
        if self.spreads_count:
            spread_e8 = self.spreads_e8 // self.spreads_count
            self.spread.take(spread_e8, held_us, limit.now_us, limit.usual_us)
        self._begin()

    def thinner_e8(self) -> int:
        return min(self.depth.usual_e8 * E8 // max(self.depth.now_e8, 1), TIMES_E8_MAX)

    def wider_e8(self) -> int:
        usual_e8 = self.spread.usual_e8
        return min(self.spread.now_e8 * E8 // usual_e8, TIMES_E8_MAX) if usual_e8 else 0


class Liquidity(Rule[LiquidityLimit]):
    """Judged at the books of each venue, not more often than `every_us`; a feed is no venue.

    Depth is what the thinner side of the published levels holds; a side that is empty holds
    nothing, and has no spread.
    """

    name = "liquidity"

    def __init__(
        self, limit: LiquidityLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._ticks = state.market.ticks
        self._places: dict[tuple[str, str], _Place] = {}

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at books."""
        return {BookQuoted: self._judge}

    def _judge(self, book: BookQuoted, now_us: int) -> Sequence[Finding]:
        tick = self._ticks.get(book.instrument)
        if tick is not None and tick.feed == book.venue:
            return NOTHING
        place = self._places.get((book.venue, book.instrument))
        if place is None:
            place = self._places[book.venue, book.instrument] = _Place()
            place.start(now_us, self.limit)
        place.count(book)
        if now_us < place.due_us:
            return NOTHING
        limit = self.limit
        place.fold(now_us, limit)
        if place.depth.age_us < limit.warm_us:
            return NOTHING
        if place.watch is None:
            place.watch = self.watch(f"{book.venue}/{book.instrument}")
        return self._compare(place, place.watch, book, tick)

    def _compare(
        self, place: _Place, watch: Watch, book: BookQuoted, tick: PriceTicked | None
    ) -> Sequence[Finding]:
        thinner_e8, wider_e8, limit_e8 = place.thinner_e8(), place.wider_e8(), self.limit.times_e8
        times_e8 = thinner_e8 if thinner_e8 > wider_e8 else wider_e8
        if watch.holds(times_e8, limit_e8):
            return NOTHING
        # The feed's quote tells whether the venue is alone with its thin book.
        fed = () if tick is None else (tick.event_id,)
        return self.found(
            watch,
            times_e8,
            limit_e8,
            KIND.unit,
            lambda: (book.event_id, *fed, *reversed(place.books)),
            lambda: (
                f"the book of {watch.subject} is {format_e8(thinner_e8, 1)} times as thin and"
                f" its spread {format_e8(wider_e8, 1)} times as wide as usual;"
                f" the limit is {format_e8(limit_e8, 1)} times"
            ),
        )


def _read(table: Table) -> LiquidityLimit:
    every_us, now_us, usual_us, warm_us = (
        table.whole(key) * SECOND_US for key in ("every_s", "now_s", "usual_s", "warm_s")
    )
    return LiquidityLimit(
        times_e8=table.number("times"),
        every_us=every_us,
        now_us=now_us,
        usual_us=usual_us,
        warm_us=warm_us,
    )


KIND: Final = RuleKind(
    rule=Liquidity,
    title="A venue's book is thinner, or its spread wider, than it usually is",
    watches=(
        "the quantity on the thinner side of each venue's book, and its spread, averaged over"
        " about `now_s`, against their averages over about `usual_s`; looked at every `every_s`"
    ),
    limit="`times` as thin or as wide as usual, once there are `warm_s` of the usual",
    clears="below the `clear` share: as the book fills again, or is usually no fuller",
    inputs="the latest books, and the feed's last tick of the instrument",
    unit="times",
    keys=("times", "every_s", "now_s", "usual_s", "warm_s"),
    subjects=(),
    read=_read,
)
