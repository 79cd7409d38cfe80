"""Recorded rows for tests."""

from collections.abc import Iterable

from ecosystem.market_data.recorded.anomalies import Anomaly, Report
from ecosystem.market_data.recorded.normalise import Terms, normalised
from ecosystem.market_data.recorded.records import Bar, Record, RecordedQuote, Trade
from ecosystem.units import E8, MINUTE_US, SECOND_US

BEGAN_US = 1_678_338_000 * SECOND_US
MINUTES = Terms(spacing_us=MINUTE_US, gap_us=MINUTE_US, reorder_us=4 * MINUTE_US)
SECONDS = Terms(spacing_us=SECOND_US, gap_us=30 * SECOND_US, reorder_us=5 * SECOND_US)


def bar(row: int, minute: float, *prices: float, volume: float | None = 60.0) -> Bar:
    """Return a bar of a minute; open, high, low and close, or one price for all four."""
    open_, high, low, close = (round(price * E8) for price in (prices * 4)[:4])
    return Bar(
        row=row,
        time_us=BEGAN_US + round(minute * MINUTE_US),
        open_price_e8=open_,
        high_price_e8=high,
        low_price_e8=low,
        close_price_e8=close,
        volume_e8=None if volume is None else round(volume * E8),
    )


def trade(
    row: int, second: float, price: float, quantity: float | None = 1.0, trade_id: str = ""
) -> Trade:
    """Return a trade."""
    return Trade(
        row=row,
        time_us=BEGAN_US + round(second * SECOND_US),
        price_e8=round(price * E8),
        quantity_e8=None if quantity is None else round(quantity * E8),
        trade_id=trade_id,
    )


def quote(row: int, second: float, bid: float, ask: float) -> RecordedQuote:
    """Return a quote."""
    return RecordedQuote(
        row=row,
        time_us=BEGAN_US + round(second * SECOND_US),
        bid_price_e8=round(bid * E8),
        ask_price_e8=round(ask * E8),
    )


def cleaned(
    rows: Iterable[Record | Anomaly], terms: Terms
) -> tuple[list[Record], list[Anomaly], Report]:
    """Return what a normaliser publishes of rows, every anomaly, and its report."""
    found: list[Anomaly] = []
    report = Report()
    return list(normalised(rows, terms, report, found.append)), found, report
