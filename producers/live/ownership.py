"""Who wrote an event, where several services write one topic."""

from collections.abc import Mapping
from typing import Final

from ecosystem.events import (
    accounts,
    balances,
    books,
    clock,
    fills,
    orders,
    prices,
    settlements,
    venues,
)
from ecosystem.events.control import scenario, signals
from ecosystem.events.envelope import Event

VENUE_TYPES: Final = (
    accounts.AccountOpened,
    accounts.AccountRequestRejected,
    accounts.AccountStateChanged,
    accounts.PositionChanged,
    accounts.PositionLiquidated,
    accounts.CustodyAllocated,
    balances.BalanceChanged,
    books.BookQuoted,
    books.FundingRateSet,
    fills.OrderFilled,
    orders.OrderAccepted,
    orders.OrderCancelled,
    orders.OrderExpired,
    orders.OrderRejected,
    orders.OrderReplaced,
    orders.OrderTriggered,
    venues.VenueStatusChanged,
)
"""Events that name the venue, custodian or feed that wrote them."""
OWN_TYPES: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "market-data": (prices.PriceTicked, prices.FeedHeartbeat, prices.BarClosed),
    "custodian": (
        settlements.SettlementInstructed,
        settlements.SettlementCompleted,
        settlements.SettlementFailed,
        settlements.SettlementDelayed,
        settlements.SettlementApproved,
        settlements.SettlementStarted,
        settlements.SettlementCancelled,
        settlements.ReconciliationCompleted,
        settlements.TransferRejected,
    ),
    "trading-engine": (
        orders.OrderSubmitted,
        orders.OrderCancelRequested,
        orders.OrderReplaceRequested,
        signals.StrategySignalled,
        signals.StrategyStateChanged,
        signals.StrategyRequestRefused,
        signals.OrderWithheld,
    ),
    "clock": (clock.ClockAdvanced,),
}


def is_own(service: str, event: Event) -> bool:
    """Return whether `service` wrote `event`."""
    if isinstance(event, VENUE_TYPES):
        return event.venue == service
    if isinstance(event, scenario.InjectionApplied | scenario.InjectionEnded):
        return True  # machines tell their injections apart by id, and those of others are harmless
    return isinstance(event, OWN_TYPES.get(service, ()))
