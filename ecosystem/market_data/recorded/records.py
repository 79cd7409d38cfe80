"""What a recording is made of: trades, quotes or bars, each with the row of the file it was."""

from typing import Literal

import msgspec

RecordKind = Literal["trades", "quotes", "ohlcv"]


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One trade."""

    row: int
    time_us: int
    price_e8: int
    quantity_e8: int | None = None
    side: str = ""
    """As the file has it; two trades that differ in it alone are two trades."""
    trade_id: str = ""


class RecordedQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The best bid and ask from a time on."""

    row: int
    time_us: int
    bid_price_e8: int
    ask_price_e8: int
    bid_quantity_e8: int | None = None
    ask_quantity_e8: int | None = None


class Bar(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Open, high, low, close and volume of a span of time, named by its beginning."""

    row: int
    time_us: int
    open_price_e8: int
    high_price_e8: int
    low_price_e8: int
    close_price_e8: int
    volume_e8: int | None = None


Record = Trade | RecordedQuote | Bar


def price_of(record: Record) -> int:
    """Return the one price that stands for a record, scaled by 1e8: last, middle or close."""
    match record:
        case Trade():
            return record.price_e8
        case RecordedQuote():
            return (record.bid_price_e8 + record.ask_price_e8) // 2
        case Bar():
            return record.close_price_e8


def values_of(record: Record) -> tuple[object, ...]:
    """Return everything a record says, its row left out: equal values are a duplicate."""
    return tuple(getattr(record, name) for name in record.__struct_fields__ if name != "row")


def fault_in(record: Record) -> tuple[str, str] | None:
    """Return what is impossible in a record and what would be allowed; None when all is well."""
    match record:
        case Trade():
            return _not_positive(price=record.price_e8) or _negative(quantity=record.quantity_e8)
        case RecordedQuote():
            bid_e8, ask_e8 = record.bid_price_e8, record.ask_price_e8
            if fault := _not_positive(bid=bid_e8, ask=ask_e8):
                return fault
            if bid_e8 > ask_e8:
                return f"bid {_text(bid_e8)} above ask {_text(ask_e8)}", "bid at or below ask"
            sizes = {"bid size": record.bid_quantity_e8, "ask size": record.ask_quantity_e8}
            return _negative(**sizes)
        case Bar():
            return _fault_in_bar(record)


def _fault_in_bar(bar: Bar) -> tuple[str, str] | None:
    low_e8, high_e8 = bar.low_price_e8, bar.high_price_e8
    prices = {
        "open": bar.open_price_e8,
        "high": high_e8,
        "low": low_e8,
        "close": bar.close_price_e8,
    }
    if fault := _not_positive(**prices) or _negative(volume=bar.volume_e8):
        return fault
    if high_e8 < low_e8:
        return f"high {_text(high_e8)} below low {_text(low_e8)}", "high at or above low"
    if not low_e8 <= bar.close_price_e8 <= high_e8:
        allowed = f"{_text(low_e8)} to {_text(high_e8)}, its low and high"
        return f"close {_text(bar.close_price_e8)}", allowed
    return None


def opening_outside(bar: Bar) -> tuple[str, str] | None:
    """Return what is odd about an open outside low and high; None when it lies inside.

    Sources that begin a bar with the close of the one before, and take high and low of its own
    trades only, write such bars all the time; they are widened, not refused.
    """
    low_e8, high_e8 = bar.low_price_e8, bar.high_price_e8
    if low_e8 <= bar.open_price_e8 <= high_e8:
        return None
    allowed = f"{_text(low_e8)} to {_text(high_e8)}, its low and high"
    return f"open {_text(bar.open_price_e8)}", allowed


def widened(bar: Bar) -> Bar:
    """Return a bar whose low and high hold its open."""
    return msgspec.structs.replace(
        bar,
        high_price_e8=max(bar.high_price_e8, bar.open_price_e8),
        low_price_e8=min(bar.low_price_e8, bar.open_price_e8),
    )


def _not_positive(**prices_e8: int) -> tuple[str, str] | None:
    for name, price_e8 in prices_e8.items():
        if price_e8 <= 0:
            return f"{name} {_text(price_e8)}", "prices above 0"
    return None


def _negative(**quantities_e8: int | None) -> tuple[str, str] | None:
    for name, quantity_e8 in quantities_e8.items():
        if quantity_e8 is not None and quantity_e8 < 0:
            return f"{name} {_text(quantity_e8)}", "0 and more"
    return None


def _text(value_e8: int) -> str:
    return f"{value_e8 / 1e8:.8f}".rstrip("0").rstrip(".")
