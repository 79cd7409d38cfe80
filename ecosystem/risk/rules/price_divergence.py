"""Price divergence: prices that belong together have come apart, and stay so."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.lasting import LastingDeviation
from ecosystem.risk.rule import NOTHING, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.venue_books import mid_of_e8
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

FRESH_US: Final = 30 * SECOND_US
"""A price is not compared with an older one: a silent feed is for `feed_stale` to tell."""


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """Prices on the feed whose product should be that of another instrument."""

    factors: tuple[str, ...]
    product: str

    @property
    def subject(self) -> str:
        """What an alert on it is about."""
        return f"{'*'.join(self.factors)}/{self.product}"


RELATIONS: Final = (
    Relation(factors=("BTC-USD-PERP",), product="BTC-USD"),
    Relation(factors=("BTC-USDT", "USDT-USD"), product="BTC-USD"),
    Relation(factors=("ETH-USDT", "USDT-USD"), product="ETH-USD"),
    Relation(factors=("ETH-BTC", "BTC-USD"), product="ETH-USD"),
)
"""The basis of the perpetual, and the round trips through three instruments."""


class PriceDivergenceLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How far prices that belong together may be apart, as a fraction, and how often to look."""

    apart_e8: int
    lasts_us: int
    every_us: int


class PriceDivergence(Rule[PriceDivergenceLimit]):
    """Judged on a grid of event time: what lasts need not be measured at every tick.

    Each venue's books are held against the feed, so two venues against each other too.
    """

    name = "price_divergence"

    def __init__(
        self, limit: PriceDivergenceLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._ticks = state.market.ticks
        self._mids_e8 = state.market.mids_e8
        self._related = [
            (relation, book.watch(self.name, relation.subject, scale), LastingDeviation())
            for relation in RELATIONS
        ]
        self._placed: dict[tuple[str, str], tuple[Watch, LastingDeviation]] = {}
        self.due_us = 0

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of every relation and every book whose prices are fresh."""
        every_us = self.limit.every_us
        self.due_us = (now_us // every_us + 1) * every_us
        since_us = now_us - FRESH_US
        fresh = {
            symbol: tick for symbol, tick in self._ticks.items() if tick.event_time_us >= since_us
        }
        found: list[Finding] = []
        for relation, watch, lasting in self._related:
            found += self._judge_relation(relation, watch, lasting, fresh, now_us)
        for venue, books in self.state.books.books.items():
            for symbol, book in books.items():
                tick = fresh.get(symbol)
                if tick is not None and tick.feed != venue and book.event_time_us >= since_us:
                    found += self._judge_book(book, tick, now_us)
        return found

    def _judge_relation(
        self,
        relation: Relation,
        watch: Watch,
        lasting: LastingDeviation,
        fresh: Mapping[str, PriceTicked],
        now_us: int,
    ) -> Sequence[Finding]:
        price_e8 = E8
        for symbol in relation.factors:
            if symbol not in fresh:
                return NOTHING
            price_e8 = price_e8 * self._mids_e8[symbol] // E8
        if relation.product not in fresh:
            return NOTHING
        product_e8 = self._mids_e8[relation.product]
        apart_e8 = (price_e8 - product_e8) * E8 // product_e8
        limit, tick_id = self.limit, fresh[relation.factors[0]].event_id
        lasted_e8 = lasting.take(now_us, apart_e8, tick_id, limit.lasts_us)
        if watch.holds(abs(lasted_e8), limit.apart_e8):
            return NOTHING
        ids = [fresh[symbol].event_id for symbol in (*relation.factors, relation.product)]
        return self._told(watch, lasting, ids)

    def _judge_book(self, book: BookQuoted, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        if (mid_e8 := mid_of_e8(book)) is None:
            return NOTHING
        venue, symbol = book.venue, book.instrument
        placed = self._placed.get((venue, symbol))
        if placed is None:
            placed = self.watch(f"{venue}/{symbol}"), LastingDeviation()
            self._placed[venue, symbol] = placed
        watch, lasting = placed
        limit, feed_e8 = self.limit, self._mids_e8[symbol]
        apart_e8 = (mid_e8 - feed_e8) * E8 // feed_e8
        lasted_e8 = lasting.take(now_us, apart_e8, book.event_id, limit.lasts_us)
        if watch.holds(abs(lasted_e8), limit.apart_e8):
            return NOTHING
        return self._told(watch, lasting, (book.event_id, tick.event_id))

    def _told(
        self, watch: Watch, lasting: LastingDeviation, ids: Sequence[EventId]
    ) -> Sequence[Finding]:
        limit, lasted_e8 = self.limit, lasting.value_e8
        return self.found(
            watch,
            abs(lasted_e8),
            limit.apart_e8,
            KIND.unit,
            lambda: (*ids, lasting.event_id),
            lambda: (
                f"{watch.subject} has been {format_e8(abs(lasted_e8) * 100, 2)} %"
                f" {'above' if lasted_e8 > 0 else 'below'} one for"
                f" {limit.lasts_us // SECOND_US} s;"
                f" the limit is {format_e8(limit.apart_e8 * 100, 2)} %"
            ),
        )


def _read(table: Table) -> PriceDivergenceLimit:
    return PriceDivergenceLimit(
        apart_e8=table.number("apart"),
        lasts_us=table.whole("lasts_s") * SECOND_US,
        every_us=table.whole("every_s") * SECOND_US,
    )


KIND: Final = RuleKind(
    rule=PriceDivergence,
    title="Prices that belong together have come apart, and stay so",
    watches=(
        "the perpetual against spot, crosses against what they are made of, and each venue's mid"
        " against the feed's, every `every_s`"
    ),
    limit="`apart`, a fraction of the price, all through `lasts_s`",
    clears="below the `clear` share, when the way back has lasted as long",
    inputs="the last tick or book of each price compared, and the one that has lasted",
    unit="ratio",
    keys=("apart", "lasts_s", "every_s"),
    subjects=tuple(relation.subject for relation in RELATIONS),
    read=_read,
)
