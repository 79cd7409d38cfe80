"""RiskIgnorant: buys, and doubles down whenever the risk monitor sees a limit in danger."""

from collections.abc import Iterator
from typing import Final

from ecosystem.trading.contract import (
    Alert,
    Cause,
    CircuitBreakerOpened,
    PriceTicked,
    RiskAlertEscalated,
    RiskAlertRaised,
    Strategy,
    View,
    Wish,
)
from ecosystem.trading.misbehaving.orders import market_order

BREACHES: Final = (RiskAlertRaised, RiskAlertEscalated, CircuitBreakerOpened)
DOUBLINGS_MAX: Final = 7


class RiskIgnorant(Strategy):
    """Takes an alert for a better price: each breach is answered by twice the last order."""

    def __init__(
        self, venue: str, instruments: tuple[str, ...], notional_e8: int, starts_at_us: int
    ) -> None:
        self.instruments = instruments  # type: ignore[misc]  # of this instance, not of the class
        self._venue = venue
        self._notional_e8 = notional_e8
        self._starts_at_us = starts_at_us
        self._breaches = 0

    def on_alert(self, alert: Alert) -> None:
        """Count the breaches since the beginning."""
        if isinstance(alert, BREACHES) and alert.event_time_us >= self._starts_at_us:
            self._breaches += 1

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield the first order with the first tick, and a doubled one with each breach."""
        begins = isinstance(cause, PriceTicked) and view.last_order_us(cause.instrument) is None
        if not begins and not isinstance(cause, BREACHES):
            return
        size_e8 = self._notional_e8 << min(self._breaches, DOUBLINGS_MAX)
        named = (cause.instrument,) if isinstance(cause, PriceTicked) else self.instruments
        for symbol in named:
            order = market_order(view, self._venue, symbol, "BUY", size_e8)
            if order is not None:
                yield order
