"""Input that cannot be true: why it is left out, and how often that happened."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS

Defect = Literal[
    "BALANCE_GAP",
    "BALANCE_INCONSISTENT",
    "BALANCE_STALE",
    "FILL_NOT_POSITIVE",
    "FILL_SIDE_UNKNOWN",
    "INSTRUMENT_UNKNOWN",
    "POSITION_GAP",
    "POSITION_INCONSISTENT",
    "POSITION_STALE",
    "PRICE_CROSSED",
    "PRICE_NOT_POSITIVE",
    "PRICE_OUT_OF_ORDER",
    "PRICE_SPREAD_ABSURD",
    "TIME_IMPLAUSIBLE",
]
"""A gap of balances or positions is not left out: each states its total, so the books heal."""

SPREAD_FACTOR_MAX = 2
"""An ask above this many times the bid is no quote."""


class DataQuality:
    """Counts the defects of the input."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[Defect] = Counter()

    def note(self, defect: Defect) -> None:
        """Count one `defect`."""
        self._counts[defect] += 1

    def counts(self) -> Mapping[Defect, int]:
        """Return how often each defect was seen since the start."""
        return dict(self._counts)


def defect_of_tick(tick: PriceTicked) -> Defect | None:
    """Return why a tick's quote cannot be true, or None; a locked book (bid = ask) can."""
    bid_e8, ask_e8 = tick.bid_price_e8, tick.ask_price_e8
    if 0 < bid_e8 <= ask_e8 <= bid_e8 * SPREAD_FACTOR_MAX and tick.last_price_e8 > 0:
        return None if tick.instrument in INSTRUMENTS else "INSTRUMENT_UNKNOWN"
    if bid_e8 <= 0 or ask_e8 <= 0 or tick.last_price_e8 <= 0:
        return "PRICE_NOT_POSITIVE"
    return "PRICE_CROSSED" if bid_e8 > ask_e8 else "PRICE_SPREAD_ABSURD"


def defect_of_fill(fill: OrderFilled) -> Defect | None:
    """Return why an execution cannot be true, or None."""
    if fill.price_e8 <= 0 or fill.quantity_e8 <= 0:
        return "FILL_NOT_POSITIVE"
    if fill.side == "UNKNOWN":
        return "FILL_SIDE_UNKNOWN"
    return None if fill.instrument in INSTRUMENTS else "INSTRUMENT_UNKNOWN"
