"""Every event type of the control plane."""

from typing import Final

from ecosystem.events.control import audit, scenario, signals
from ecosystem.events.envelope import Event

CONTROL_EVENTS: Final[tuple[type[Event], ...]] = (
    signals.StrategySignalled,
    signals.StrategyStartRequested,
    signals.StrategyStopRequested,
    signals.StrategyReplaceRequested,
    signals.StrategyStateChanged,
    signals.StrategyRequestRefused,
    signals.OrderWithheld,
    scenario.RunStarted,
    scenario.InjectionScheduled,
    scenario.InjectionCancelRequested,
    scenario.InjectionApplied,
    scenario.InjectionEnded,
    scenario.RunCompleted,
    audit.TimelineCompleted,
    audit.AuditReported,
)
