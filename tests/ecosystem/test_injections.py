"""Injections as machines keep them: schedules, activity, notes and ends."""

import itertools

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.injections import Injections, check_bounds, read_parameters


class Outage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    share_e8: int


def read_outage(scheduled: InjectionScheduled) -> Outage:
    outage = read_parameters(scheduled, Outage)
    check_bounds(scheduled, ("share_e8", outage.share_e8, 0, 100))
    return outage


def new_injections() -> Injections[Outage]:
    return Injections("exchange-okx", {"outage": read_outage})


def scheduled(
    number: int = 1, *, target: str = "exchange-okx", kind: str = "outage", parameters: str = ""
) -> InjectionScheduled:
    event_id = EventId(bytes([number]) * 16)
    return InjectionScheduled(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=0,
        run_id="run",
        injection_id=event_id,
        name=f"outage-{number}",
        kind=kind,
        target=target,
        starts_at_us=100,
        ends_at_us=200,
        parameters_json=parameters or '{"share_e8": 50}',
    )


def cancel(injection_id: EventId | None, at_us: int) -> InjectionCancelRequested:
    event_id = EventId(bytes([9]) * 16)
    return InjectionCancelRequested(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        run_id="run",
        injection_id=injection_id,
        target="exchange-okx",
        reason="enough",
    )


def altered(number: int) -> VenueStatusChanged:
    event_id = EventId(bytes([100 + number]) * 16)
    return VenueStatusChanged(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=150,
        venue="exchange-okx",
        state="DOWN",
        reason="maintenance",
    )


@pytest.mark.parametrize(("now_us", "active"), [(99, 0), (100, 1), (199, 1), (200, 0)])
def test_an_injection_is_active_from_its_start_until_before_its_end(
    now_us: int, active: int
) -> None:
    injections = new_injections()
    injections.learn(scheduled())
    assert len(injections.active(now_us)) == active


def test_its_end_is_announced_once_with_the_number_of_events_it_altered() -> None:
    injections = new_injections()
    injections.learn(scheduled())
    (injection,) = injections.active(150)
    notes = [
        injections.applied(injection, altered(n), "uptime", unaltered_e8=1, altered_e8=0)
        for n in range(3)
    ]
    assert len({note.event_id for note in notes}) == 3
    assert {note.causation_id for note in notes} == {injection.scheduled.event_id}
    assert injections.due_us() == 200
    assert injections.ended(199) == []
    (ended,) = injections.ended(200)
    assert (ended.applied_count, ended.event_time_us) == (3, 200)
    assert injections.ended(300) == []
    assert injections.due_us() is None


@pytest.mark.parametrize("named", [True, False])
def test_one_that_is_called_off_ends_at_once(named: bool) -> None:
    injections = new_injections()
    injections.learn(scheduled())
    injections.learn(cancel(scheduled().injection_id if named else None, 120))
    assert injections.active(119)
    assert not injections.active(120)
    assert injections.due_us() == 120


def test_calling_one_off_leaves_the_others() -> None:
    injections = new_injections()
    injections.learn(scheduled(1))
    injections.learn(scheduled(2))
    injections.learn(cancel(scheduled(1).injection_id, 120))
    assert [one.scheduled.name for one in injections.active(150)] == ["outage-2"]


def test_the_past_may_be_shown_in_any_order() -> None:
    live = new_injections()
    first = scheduled()
    live.learn(first)
    (injection,) = live.active(150)
    note = live.applied(injection, altered(0), "uptime", unaltered_e8=1, altered_e8=0)
    (ended,) = live.ended(200)
    past: list[Event] = [first, note, ended]
    for order in itertools.permutations(past):
        restored = new_injections()
        for event in order:
            restored.learn(event)
        (known,) = restored
        assert (known.applied_count, known.ended) == (1, True)
        assert restored.ended(500) == []


def test_what_is_for_others_is_left_to_them() -> None:
    injections = new_injections()
    injections.learn(scheduled(target="custodian", kind="offline"))
    assert list(injections) == []


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (scheduled(kind="flood"), "kind 'flood' found; exchange-okx applies outage"),
        (scheduled(parameters='{"share_e8": 101}'), "share_e8 101 found; 0 to 100 is allowed"),
        (scheduled(parameters='{"share": 1}'), "unknown field `share`"),
        (scheduled(parameters="{}"), "missing required field `share_e8`"),
    ],
)
def test_what_cannot_be_applied_is_refused_with_what_is_allowed(
    event: InjectionScheduled, message: str
) -> None:
    injections = new_injections()
    with pytest.raises(InvalidInputError, match=message):
        injections.learn(event)
    assert list(injections) == []


def test_facts_of_an_injection_are_facts_of_its_tree() -> None:
    injections = new_injections()
    injections.learn(scheduled())
    (injection,) = injections.active(150)
    note = injections.applied(injection, altered(0), "uptime", unaltered_e8=1, altered_e8=0)
    (ended,) = injections.ended(200)
    assert isinstance(note, InjectionApplied)
    assert isinstance(ended, InjectionEnded)
    assert {note.correlation_id, ended.correlation_id} == {scheduled().correlation_id}
