"""Where a record is from, named so that somebody can act on it and names stay few.

A name in a defective record may be anything. It is used where sound records have made it known:
a feed's line that has a good tick, an account that has a balance, a venue that has either.
Whatever else goes under the name of its topic.
"""

from collections.abc import Mapping
from typing import Final

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.intake.intake import Intake
from ecosystem.risk.market import Market

TOPICS: Final[Mapping[type[Event], str]] = {
    PriceTicked: "prices",
    FeedHeartbeat: "prices",
    BookQuoted: "books",
    OrderSubmitted: "orders",
    OrderFilled: "fills",
    BalanceChanged: "balances",
    PositionChanged: "balances",
    ClockAdvanced: "clock",
    VenueStatusChanged: "venue-status",
}
"""What a record's topic is called; `settlements` where it is not listed."""
NAMES_MAX: Final = 512
OTHERS: Final = "others"


class Sources:
    """Names the sources of records."""

    __slots__ = ("_accounts", "_known", "_ticks", "_venues")

    def __init__(self, intake: Intake, market: Market) -> None:
        self._accounts = intake.statements.accounts
        self._venues = intake.statements.venues
        self._ticks = market.ticks
        self._known: dict[str, None] = {}

    def name(self, event: Event) -> str:
        """Return the source of a record, at most `NAMES_MAX` different ones in all."""
        found = self._name(event)
        if found not in self._known:
            if len(self._known) >= NAMES_MAX:
                return OTHERS
            self._known[found] = None
        return found

    def _name(self, event: Event) -> str:
        match event:
            case RecordDeadLettered():
                return event.origin_topic
            case PriceTicked():
                last = self._ticks.get(event.instrument)
                known = last is not None and last.feed == event.feed
                return f"{event.feed}/{event.instrument}" if known else "prices"
            case BookQuoted() if event.instrument in INSTRUMENTS and self._is_venue(event.venue):
                return f"{event.venue}/{event.instrument}"
            case OrderSubmitted() | OrderFilled() | BalanceChanged() | PositionChanged():
                if (event.venue, event.account) in self._accounts:
                    return f"{event.venue}/{event.account}"
            case _:
                venue = getattr(event, "venue", None)
                if isinstance(venue, str) and self._is_venue(venue):
                    return venue
        return TOPICS.get(type(event), "settlements")

    def _is_venue(self, name: str) -> bool:
        # There are no more ticks than the monitor knows instruments.
        return name in self._venues or any(tick.feed == name for tick in self._ticks.values())
