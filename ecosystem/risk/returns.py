"""Returns of all marks, sampled on a grid of event time: one a minute, for a day.

A sample is taken when event time passes a full minute, of the marks as they stood then. Where a
minute has none (event time jumped further) the next return would span more than a minute, and is
left out. A price that was not told for a while has returns of zero, and one of all at once.
"""

from collections import deque
from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.units import E8, MINUTE_US

INTERVAL_US: Final = MINUTE_US
WINDOW: Final = 1_440
"""Returns that are kept, the latest: a day of minutes."""
FACTORS: Final = (*MARKED_BY.values(), *UNDERLYINGS)
"""What has returns: assets, then derivatives by their own marks."""
PAIRS: Final = tuple(combinations_with_replacement(range(len(FACTORS)), 2))


class Sample(msgspec.Struct, frozen=True, gc=False):
    """The returns of one minute, by factor, and the ticks they were measured from."""

    ended_us: int
    returns_e8: tuple[int, ...]
    """Simple returns, as fractions; 0 where a mark was missing."""
    tick_ids: tuple[EventId | None, ...]
    """The ticks behind the marks at its end."""
    tick_ids_before: tuple[EventId | None, ...]


class Returns:
    """Keeps the window, and the sums that covariances are made of."""

    __slots__ = (
        "_last",
        "_last_us",
        "_portfolio",
        "count_total",
        "due_us",
        "products_e16",
        "samples",
    )

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._last: tuple[tuple[int, ...], tuple[EventId | None, ...]] = ((), ())
        self._last_us = 0
        self.due_us = 0
        """Event time from which `sample` has something to do."""
        self.samples: deque[Sample] = deque()
        self.products_e16 = [0] * len(PAIRS)
        """The sum over the window of the products of two factors' returns, by pair."""
        self.count_total = 0
        """Returns since the start, those that have left the window among them."""

    def sample(self, now_us: int) -> None:
        """Take the returns of the minute that ended, before what happened at `now_us`."""
        ended_us = now_us // INTERVAL_US * INTERVAL_US
        portfolio, derivatives = self._portfolio, self._portfolio.derivatives
        marks_e8: Mapping[str, int] = portfolio.marks_e8 | derivatives.marks_e8
        marks = tuple(marks_e8.get(factor, 0) for factor in FACTORS)
        tick_ids = tuple(map(portfolio.tick_id, FACTORS))
        before, before_ids = self._last
        if self._last_us == ended_us - INTERVAL_US and any(before):
            returns_e8 = tuple(
                (mark - was) * E8 // was if was and mark else 0
                for was, mark in zip(before, marks, strict=True)
            )
            self._add(Sample(ended_us, returns_e8, tick_ids, before_ids))
        self._last, self._last_us = (marks, tick_ids), ended_us
        self.due_us = ended_us + INTERVAL_US

    def _add(self, sample: Sample) -> None:
        gone = self.samples.popleft().returns_e8 if len(self.samples) == WINDOW else None
        self.samples.append(sample)
        self.count_total += 1
        come, products = sample.returns_e8, self.products_e16
        for number, (left, right) in enumerate(PAIRS):
            products[number] += come[left] * come[right]
            if gone is not None:
                products[number] -= gone[left] * gone[right]
