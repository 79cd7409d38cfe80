"""The mark price of a perpetual, and the premium its funding is paid for; both from ticks alone.

The mark is the index plus a moving average of the basis (middle of the perpetual's quote minus
index), bounded around the index: one large order moves the book for a moment and the mark hardly,
so nobody is liquidated by it. Source: Deribit, mark price (index plus a 30 s moving average of the
fair price minus the index, bounded around the index); OKX's is of the same kind.
"""

from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.margin.terms import PerpetualTerms
from ecosystem.units import E8

_PERIODS_KEPT = 4
_UNSEEN_MAX = 100


class Marks:
    """Index, mark price and premium of one perpetual."""

    __slots__ = (
        "_basis_e8",
        "_basis_us",
        "_cap_e8",
        "_index_e8",
        "_index_us",
        "_mark_e8",
        "_premiums",
        "_sampled",
        "_terms",
        "_unseen",
    )

    def __init__(self, terms: PerpetualTerms) -> None:
        self._terms = terms
        self._unseen: list[PriceTicked] = []
        self._index_e8 = 0
        self._mark_e8 = 0
        self._basis_e8 = 0
        self._basis_us = 0
        self._index_us = 0
        self._sampled = -1
        self._premiums: dict[int, tuple[int, int]] = {}
        """Sum and count of the samples, by funding interval since 1970."""

    @property
    def index_price_e8(self) -> int:
        """Middle of the index' last quote; 0 before the first."""
        self._look()
        return self._index_e8

    @property
    def mark_price_e8(self) -> int:
        """0 before the index has its first quote."""
        self._look()
        return self._mark_e8

    def follow(self, tick: PriceTicked) -> None:
        """Take in a tick of the index or of the perpetual.

        A tick older than the last of its instrument and one without a middle (crossed, or without
        a price) say nothing.
        """
        self._unseen.append(tick)
        if len(self._unseen) >= _UNSEEN_MAX:
            self._look()

    def premium_e8(self, interval_number: int) -> int:
        """Return the average premium of a funding interval as a fraction of the index.

        Args:
            interval_number: the interval's start divided by its length.
        """
        self._look()
        total_e8, count = self._premiums.get(interval_number, (0, 0))
        return total_e8 // count if count else 0

    def _look(self) -> None:
        """Look at the ticks since somebody last asked; with most of them nobody does."""
        if not self._unseen:
            return
        unseen, self._unseen = self._unseen, []
        for tick in unseen:
            self._moved(tick)
        cap_e8 = self._index_e8 * self._terms.basis_cap_e8 // E8
        self._mark_e8 = self._index_e8 + max(-cap_e8, min(cap_e8, self._basis_e8))

    def _moved(self, tick: PriceTicked) -> None:
        bid_e8, ask_e8 = tick.bid_price_e8, tick.ask_price_e8
        if not 0 < bid_e8 < ask_e8:
            return
        middle_e8, time_us = (bid_e8 + ask_e8) // 2, tick.event_time_us
        if tick.instrument == self._terms.index:
            if time_us >= self._index_us:
                self._index_us = time_us
                self._index_e8 = middle_e8
        elif self._index_e8 and time_us >= self._basis_us:
            self._sample(middle_e8 - self._index_e8, time_us)

    def _sample(self, basis_e8: int, time_us: int) -> None:
        if not self._basis_us:
            self._basis_e8 = basis_e8
        else:
            passed_us = time_us - self._basis_us
            weight_us = passed_us + self._terms.basis_time_us
            self._basis_e8 += (basis_e8 - self._basis_e8) * passed_us // weight_us
        self._basis_us = time_us
        sampled = time_us // self._terms.sample_us
        if sampled == self._sampled:
            return
        self._sampled = sampled
        number = time_us // self._terms.funding_interval_us
        total_e8, count = self._premiums.get(number, (0, 0))
        premium_e8 = basis_e8 * E8 // self._index_e8
        self._premiums[number] = (total_e8 + premium_e8, count + 1)
        if len(self._premiums) > _PERIODS_KEPT:
            del self._premiums[min(self._premiums)]
