"""Facts for the tests of the risk rules, made with few words."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import BalanceReason, EventId, Side
from ecosystem.ids import derive_id
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.units import E8, SECOND_US

START_US = 1_767_571_200_000_000
"""2026-01-05T00:00:00Z, a Monday."""
ROOT = Path(__file__).parents[3]
LIMITS_FILE = ROOT / "consumers" / "risk_monitor" / "limits.toml"
LAB_LIMITS_FILE = ROOT / "scenarios" / "limits.toml"
NOBODY = EventId(bytes(16))


class Placed(msgspec.Struct, frozen=True):
    """An event with a place on the log."""

    topic: str
    partition: int
    offset: int
    event: Event


def limits() -> Limits:
    """Return the limits of the laboratory, which a portfolio like its firm's can keep."""
    return parse_limits(LAB_LIMITS_FILE.read_text(), LAB_LIMITS_FILE.name)


def with_version(text: str, version: int) -> str:
    """Return the text of a limits file under another version."""
    return re.sub(r"^version = [1-9]\d*", f"version = {version}", text, flags=re.MULTILINE)


def event_id(kind: str, number: int) -> EventId:
    """Return an id for the tests."""
    return derive_id(NOBODY, kind, number)


def at(seconds: float) -> int:
    """Return the event time this long after the start."""
    return START_US + int(seconds * SECOND_US)


def tick(
    seconds: float,
    mid: float,
    instrument: str = "BTC-USD",
    *,
    bid_e8: int | None = None,
    ask_e8: int | None = None,
    last_e8: int | None = None,
    mid_e8: int | None = None,
) -> PriceTicked:
    """Return a tick whose mid is exactly `mid` (or `mid_e8`), two cents wide.

    Its volume is its own, as in a market: ticks that are alike in all say that the feed froze.
    """
    exact_e8 = round(mid * E8) if mid_e8 is None else mid_e8
    tick_id = event_id(f"tick/{instrument}", at(seconds))
    return PriceTicked(
        event_id=tick_id,
        correlation_id=tick_id,
        causation_id=tick_id,
        event_time_us=at(seconds),
        feed="market-data",
        instrument=instrument,
        feed_sequence=int(seconds),
        bid_price_e8=exact_e8 - E8 // 100 if bid_e8 is None else bid_e8,
        ask_price_e8=exact_e8 + E8 // 100 if ask_e8 is None else ask_e8,
        last_price_e8=exact_e8 if last_e8 is None else last_e8,
        bid_quantity_e8=E8,
        ask_quantity_e8=E8,
        volume_e8=E8 + at(seconds) % E8,
    )


def deep_book(
    seconds: float,
    mid_e8: int,
    *,
    venue: str = "exchange-okx",
    instrument: str = "BTC-USD",
    half_e8: int = E8 // 100,
    bids_e8: Sequence[int] = (E8,) * 10,
    asks_e8: Sequence[int] = (E8,) * 10,
) -> BookQuoted:
    """Return a book around a mid, its levels a cent apart.

    Args:
        half_e8: half of the spread.
        bids_e8: the quantities bid, best first; none for an empty side.
    """
    book_id = event_id(f"book/{venue}/{instrument}", at(seconds))
    cent_e8 = E8 // 100
    return BookQuoted(
        event_id=book_id,
        correlation_id=book_id,
        causation_id=book_id,
        event_time_us=at(seconds),
        venue=venue,
        instrument=instrument,
        book_sequence=int(seconds),
        bid_prices_e8=tuple(mid_e8 - half_e8 - n * cent_e8 for n in range(len(bids_e8))),
        bid_quantities_e8=tuple(bids_e8),
        ask_prices_e8=tuple(mid_e8 + half_e8 + n * cent_e8 for n in range(len(asks_e8))),
        ask_quantities_e8=tuple(asks_e8),
        last_price_e8=mid_e8,
        volume_e8=E8,
    )


class Accounts:
    """States balances as a venue would: totals and sequences follow from the changes."""

    def __init__(self) -> None:
        self.totals_e8: dict[tuple[str, str, str], int] = {}
        self._sequences: dict[tuple[str, str, str], int] = {}

    def change(
        self,
        seconds: float,
        asset: str,
        change_e8: int,
        reason: BalanceReason = "DEPOSIT",
        *,
        venue: str = "exchange-okx",
        account: str = "firm-momentum",
        reference: EventId = NOBODY,
    ) -> BalanceChanged:
        """Return the next balance of an account."""
        place = (venue, account, asset)
        total_e8 = self.totals_e8[place] = self.totals_e8.get(place, 0) + change_e8
        sequence = self._sequences[place] = self._sequences.get(place, -1) + 1
        balance_id = event_id("balance/" + "/".join(place), sequence)
        return BalanceChanged(
            event_id=balance_id,
            correlation_id=balance_id,
            causation_id=balance_id if reference == NOBODY else reference,
            event_time_us=at(seconds),
            venue=venue,
            account=account,
            asset=asset,
            reason=reason,
            reference_id=reference,
            change_e8=change_e8,
            available_e8=total_e8,
            locked_e8=0,
            total_e8=total_e8,
            balance_sequence=sequence,
        )


def fill(
    seconds: float,
    side: Side,
    quantity_e8: int,
    price_e8: int,
    *,
    instrument: str = "BTC-USD",
    account: str = "firm-momentum",
    fee_e8: int = 0,
    fee_asset: str = "USD",
) -> OrderFilled:
    """Return an execution."""
    trade_id = event_id(f"trade/{instrument}/{account}", at(seconds))
    return OrderFilled(
        event_id=trade_id,
        correlation_id=trade_id,
        causation_id=trade_id,
        event_time_us=at(seconds),
        trade_id=trade_id,
        order_id=trade_id,
        venue="exchange-okx",
        account=account,
        instrument=instrument,
        side=side,
        liquidity="TAKER",
        price_e8=price_e8,
        quantity_e8=quantity_e8,
        notional_e8=price_e8 * quantity_e8 // E8,
        fee_e8=fee_e8,
        fee_asset=fee_asset,
        remaining_quantity_e8=0,
    )


def position(
    seconds: float,
    quantity_e8: int,
    entry_price_e8: int,
    *,
    change_e8: int | None = None,
    sequence: int = 0,
    realised_e8: int = 0,
    cause: EventId | None = None,
    instrument: str = "BTC-USD-PERP",
    account: str = "firm-futures",
    venue: str = "exchange-okx",
) -> PositionChanged:
    """Return what a position is now; without a change it was opened by this one."""
    position_id = event_id(f"position/{venue}/{account}/{instrument}", sequence)
    return PositionChanged(
        event_id=position_id,
        correlation_id=position_id,
        causation_id=position_id if cause is None else cause,
        event_time_us=at(seconds),
        venue=venue,
        account=account,
        instrument=instrument,
        reason="TRADE",
        reference_id=position_id,
        quantity_change_e8=quantity_e8 if change_e8 is None else change_e8,
        quantity_e8=quantity_e8,
        entry_price_e8=entry_price_e8,
        realised_pnl_e8=realised_e8,
        margin_e8=abs(quantity_e8) * entry_price_e8 // E8 // 10,
        position_sequence=sequence,
    )


def book(
    seconds: float, venue: str, mid: float, symbol: str = "BTC-USD", width: float = 1.0
) -> BookQuoted:
    """Return a book of one level."""
    book_id = event_id(f"book/{venue}/{symbol}", at(seconds))
    return BookQuoted(
        event_id=book_id,
        correlation_id=book_id,
        causation_id=book_id,
        event_time_us=at(seconds),
        venue=venue,
        instrument=symbol,
        book_sequence=int(seconds),
        bid_prices_e8=(round((mid - width) * E8),),
        bid_quantities_e8=(E8,),
        ask_prices_e8=(round((mid + width) * E8),),
        ask_quantities_e8=(E8,),
        last_price_e8=round(mid * E8),
        volume_e8=E8,
    )


def clock(seconds: float, number: int) -> ClockAdvanced:
    """Return an advance of the clock that names no ends."""
    clock_id = event_id("clock", number)
    return ClockAdvanced(
        event_id=clock_id,
        correlation_id=clock_id,
        causation_id=clock_id,
        event_time_us=at(seconds),
        clock_sequence=number,
        ends=(),
    )


TOPIC_OF: dict[type[Event], str] = {
    PriceTicked: "prices",
    BalanceChanged: "balances",
    BookQuoted: "books",
    PositionChanged: "balances",
    OrderFilled: "fills",
    ClockAdvanced: "clock",
}


def placed(events: Iterable[Event], first_offset: int = 0) -> Sequence[Placed]:
    """Return events on one partition of their topics, in the order given."""
    offsets: dict[str, int] = {}
    records = []
    for event in events:
        topic = TOPIC_OF.get(type(event), "orders")
        offset = offsets[topic] = offsets.get(topic, first_offset - 1) + 1
        records.append(Placed(topic, 0, offset, event))
    return records
