"""What can be wrong with books, orders, positions and settlements, each taken by itself."""

from typing import Final

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.risk.data_quality import Defect

SettlementFact = (
    SettlementInstructed
    | SettlementDelayed
    | SettlementCompleted
    | SettlementFailed
    | SettlementCancelled
)
_KNOWN: Final = frozenset(INSTRUMENTS)


def defect_of_book(book: BookQuoted) -> Defect | None:
    """Return why a book cannot be true, or None; a side may be empty."""
    bids, asks = book.bid_prices_e8, book.ask_prices_e8
    bid_quantities, ask_quantities = book.bid_quantities_e8, book.ask_quantities_e8
    if book.instrument not in _KNOWN:
        return "INSTRUMENT_UNKNOWN"
    if len(bids) != len(bid_quantities) or len(asks) != len(ask_quantities):
        return "BOOK_INVALID"
    # A sound book is seen by one look: its prices rise from the lowest bid to the highest ask.
    ladder = [*bids[::-1], *asks]
    if not ladder:
        return None
    if ladder[0] > 0 and ladder == sorted(ladder) and min(bid_quantities + ask_quantities) > 0:
        return None
    return "BOOK_CROSSED" if _is_crossed(book) else "BOOK_INVALID"


def _is_crossed(book: BookQuoted) -> bool:
    bids, asks = book.bid_prices_e8, book.ask_prices_e8
    if not bids or not asks or bids[-1] <= 0 or min(book.bid_quantities_e8) <= 0:
        return False
    return list(bids) == sorted(bids, reverse=True) and bids[0] > asks[0]


def defect_of_order(order: OrderSubmitted) -> Defect | None:
    """Return why no venue can execute an order, or None."""
    if order.instrument not in INSTRUMENTS:
        return "INSTRUMENT_UNKNOWN"
    prices_e8 = (order.limit_price_e8, order.stop_price_e8)
    if order.quantity_e8 <= 0 or any(one is not None and one <= 0 for one in prices_e8):
        return "ORDER_INVALID"
    return "ORDER_INVALID" if order.side == "UNKNOWN" else None


def defect_of_position(position: PositionChanged) -> Defect | None:
    """Return why a position cannot be true, or None."""
    if position.instrument not in INSTRUMENTS:
        return "INSTRUMENT_UNKNOWN"
    opened = position.quantity_e8 != 0
    if position.margin_e8 < 0 or position.entry_price_e8 < (1 if opened else 0):
        return "POSITION_INVALID"
    return None


def defect_of_settlement(event: SettlementFact) -> Defect | None:
    """Return why a settlement cannot be true, or None."""
    if event.asset not in ASSETS:
        return "ASSET_UNKNOWN"
    return "SETTLEMENT_INVALID" if event.amount_e8 <= 0 else None


def defect_of_reconciliation(event: ReconciliationCompleted) -> Defect | None:
    """Return why a comparison cannot be true, or None."""
    if event.asset not in ASSETS:
        return "ASSET_UNKNOWN"
    found_e8 = event.venue_total_e8 - event.custodian_total_e8
    wrong = event.discrepancy_e8 != found_e8 or event.discrepancy_usd_e8 < 0
    return "SETTLEMENT_INVALID" if wrong else None
