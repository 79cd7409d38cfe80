"""The price level of each instrument: a tick far away from it is believed only when confirmed.

A market that falls by a third within one tick is rare, a feed that says so for one tick is not. So
such a tick waits, and nothing is marked by it, until `CONFIRMED_BY` ticks in a row agree on the
new level, or a second feed does. A level several times the old one, or a fraction of it, is how
wrong decimals look, and no market: it takes `ABSURD_CONFIRMED_BY`, while the alerts about the data
and the silence of the instrument stand in front of a person.
"""

from typing import Final

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import SPREAD_FACTOR_MAX

NEAR: Final = 5
"""A tick is near a level when it is off by at most the level divided by this: 20 %."""
CONFIRMED_BY: Final = 3
"""Ticks in a row that agree: two seconds of a feed with a tick a second."""
ABSURD: Final = 5
"""A level above this many times the last good one, or below that fraction of it."""
ABSURD_CONFIRMED_BY: Final = 300


class PriceLevel:
    """The last good level of one instrument, and the one that waits to be confirmed."""

    __slots__ = ("agreed", "count", "feed", "good_count", "suspect", "twice_e8")

    def __init__(self, twice_e8: int) -> None:
        self.twice_e8 = twice_e8
        self.good_count = 1
        self.suspect = 0
        self.count = 0
        self.feed = ""
        self.agreed = False

    def is_calm(self) -> bool:
        """Return whether it has stood for so long that one more good tick adds nothing."""
        return self.good_count >= CONFIRMED_BY and not self.count


class PriceLevels:
    """The level of each instrument."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: dict[str, PriceLevel] = {}

    def level(self, symbol: str) -> PriceLevel:
        """Return the level of an instrument of which a tick was taken in."""
        return self._levels[symbol]

    def near(self, tick: PriceTicked) -> bool:
        """Take in a tick if it is a quote near its level; return whether it is.

        Most are. Any other has to be looked at, and is for `believes` to take in.
        """
        level = self._levels.get(tick.instrument)
        if level is None or tick.last_price_e8 <= 0:
            return False
        bid_e8, ask_e8 = tick.bid_price_e8, tick.ask_price_e8
        if not 0 < bid_e8 <= ask_e8 <= bid_e8 * SPREAD_FACTOR_MAX:
            return False
        twice_e8 = bid_e8 + ask_e8
        if abs(twice_e8 - level.twice_e8) * NEAR > level.twice_e8:
            return False
        level.twice_e8 = twice_e8
        level.good_count += 1
        level.count = 0
        return True

    def believes(self, tick: PriceTicked) -> bool:
        """Take in a tick that is a quote; return whether its level can be believed.

        The first of an instrument has nothing to be measured by. Until a level has stood for
        `CONFIRMED_BY` ticks, as many are enough for any other.
        """
        twice_e8 = tick.bid_price_e8 + tick.ask_price_e8
        level = self._levels.get(tick.instrument)
        if level is None:
            self._levels[tick.instrument] = PriceLevel(twice_e8)
            return True
        return self.near(tick) or self._confirmed(level, tick.feed, twice_e8)

    def _confirmed(self, level: PriceLevel, feed: str, twice_e8: int) -> bool:
        if level.count and abs(twice_e8 - level.suspect) * NEAR <= level.suspect:
            level.count += 1
            level.agreed = level.agreed or feed != level.feed
        else:
            level.count, level.feed, level.agreed = 1, feed, False
        level.suspect = twice_e8
        absurd = twice_e8 > ABSURD * level.twice_e8 or twice_e8 * ABSURD < level.twice_e8
        stood = level.good_count >= CONFIRMED_BY
        needed = ABSURD_CONFIRMED_BY if absurd and stood else CONFIRMED_BY
        if not level.agreed and level.count < needed:
            return False
        level.twice_e8, level.good_count, level.count = twice_e8, 1, 0
        return True
