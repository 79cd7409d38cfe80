"""What the feed's door answers."""

from pydantic import BaseModel, Field

from doors.fields import Decimal


class PriceAnswer(BaseModel):
    """The last tick of an instrument."""

    instrument: str
    feed: str
    feed_sequence: int
    event_time: str
    bid_price: Decimal
    ask_price: Decimal
    last_price: Decimal
    bid_quantity: Decimal
    ask_quantity: Decimal
    volume: Decimal


class BarAnswer(BaseModel):
    """A closed bar."""

    instrument: str
    interval: str
    open_time: str
    open_price: Decimal
    high_price: Decimal
    low_price: Decimal
    close_price: Decimal
    volume: Decimal
    ticks_count: int


class BookAnswer(BaseModel):
    """Consolidated depth, best prices first."""

    venue: str
    instrument: str
    book_sequence: int
    event_time: str
    bid_prices: list[Decimal]
    bid_quantities: list[Decimal]
    ask_prices: list[Decimal]
    ask_quantities: list[Decimal]
    last_price: Decimal
    volume: Decimal


class DayAnswer(BaseModel):
    """The last 24 hours of event time, as far as the feed's closed minutes reach."""

    instrument: str
    since: str
    until: str
    open_price: Decimal
    high_price: Decimal
    low_price: Decimal
    last_price: Decimal
    change: Decimal = Field(description="of the last price against the first, a fraction")
    volume: Decimal
    ticks_count: int


class CorrelationsAnswer(BaseModel):
    """How the returns of minutes moved together."""

    instruments: list[str]
    returns_count: int = Field(description="minutes that all have; 0 while they are too few")
    matrix: list[list[Decimal]] = Field(description="in the order of `instruments`, or empty")
