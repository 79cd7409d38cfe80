"""Events for tests: real structs with plain values."""

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.units import E8


def event_id(number: int) -> EventId:
    """Return an id that is easy to tell apart in a failure."""
    return EventId(number.to_bytes(16, "big"))


def tick(number: int, instrument: str = "BTC-USD", price_e8: int = 60_000 * E8) -> PriceTicked:
    """Return tick `number`, one second after the one before."""
    return PriceTicked(
        event_id=event_id(number),
        correlation_id=event_id(number),
        causation_id=event_id(number),
        event_time_us=1_767_571_200_000_000 + number * 1_000_000,
        feed="market-data",
        instrument=instrument,
        feed_sequence=number,
        bid_price_e8=price_e8 - E8,
        ask_price_e8=price_e8 + E8,
        last_price_e8=price_e8,
        bid_quantity_e8=E8,
        ask_quantity_e8=E8,
        volume_e8=E8,
    )


def clock(number: int) -> ClockAdvanced:
    """Return clock event `number` without offsets."""
    return ClockAdvanced(
        event_id=event_id(number),
        correlation_id=event_id(number),
        causation_id=event_id(number),
        event_time_us=number,
        clock_sequence=number,
        ends=(),
    )
