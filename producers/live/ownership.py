"""Who wrote an event, where several services write one topic."""

from collections.abc import Mapping
from typing import Final

from ecosystem.events import balances, clock, fills, orders, prices, settlements, venues
from ecosystem.events.control import scenario, signals
from ecosystem.events.envelope import Event

OWN_TYPES: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "market-data": (prices.PriceTicked, prices.FeedHeartbeat),
    "exchange": (
        orders.OrderAccepted,
        orders.OrderRejected,
        orders.OrderCancelled,
        orders.OrderReplaced,
        orders.OrderExpired,
        fills.OrderFilled,
    ),
    "custodian": (
        settlements.SettlementInstructed,
        settlements.SettlementCompleted,
        settlements.SettlementFailed,
        settlements.SettlementDelayed,
    ),
    "trading-engine": (
        orders.OrderSubmitted,
        orders.OrderCancelRequested,
        orders.OrderReplaceRequested,
        signals.StrategySignalled,
    ),
    "clock": (clock.ClockAdvanced,),
}


def is_own(service: str, event: Event) -> bool:
    """Return whether `service` wrote `event`."""
    if isinstance(event, balances.BalanceChanged | venues.VenueStatusChanged):
        return event.venue == service
    if isinstance(event, scenario.InjectionApplied | scenario.InjectionEnded):
        return True  # machines tell their injections apart by id, and those of others are harmless
    return isinstance(event, OWN_TYPES[service])
