"""Inputs silent: what no event can bring is observed by the wall, and ends with the next event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import (
    InputsSilenceObserved,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.inputs_silent import KIND, InputsSilentLimit
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE, at, clock, event_id, limits, placed
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LIMIT_S = 60


def silence(silent_for_us: int, number: int = 0) -> InputsSilenceObserved:
    fact_id = event_id("silence", number)
    return InputsSilenceObserved(
        event_id=fact_id,
        correlation_id=fact_id,
        causation_id=fact_id,
        event_time_us=at(0),
        monitor="risk-monitor",
        silent_for_us=silent_for_us,
        last_event_id=event_id("last", 0),
    )


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, InputsSilentLimit(silence_us=E8))
    observed = silence(share_e8)
    found = rig.one(observed)
    assert (found is not None) == (severity is not None)
    if found is not None:
        alert = rig.book.decide(found, observed)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, "inputs", severity)
        assert alert.inputs == (observed.event_id, observed.last_event_id)


def test_the_next_event_ends_it() -> None:
    rig = Rig(KIND, InputsSilentLimit(silence_us=LIMIT_S * SECOND_US))
    observed = silence(60 * SECOND_US)
    found = rig.one(observed)
    assert found is not None
    assert found.message == ("no record came from any input for 60.0 s; the limit is 60.0 s")
    rig.book.decide(found, observed)
    (over,) = rig.wait(at(1))
    assert isinstance(rig.book.decide(over, clock(1, 0)), RiskAlertResolved)
    assert rig.wait(at(2)) == []


class Quiet:
    """An engine that has seen one event, and then nothing; the wall asks it now and then."""

    def __init__(self) -> None:
        self.engine = RiskEngine(limits())
        self.engine.process_slice(placed([clock(10, 1)]))

    def asked(self, silent_for_us: int) -> list[Event]:
        due_us = self.engine.silence_due_us
        if due_us is None or silent_for_us < due_us:
            return []
        return list(self.engine.observe_silence(silent_for_us))


def test_a_silence_is_raised_escalated_as_it_lasts_and_resolved_by_the_first_word() -> None:
    quiet = Quiet()
    told = [event for s in range(0, 600, 5) for event in quiet.asked(s * SECOND_US)]
    alerts = [e for e in told if isinstance(e, RiskAlertRaised | RiskAlertEscalated)]
    assert [(alert.severity, alert.measured_e8 // E8) for alert in alerts] == [
        ("LOW", 30),
        ("MEDIUM", 45),
        ("HIGH", 55),
        ("CRITICAL", 60),
    ]
    assert {event.event_time_us for event in told} == {at(10)}
    facts = [e for e in told if isinstance(e, InputsSilenceObserved)]
    assert [fact.silent_for_us // SECOND_US for fact in facts] == [30, 45, 55, 60]
    assert all(fact.is_root for fact in facts)
    assert {quiet.engine.acted(fact.event_id) for fact in facts} == {None}
    over = quiet.engine.process_slice(placed([clock(700, 2)], 10))
    assert [type(event) for event in over if isinstance(event, RiskAlertResolved)]
    assert quiet.engine.book.active_count() == 0


@given(steps_s=st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_each_severity_is_told_once_and_as_soon_as_it_is_asked_for(steps_s: list[int]) -> None:
    quiet, silent_s, told = Quiet(), 0, []
    for step_s in steps_s:
        silent_s += step_s
        told += [
            event.severity
            for event in quiet.asked(silent_s * SECOND_US)
            if isinstance(event, RiskAlertRaised | RiskAlertEscalated)
        ]
        due = severity_of(silent_s * E8 // LIMIT_S)
        assert (told[-1] if told else None) == due
    assert len(set(told)) == len(told)


def test_within_the_cooldown_the_wall_is_not_asked_for_the_same_word_again_and_again() -> None:
    quiet = Quiet()
    quiet.asked(60 * SECOND_US)
    quiet.engine.process_slice(placed([clock(20, 2)], 10))
    again = [event for s in range(0, 600, 5) for event in quiet.asked(s * SECOND_US)]
    assert [type(event) for event in again] == [InputsSilenceObserved] * 4


def test_a_quiet_engine_says_nothing_before_its_first_event_or_without_the_rule() -> None:
    assert RiskEngine(limits()).silence_due_us is None
    off = LAB_LIMITS_FILE.read_text().replace(
        "[inputs_silent]", "[inputs_silent]\nenabled = false\n#"
    )
    engine = RiskEngine(parse_limits(off, "off"))
    engine.process_slice(placed([clock(10, 1)]))
    assert engine.silence_due_us is None


@pytest.mark.parametrize("observed_s", [30, 50, 60])
def test_a_restored_engine_goes_on_with_the_silence(observed_s: int) -> None:
    quiet, again = Quiet(), RiskEngine(limits())
    facts = quiet.asked(observed_s * SECOND_US)
    again.restore_slice(placed([clock(10, 1)]))
    for event in facts:
        again.restore_alert(event)
    assert again.silence_due_us == quiet.engine.silence_due_us
    over = placed([clock(700, 2)], 10)
    assert again.process_slice(over) == quiet.engine.process_slice(over) != []
