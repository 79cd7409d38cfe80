"""What an earlier life of the monitor said, pure: its own records, told apart by slice."""

from collections.abc import Iterable, Sequence

import msgspec

from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.risk.acts import is_act


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between two heartbeats, the second included."""

    acts: Sequence[Event]
    """Facts of acts with what followed from them: taken in before the slice."""
    alerts: Sequence[Event]
    """What followed from the slice."""
    heartbeat: RiskHeartbeat | None
    """None after the last one."""


def said_by_slice(past: Iterable[Event]) -> list[Said]:
    """Return what was said, slice by slice; what follows the last heartbeat at the end.

    Args:
        past: the monitor's own records, in the order of the log.
    """
    said: list[Said] = []
    acts: list[Event] = []
    alerts: list[Event] = []
    done: set[EventId] = set()
    for event in past:
        if isinstance(event, RiskHeartbeat):
            said.append(Said(acts=acts, alerts=alerts, heartbeat=event))
            acts, alerts = [], []
            done.clear()
        elif not alerts and (is_act(event) or event.causation_id in done):
            acts.append(event)
            done.add(event.event_id)
        else:
            alerts.append(event)
    return [*said, Said(acts=acts, alerts=alerts, heartbeat=None)]
