import msgspec
import pytest

from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.exchange.margin.marks import Marks
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US, parse_e8

TERMS = PERPETUALS["BTC-USD-PERP"]
ID = EventId(bytes(16))


def tick(instrument: str, middle: str, time_us: int) -> PriceTicked:
    """Return a quote a dollar wide."""
    middle_e8 = parse_e8(middle)
    return PriceTicked(
        event_id=ID,
        correlation_id=ID,
        causation_id=ID,
        event_time_us=time_us,
        feed="market-data",
        instrument=instrument,
        feed_sequence=0,
        bid_price_e8=middle_e8 - E8 // 2,
        ask_price_e8=middle_e8 + E8 // 2,
        last_price_e8=middle_e8,
        bid_quantity_e8=E8,
        ask_quantity_e8=E8,
        volume_e8=E8,
    )


def marks(*ticks: tuple[str, str, int]) -> Marks:
    """Return what follows from quotes of the index (I) and the perpetual (P), times in seconds."""
    found = Marks(TERMS)
    for which, middle, second in ticks:
        symbol = TERMS.index if which == "I" else TERMS.symbol
        found.follow(tick(symbol, middle, second * SECOND_US))
    return found


def test_there_is_no_mark_before_the_index_and_no_basis_without_the_perpetual() -> None:
    assert marks(("P", "60000", 1)).mark_price_e8 == 0
    assert marks(("P", "60100", 1), ("I", "60000", 2)).mark_price_e8 == 60_000 * E8


def test_the_mark_follows_the_index_at_once_and_the_basis_slowly() -> None:
    # 30 s after a basis of 0 one of 60 counts half; the index counts whole.
    followed = marks(("I", "60000", 1), ("P", "60000", 1), ("P", "60060", 31))
    assert followed.mark_price_e8 == 60_030 * E8
    followed.follow(tick("BTC-USD", "61000", 32 * SECOND_US))
    assert followed.mark_price_e8 == 61_030 * E8


def test_one_wild_quote_moves_the_mark_by_a_thirtieth_and_never_beyond_the_cap() -> None:
    wild = marks(("I", "60000", 1), ("P", "60000", 1), ("P", "57000", 2))
    assert abs(wild.mark_price_e8 - parse_e8("59903.22580645")) <= 1
    assert marks(("I", "60000", 1), ("P", "90000", 1)).mark_price_e8 == 63_000 * E8
    assert marks(("I", "60000", 1), ("P", "30000", 1)).mark_price_e8 == 57_000 * E8


def test_crossed_empty_and_late_quotes_say_nothing() -> None:
    followed = marks(("I", "60000", 5), ("P", "60010", 5))
    late = tick("BTC-USD", "1", 4 * SECOND_US)
    crossed = msgspec.structs.replace(tick("BTC-USD", "2", 6 * SECOND_US), ask_price_e8=1)
    empty = msgspec.structs.replace(tick("BTC-USD", "2", 6 * SECOND_US), bid_price_e8=0)
    for quote in (late, crossed, empty, tick("BTC-USD-PERP", "1", 4 * SECOND_US)):
        followed.follow(quote)
    assert (followed.index_price_e8, followed.mark_price_e8) == (60_000 * E8, 60_010 * E8)


def test_the_premium_is_the_average_of_one_sample_a_minute_in_its_interval() -> None:
    followed = marks(("I", "60000", 0))
    for second, middle in ((0, "60060"), (1, "90000"), (60, "60180"), (8 * 3_600, "60600")):
        followed.follow(tick("BTC-USD-PERP", middle, second * SECOND_US))
    assert followed.premium_e8(0) == parse_e8("0.002")
    assert followed.premium_e8(1) == parse_e8("0.01")
    assert followed.premium_e8(2) == 0


@pytest.mark.parametrize("days", [3])
def test_premiums_of_long_ago_are_forgotten(days: int) -> None:
    followed = marks(("I", "60000", 0))
    for hour in range(24 * days):
        followed.follow(tick("BTC-USD-PERP", "60060", hour * HOUR_US + MINUTE_US))
    assert followed.premium_e8(0) == 0
    assert followed.premium_e8(3 * days - 1) == parse_e8("0.001")
