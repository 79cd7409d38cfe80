"""Every event type of the production plane."""

from typing import Final

from ecosystem.events import (
    alerts,
    balances,
    clock,
    dead_letters,
    fills,
    orders,
    prices,
    settlements,
    venues,
)
from ecosystem.events.envelope import Event

PRODUCTION_EVENTS: Final[tuple[type[Event], ...]] = (
    prices.PriceTicked,
    prices.FeedHeartbeat,
    orders.OrderSubmitted,
    orders.OrderAccepted,
    orders.OrderRejected,
    orders.OrderCancelRequested,
    orders.OrderCancelled,
    orders.OrderReplaceRequested,
    orders.OrderReplaced,
    orders.OrderExpired,
    fills.OrderFilled,
    balances.BalanceChanged,
    settlements.SettlementInstructed,
    settlements.SettlementCompleted,
    settlements.SettlementFailed,
    settlements.SettlementDelayed,
    clock.ClockAdvanced,
    venues.VenueStatusChanged,
    alerts.RiskAlertRaised,
    alerts.RiskAlertEscalated,
    alerts.RiskAlertAcknowledged,
    alerts.RiskAlertResolved,
    alerts.CircuitBreakerOpened,
    alerts.CircuitBreakerClosed,
    alerts.RiskHeartbeat,
    dead_letters.RecordDeadLettered,
)
