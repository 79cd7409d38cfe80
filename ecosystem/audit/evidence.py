"""What a run's control events and alerts say, gathered in an order that nothing can disturb."""

from collections.abc import Iterable, Mapping

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import CircuitBreakerOpened, RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionEnded,
    InjectionScheduled,
    RunCompleted,
    RunStarted,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.scenario import Scenario

Alert = RiskAlertRaised | RiskAlertEscalated
WITH_INPUTS = (RiskAlertRaised, RiskAlertEscalated, CircuitBreakerOpened)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The decoded events of one run that a judge must understand, each once."""

    completed: RunCompleted
    started: RunStarted | None
    scheduled: tuple[InjectionScheduled, ...]
    applied: tuple[InjectionApplied, ...]
    ended: tuple[InjectionEnded, ...]
    alerts: tuple[Alert, ...]
    inputs: Mapping[EventId, tuple[EventId, ...]]
    """For each event that names its inputs, the inputs."""
    contradicted: tuple[EventId, ...] = ()
    """Ids that stand on the log with more than one content."""


def gather(completed: RunCompleted, events: Iterable[Event]) -> Evidence:
    """Return the evidence for the run that `completed` ends.

    Args:
        events: control events, of this run and perhaps of others, and alerts of this run; order
            and repetition make no difference.
    """
    unique: dict[EventId, Event] = {}
    contradicted: set[EventId] = set()
    for event in events:
        if unique.setdefault(event.event_id, event) != event:
            contradicted.add(event.event_id)
    ordered = sorted(unique.values(), key=lambda event: (event.event_time_us, event.event_id))
    run_id = completed.run_id
    own = [event for event in ordered if getattr(event, "run_id", run_id) == run_id]
    return Evidence(
        completed=completed,
        started=next((event for event in own if isinstance(event, RunStarted)), None),
        scheduled=tuple(event for event in own if isinstance(event, InjectionScheduled)),
        applied=tuple(event for event in own if isinstance(event, InjectionApplied)),
        ended=tuple(event for event in own if isinstance(event, InjectionEnded)),
        alerts=tuple(
            event for event in own if isinstance(event, RiskAlertRaised | RiskAlertEscalated)
        ),
        inputs={event.event_id: event.inputs for event in own if isinstance(event, WITH_INPUTS)},
        contradicted=tuple(sorted(contradicted)),
    )


def scenario_of(started: RunStarted) -> Scenario:
    """Return the scenario as the run understood it; of a twin, without what was not done.

    Raises:
        InvalidInputError: the text is no scenario.
    """
    try:
        scenario = msgspec.json.decode(started.scenario_json, type=Scenario)
    except msgspec.MsgspecError as error:
        raise InvalidInputError(f"scenario of run {started.run_id}: {error}") from error
    if started.twin:
        return msgspec.structs.replace(scenario, injections=(), effects=(), expectations=())
    return scenario
