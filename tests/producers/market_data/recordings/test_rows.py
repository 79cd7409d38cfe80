"""Rows: cells become records exactly, or anomalies that say what is wrong."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.market_data.recorded.anomalies import Anomaly
from ecosystem.market_data.recorded.records import Bar, RecordedQuote, Trade
from producers.market_data.recordings.mapping import ColumnMapping
from producers.market_data.recordings.rows import CellError, RowReader, scaled, time_reader
from producers.market_data.recordings.tables import BrokenRow

NOON_US = 1_678_449_600_000_000
"""2023-03-10T12:00:00Z"""
TRADES = ColumnMapping(
    kind="trades", time_column="t", columns={"price": "p", "quantity": "q"}, instrument_column="s"
)


@pytest.mark.parametrize(
    ("time_format", "zone", "value"),
    [
        ("iso", "UTC", "2023-03-10T12:00:00.000Z"),
        ("iso", "UTC", "2023-03-10 12:00:00"),
        ("iso", "Europe/Zurich", "2023-03-10T13:00"),
        ("iso", "Europe/Zurich", "2023-03-10T07:00:00-05:00"),
        ("s", "UTC", "1678449600"),
        ("s", "UTC", 1678449600.0),
        ("ms", "UTC", 1678449600000),
        ("us", "UTC", "1678449600000000"),
        ("ns", "UTC", "1678449600000000000"),
        ("%d.%m.%Y %H:%M", "Asia/Tokyo", "10.03.2023 21:00"),
    ],
)
def test_a_time_is_read_in_its_format_and_zone(time_format: str, zone: str, value: object) -> None:
    assert time_reader(time_format, zone)(value) == NOON_US


@pytest.mark.parametrize(
    ("time_format", "zone", "value", "found"),
    [
        ("iso", "UTC", "yesterday", "time 'yesterday'"),
        ("iso", "UTC", "", "time nothing"),
        ("ms", "UTC", None, "time nothing"),
        ("ms", "UTC", "nan", "time 'nan'"),
        ("s", "UTC", "1678449600000", "time '1678449600000'"),
        ("iso", "Europe/Zurich", "2023-03-26T02:30", "time 2023-03-26T02:30"),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    time_format: str, zone: str, value: object, found: str
) -> None:
    with pytest.raises(CellError) as raised:
        time_reader(time_format, zone)(value)
    assert raised.value.found == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.00302319431652", 100_302_319),
        (" 60000.5 ", 6_000_050_000_000),
        (0.1, 10_000_000),
        (3, 300_000_000),
        (Decimal("1e-8"), 1),
        ("0.000000015", 2),
    ],
)
def test_numbers_are_scaled_and_rounded_to_the_nearest(value: object, expected: int) -> None:
    assert scaled("price", value) == expected


@given(whole=st.integers(0, 10**11), fraction=st.text("0123456789", max_size=10))
def test_a_plain_decimal_is_scaled_as_exactly_as_any(whole: int, fraction: str) -> None:
    text = f"{whole}.{fraction}" if fraction else str(whole)
    if Decimal(text) <= 92_233_720_368:
        assert scaled("price", text) == scaled("price", Decimal(text))


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        ("abc", "UNREADABLE", "price 'abc'"),
        (None, "UNREADABLE", "price nothing"),
        ("nan", "IMPOSSIBLE", "price nan"),
        (float("inf"), "IMPOSSIBLE", "price inf"),
        ("1e30", "IMPOSSIBLE", "price 1e30"),
    ],
)
def test_what_is_no_number_is_refused(value: object, kind: str, found: str) -> None:
    with pytest.raises(CellError) as raised:
        scaled("price", value)
    assert (raised.value.kind, raised.value.found) == (kind, found)


def test_rows_become_records_of_their_kind() -> None:
    reader = RowReader(TRADES, "us", "BTC-USDT")
    assert reader.columns == ("t", "p", "q", "s")
    assert reader.read(7, [NOON_US, "1.5", "", "BTCUSDT"]) == Trade(
        row=7, time_us=NOON_US, price_e8=150_000_000
    )
    quotes = ColumnMapping(kind="quotes", time_column="t", columns={"bid": "b", "ask": "a"})
    assert RowReader(quotes, "us", "BTC-USD").read(1, [NOON_US, 1, 2]) == RecordedQuote(
        row=1, time_us=NOON_US, bid_price_e8=10**8, ask_price_e8=2 * 10**8
    )
    names = {role: role for role in ("open", "high", "low", "close")}
    bars = RowReader(ColumnMapping(kind="ohlcv", time_column="t", columns=names), "us", "BTC-USD")
    bars.shift_us = 60_000_000
    assert bars.read(1, [NOON_US, 2, 3, 1, 2]) == Bar(
        row=1,
        time_us=NOON_US - 60_000_000,
        open_price_e8=2 * 10**8,
        high_price_e8=3 * 10**8,
        low_price_e8=10**8,
        close_price_e8=2 * 10**8,
    )


def test_rows_that_cannot_be_records_say_why() -> None:
    reader = RowReader(TRADES, "us", "BTC-USDT")
    foreign = reader.read(1, [NOON_US, "1.5", "2", "ETHUSDT"])
    broken = reader.read(2, BrokenRow("3 columns, not 4"))
    assert isinstance(foreign, Anomaly)
    assert (foreign.kind, foreign.found, foreign.allowed) == (
        "FOREIGN",
        "instrument 'ETHUSDT'",
        "BTC-USDT",
    )
    assert broken == Anomaly(
        kind="UNREADABLE", row=2, found="3 columns, not 4", allowed="a whole row"
    )
