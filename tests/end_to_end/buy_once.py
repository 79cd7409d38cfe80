"""A strategy that buys a tenth of a bitcoin once, at the market."""

from collections.abc import Iterator

from ecosystem.trading.contract import (
    VENUE,
    Cause,
    Place,
    PriceTicked,
    Strategy,
    View,
    Wish,
    parse_e8,
)


class BuyOnce(Strategy):
    """Buys when the first price comes after it may trade, and never again."""

    instruments = ("BTC-USD",)
    venues = (VENUE,)

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield the one order."""
        fresh = view.last_order_us("BTC-USD") is None
        funded = bool(view.total_e8(VENUE, "USD"))
        if isinstance(cause, PriceTicked) and fresh and funded:
            yield Place(venue=VENUE, instrument="BTC-USD", side="BUY", quantity_e8=parse_e8("0.1"))
