"""Defects of books, orders, positions, settlements and comparisons, each taken by itself."""

from typing import Any

import msgspec
import pytest

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.books import BookQuoted
from ecosystem.risk.data_quality import defect_of_fill
from ecosystem.risk.intake.defects import (
    defect_of_book,
    defect_of_order,
    defect_of_position,
    defect_of_reconciliation,
    defect_of_settlement,
)
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, event_id, fill
from tests.ecosystem.risk.rules.orders import submitted
from tests.ecosystem.risk.rules.test_reconciliation_break import reconciled
from tests.ecosystem.risk.rules.test_settlement_timeout import instructed

ENVELOPE = dict.fromkeys(("event_id", "correlation_id", "causation_id"), event_id("one", 1))
BOOK = BookQuoted(
    **ENVELOPE,
    event_time_us=at(0),
    venue="exchange-okx",
    instrument="BTC-USD",
    book_sequence=0,
    bid_prices_e8=(100, 99),
    bid_quantities_e8=(1, 2),
    ask_prices_e8=(101, 102),
    ask_quantities_e8=(1, 2),
    last_price_e8=100,
    volume_e8=0,
)
POSITION = PositionChanged(
    **ENVELOPE,
    event_time_us=at(0),
    venue="exchange-okx",
    account="firm-futures",
    instrument="BTC-USD-PERP",
    reason="TRADE",
    reference_id=event_id("order", 1),
    quantity_change_e8=E8,
    quantity_e8=E8,
    entry_price_e8=E8,
    realised_pnl_e8=0,
    margin_e8=0,
    position_sequence=0,
)


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"bid_prices_e8": (), "bid_quantities_e8": ()}, None),
        ({"ask_prices_e8": (), "ask_quantities_e8": ()}, None),
        ({"ask_prices_e8": (100, 102)}, None),
        ({"ask_prices_e8": (99, 102)}, "BOOK_CROSSED"),
        ({"bid_prices_e8": (99, 100)}, "BOOK_INVALID"),
        ({"ask_prices_e8": (103, 102)}, "BOOK_INVALID"),
        ({"bid_prices_e8": (100, 0)}, "BOOK_INVALID"),
        ({"bid_quantities_e8": (1, 0)}, "BOOK_INVALID"),
        ({"ask_quantities_e8": (1, -1)}, "BOOK_INVALID"),
        ({"bid_quantities_e8": (1,)}, "BOOK_INVALID"),
        ({"instrument": "DOGE-USD"}, "INSTRUMENT_UNKNOWN"),
    ],
)
def test_a_book_is_sorted_positive_and_not_crossed(fields: Any, defect: str | None) -> None:
    assert defect_of_book(msgspec.structs.replace(BOOK, **fields)) == defect


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"limit_price_e8": 5}, None),
        ({"quantity_e8": 0}, "ORDER_INVALID"),
        ({"limit_price_e8": 0}, "ORDER_INVALID"),
        ({"stop_price_e8": -1}, "ORDER_INVALID"),
        ({"side": "UNKNOWN"}, "ORDER_INVALID"),
        ({"instrument": "DOGE-USD"}, "INSTRUMENT_UNKNOWN"),
    ],
)
def test_an_order_is_one_a_venue_can_execute(fields: Any, defect: str | None) -> None:
    assert defect_of_order(msgspec.structs.replace(submitted(1, 0), **fields)) == defect


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"quantity_e8": 0, "entry_price_e8": 0}, None),
        ({"quantity_e8": -E8}, None),
        ({"entry_price_e8": 0}, "POSITION_INVALID"),
        ({"margin_e8": -1}, "POSITION_INVALID"),
        ({"instrument": "DOGE-USD"}, "INSTRUMENT_UNKNOWN"),
    ],
)
def test_a_position_has_a_price_and_no_negative_margin(fields: Any, defect: str | None) -> None:
    assert defect_of_position(msgspec.structs.replace(POSITION, **fields)) == defect


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"amount_e8": 0}, "SETTLEMENT_INVALID"),
        ({"amount_e8": -1}, "SETTLEMENT_INVALID"),
        ({"asset": "DOGE"}, "ASSET_UNKNOWN"),
    ],
)
def test_a_settlement_moves_something(fields: Any, defect: str | None) -> None:
    assert defect_of_settlement(msgspec.structs.replace(instructed(1, 9), **fields)) == defect


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"discrepancy_e8": 4}, "SETTLEMENT_INVALID"),
        ({"discrepancy_usd_e8": -1}, "SETTLEMENT_INVALID"),
        ({"asset": "DOGE"}, "ASSET_UNKNOWN"),
    ],
)
def test_a_discrepancy_is_what_the_two_totals_differ_by(fields: Any, defect: str | None) -> None:
    told = msgspec.structs.replace(reconciled(1, 0, 5, 5), **fields)
    assert defect_of_reconciliation(told) == defect


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({}, None),
        ({"notional_e8": 3 * E8 + 1}, None),
        ({"notional_e8": 3 * E8 + 2}, "FILL_NOTIONAL_WRONG"),
        ({"fee_e8": 3 * E8}, None),
        ({"fee_e8": -3 * E8 - 1}, "FILL_FEE_ABSURD"),
        ({"remaining_quantity_e8": -1}, "FILL_NOT_POSITIVE"),
    ],
)
def test_an_execution_is_worth_price_times_quantity(fields: Any, defect: str | None) -> None:
    assert defect_of_fill(msgspec.structs.replace(fill(1, "BUY", E8, 3 * E8), **fields)) == defect
