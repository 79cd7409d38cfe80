"""What was done to the ecosystem."""

from ecosystem.events.control.words import HostKind, MonitorStatus, PartitionRange, RunStatus
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId


class RunStarted(Event, frozen=True, kw_only=True, gc=False):
    """A scenario began to run."""

    run_id: str
    scenario: str
    scenario_text: str
    scenario_json: str
    seed: int
    host: HostKind
    ends_at_us: int
    slice_us: int
    reaction_slices: int
    twin: bool
    settings_json: str
    software_version: str


class InjectionScheduled(Event, frozen=True, kw_only=True, gc=False):
    """A fault will be injected, with these parameters."""

    run_id: str
    injection_id: EventId
    name: str
    kind: str
    target: str
    starts_at_us: int
    ends_at_us: int
    parameters_json: str


class InjectionCancelRequested(Event, frozen=True, kw_only=True, gc=False):
    """Somebody asked for an injection to end before its time."""

    run_id: str
    injection_id: EventId | None
    target: str
    reason: str


class InjectionApplied(Event, frozen=True, kw_only=True, gc=False):
    """An injection altered a production event."""

    run_id: str
    injection_id: EventId
    altered_event_id: EventId
    altered_correlation_id: EventId
    measure: str
    unaltered_e8: int
    altered_e8: int


class InjectionEnded(Event, frozen=True, kw_only=True, gc=False):
    """An injection is over."""

    run_id: str
    injection_id: EventId
    applied_count: int


class RunCompleted(Event, frozen=True, kw_only=True, gc=False):
    """A run is over; its records are those in these ranges."""

    run_id: str
    status: RunStatus
    reason: str
    monitor_status: MonitorStatus
    ranges: tuple[PartitionRange, ...]
