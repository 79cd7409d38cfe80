"""Input that cannot be true: which record it is, what is wrong with it, and how often that was."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.units import E8

Defect = Literal[
    "ASSET_UNKNOWN",
    "BALANCE_GAP",
    "BALANCE_INCONSISTENT",
    "BALANCE_STALE",
    "BOOK_CROSSED",
    "BOOK_INVALID",
    "BOOK_OUT_OF_ORDER",
    "EVENT_DOUBLED",
    "FILL_FEE_ABSURD",
    "FILL_NOT_POSITIVE",
    "FILL_NOTIONAL_WRONG",
    "FILL_PRICE_ABSURD",
    "FILL_REPEATED",
    "FILL_SIDE_UNKNOWN",
    "INSTRUMENT_UNKNOWN",
    "ORDER_INVALID",
    "POSITION_GAP",
    "POSITION_INCONSISTENT",
    "POSITION_INVALID",
    "POSITION_STALE",
    "PRICE_CROSSED",
    "PRICE_FROZEN",
    "PRICE_JUMPED",
    "PRICE_NOT_POSITIVE",
    "PRICE_OUT_OF_ORDER",
    "PRICE_REPEATED",
    "PRICE_SPREAD_ABSURD",
    "RECORD_UNDECODABLE",
    "SEQUENCE_IMPLAUSIBLE",
    "SETTLEMENT_INVALID",
    "SOURCE_UNKNOWN",
    "TIME_BACKWARDS",
    "TIME_IMPLAUSIBLE",
]
"""What can be wrong with a record.

It is left out, but for six: a FILL_PRICE_ABSURD may be confirmed by the balance that paid for it;
a BALANCE_GAP or POSITION_GAP states its total, so the books heal with it; a PRICE_FROZEN is the
price there is; an ORDER_INVALID is still an order somebody sent; and what happened stays true
though it is told late (TIME_BACKWARDS)."""

HARMLESS: Final[frozenset[Defect]] = frozenset(
    {
        "BOOK_OUT_OF_ORDER",
        "EVENT_DOUBLED",
        "FILL_REPEATED",
        "PRICE_OUT_OF_ORDER",
        "PRICE_REPEATED",
        "TIME_BACKWARDS",
    }
)
"""Records that are true, only late or told again."""
SPREAD_FACTOR_MAX: Final = 2
"""An ask above this many times the bid is no quote."""


class Noted(msgspec.Struct, frozen=True, gc=False):
    """One defect, and the record that has it."""

    defect: Defect
    event: Event


class DataQuality:
    """Counts the defects of the input, and keeps those nobody has judged yet."""

    __slots__ = ("_counts", "untold")

    def __init__(self) -> None:
        self._counts: Counter[Defect] = Counter()
        self.untold: list[Noted] = []
        """What was noted since the last judgement; whoever judges empties it."""

    def note(self, defect: Defect, event: Event) -> None:
        """Take in that `event` has a defect."""
        self._counts[defect] += 1
        self.untold.append(Noted(defect, event))

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
    """Return why an execution cannot be true, or None.

    A notional is price times quantity, cut to eight decimals; venues that round are a unit off.
    """
    price_e8, quantity_e8 = fill.price_e8, fill.quantity_e8
    if price_e8 <= 0 or quantity_e8 <= 0 or fill.remaining_quantity_e8 < 0:
        return "FILL_NOT_POSITIVE"
    if fill.side == "UNKNOWN":
        return "FILL_SIDE_UNKNOWN"
    if fill.instrument not in INSTRUMENTS:
        return "INSTRUMENT_UNKNOWN"
    if abs(fill.notional_e8 - price_e8 * quantity_e8 // E8) > 1:
        return "FILL_NOTIONAL_WRONG"
    if fill.fee_asset not in ASSETS:
        return "ASSET_UNKNOWN"
    # A maker may be paid a rebate, but nobody pays more than the trade is worth.
    if fill.fee_asset == INSTRUMENTS[fill.instrument].quote and abs(fill.fee_e8) > fill.notional_e8:
        return "FILL_FEE_ABSURD"
    return None
