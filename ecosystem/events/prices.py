"""Facts of the market data feeds."""

from ecosystem.events.envelope import Event


class PriceTicked(Event, frozen=True, kw_only=True, gc=False):
    """The feed published a quote and last trade of one instrument."""

    feed: str
    instrument: str
    feed_sequence: int
    bid_price_e8: int
    ask_price_e8: int
    last_price_e8: int
    bid_quantity_e8: int
    ask_quantity_e8: int
    volume_e8: int


class FeedHeartbeat(Event, frozen=True, kw_only=True, gc=False):
    """The feed said that it is alive, and how many ticks it has sent."""

    feed: str
    instrument: str
    feed_sequence: int


class BarClosed(Event, frozen=True, kw_only=True, gc=False):
    """The feed closed a bar of open, high, low, close and volume."""

    feed: str
    instrument: str
    interval: str
    open_time_us: int
    open_price_e8: int
    high_price_e8: int
    low_price_e8: int
    close_price_e8: int
    volume_e8: int
    ticks_count: int
