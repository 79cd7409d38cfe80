"""The quotes of a step: as the source's prices give them, and as faults of the market alter them.

Everything here is a function of the step and the injections. What was called off before its time
fades within ten minutes from where it stood, so that nothing leaps when somebody clears all.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from ecosystem.injections import Injection, Injections
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.market_data.arithmetic import exp_e12
from ecosystem.market_data.faults.contract import Grid
from ecosystem.market_data.faults.disruption import Disruption
from ecosystem.market_data.faults.kinds import FeedFault
from ecosystem.market_data.lines import Line
from ecosystem.market_data.quotes import FACTOR_UNIT, Quote
from ecosystem.market_data.source import PriceSource, SourcePrice
from ecosystem.units import E8, MINUTE_US

FADE_US: Final = 10 * MINUTE_US
"""Time in which what was called off fades."""

RECENT_STEPS: Final = 32
"""So many steps' prices are at hand; those made ahead of their time are among them."""

Prices = Sequence[SourcePrice | None]


class Draft(msgspec.Struct):
    """A tick on its way to be published: whose, of which step, and what was done to it."""

    at: int
    """The place of its instrument."""
    step: int
    unaltered: Quote
    quote: Quote
    moved_by: Sequence[Injection[FeedFault]] = ()
    """The faults of the market that had a part in its price."""


class Remembered:
    """A source whose answers for some steps are kept: those asked for last, and chosen ones."""

    def __init__(self, source: PriceSource) -> None:
        self._source = source
        self._kept: dict[int, Prices] = {}
        self._recent: dict[int, Prices] = {}

    def at(self, step: int) -> Prices:
        """Return the prices of a step, one way or the other."""
        found = self._recent.get(step)
        if found is None:
            found = self._kept.get(step)
        return self._source.prices(step) if found is None else found

    def keep(self, step: int) -> None:
        """Fetch the prices of a step, unless they are known."""
        if step not in self._kept:
            self._kept[step] = self.at(step)

    def prices(self, step: int) -> Prices:
        """Return the prices of a step that is asked for in its turn."""
        found = self._recent.get(step)
        if found is None:
            found = self._recent[step] = self._source.prices(step)
            if len(self._recent) > RECENT_STEPS:
                del self._recent[next(iter(self._recent))]
        return found


class Pricing:
    """Makes quotes of prices.

    Args:
        injections: those of the feed; others than faults of the market are passed over.
    """

    def __init__(
        self,
        source: PriceSource,
        lines: Sequence[Line],
        grid: Grid,
        injections: Injections[FeedFault],
    ) -> None:
        self._market = Remembered(source)
        self._lines = lines
        self._grid = grid
        self._injections = injections

    def quotes(self, first: int, end: int) -> list[list[Quote | None]]:
        """Return the quotes that nobody has touched, by line, of the steps from `first` on."""
        prices = [self._market.prices(step) for step in range(first, end)]
        return [
            line.model.quotes(column, line.draws.run(first, end))
            for line, column in zip(self._lines, zip(*prices, strict=True), strict=True)
        ]

    def faults(self, step: int) -> list[Injection[FeedFault]]:
        """Return the faults of the market that may alter something at a step."""
        return [one for one in self._injections if self._alters(one, step)]

    def remember(self, step: int) -> None:
        """Fetch what faults need of the past, in the order in which it is cheap."""
        needed: set[int] = set()
        for one in self._injections:
            if isinstance(one.fault, Disruption):
                continue
            needed.update(one.fault.anchors)
            if one.fault.anchors and self._called_off(one):
                needed.add(self._grid.first_from(one.ends_at_us))
        for anchor in sorted(needed):
            if 0 <= anchor <= step:
                self._market.keep(anchor)

    def drafts(self, step: int) -> list[Draft]:
        """Return the ticks of a step, with what faults of the market make of them."""
        injections = self.faults(step)
        if any(one.fault.anchors for one in injections if not isinstance(one.fault, Disruption)):
            self.remember(step)
        prices = self._market.prices(step)
        moves_e12, factors = self._effects(injections, step)
        return [
            self._draft(at, step, price, moves_e12, factors)
            for at, price in enumerate(prices)
            if price is not None
        ]

    def _draft(
        self,
        at: int,
        step: int,
        price: SourcePrice,
        moves_e12: dict[str, int],
        factors: Iterable[tuple[Injection[FeedFault], tuple[int, int]]],
    ) -> Draft:
        line = self._lines[at]
        bits = line.draws.bits(step)
        unaltered = line.model.quote(price, bits, FACTOR_UNIT, FACTOR_UNIT)
        hitting = [pair for pair in factors if line.symbol in pair[0].fault.altered]
        if not hitting:
            return Draft(at, step, unaltered, unaltered)
        log_e12 = moves_e12[line.base] - moves_e12[line.quote_asset] + moves_e12[line.symbol]
        moved = moved_price(price, log_e12)
        widening = max(pair[1][0] for pair in hitting)
        busyness = max(pair[1][1] for pair in hitting)
        quote = line.model.quote(moved, bits, widening, busyness)
        moved_by = [pair[0] for pair in hitting] if quote != unaltered else ()
        return Draft(at, step, unaltered, quote, moved_by)

    def _effects(
        self, injections: Iterable[Injection[FeedFault]], step: int
    ) -> tuple[dict[str, int], list[tuple[Injection[FeedFault], tuple[int, int]]]]:
        moves_e12 = dict.fromkeys((*ASSETS, *INSTRUMENTS), 0)
        factors = []
        for one in injections:
            fault = one.fault
            assert not isinstance(fault, Disruption), "these move no prices"
            stands, share_e8 = self._stands(one, step)
            for mover, log_e12 in fault.moves_e12(stands, self._market).items():
                moves_e12[mover] += log_e12 * share_e8 // E8
            widening, busyness = fault.factors(stands)
            factors.append((one, (_faded(widening, share_e8), _faded(busyness, share_e8))))
        return moves_e12, factors

    def _alters(self, injection: Injection[FeedFault], step: int) -> bool:
        fault = injection.fault
        if isinstance(fault, Disruption):
            return False
        stands, share_e8 = self._stands(injection, step)
        return share_e8 > 0 and fault.alters(stands)

    def _stands(self, injection: Injection[FeedFault], step: int) -> tuple[int, int]:
        """Return the step at which a fault stands, and how much of it is left."""
        if not self._called_off(injection):
            return step, E8
        until = self._grid.first_from(injection.ends_at_us)
        if until <= self._grid.first_from(injection.scheduled.starts_at_us):
            return step, 0
        if step <= until:
            return step, E8
        late_us = (step - until) * self._grid.interval_us
        return until, max(0, E8 - E8 * late_us // FADE_US)

    @staticmethod
    def _called_off(injection: Injection[FeedFault]) -> bool:
        return injection.ends_at_us < injection.scheduled.ends_at_us


def moved_price(price: SourcePrice, log_e12: int) -> SourcePrice:
    """Return a price moved by a log return, the last trade with it."""
    factor, last_e8 = exp_e12(log_e12), price.last_price_e8
    return SourcePrice(
        round(price.mid_price_e8 * factor),
        price.spread_e8,
        price.volume_e8,
        None if last_e8 is None else round(last_e8 * factor),
        price.bid_quantity_e8,
        price.ask_quantity_e8,
    )


def _faded(factor: int, share_e8: int) -> int:
    return FACTOR_UNIT + (factor - FACTOR_UNIT) * share_e8 // E8
