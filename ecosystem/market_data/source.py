"""Where prices come from: a model, a recording, a live feed; the machine publishes what it gets.

A source knows nothing of events, spreads it was not given, or injections. It answers for a step of
the feed's grid, and the answer depends on the step alone, so a restarted feed asks again and goes
on as if it had never stopped. Injections transform the answers; whoever gives them need not care.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ecosystem.events.words import VenueState


class SourcePrice(msgspec.Struct, frozen=True, gc=False):
    """What a source knows of one instrument at one step; what it does not know is drawn."""

    mid_price_e8: int
    spread_e8: int | None = None
    """Distance from bid to ask, in quote units."""
    volume_e8: int | None = None
    """Traded since the step before, in base units."""
    last_price_e8: int | None = None
    """Of the last trade, which need not lie between bid and ask."""
    bid_quantity_e8: int | None = None
    ask_quantity_e8: int | None = None
    """At the best prices, in base units."""

    @property
    def is_bare(self) -> bool:
        """Whether a price is all that is known."""
        return (
            self.spread_e8 is None
            and self.volume_e8 is None
            and self.last_price_e8 is None
            and self.bid_quantity_e8 is None
            and self.ask_quantity_e8 is None
        )


class SourceState(msgspec.Struct, frozen=True, gc=False):
    """How a source stands, as its venue would say it."""

    state: VenueState
    reason: str


class PriceSource(Protocol):
    """The unaltered market, step by step."""

    def prices(self, step: int) -> Sequence[SourcePrice | None]:
        """Return the price of each instrument at `step`, in the order of `INSTRUMENTS`.

        None where there is none: the feed then publishes no tick of that instrument, and its
        sequence has a gap, as it would with a real source that fell silent. The answer is a pure
        function of the step. Steps asked for in rising order are cheap; an earlier one may cost
        as much as beginning anew.
        """
        ...
