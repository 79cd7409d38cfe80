"""What an earlier life said, told apart by slice: acts first, then what followed from the slice."""

from consumers.risk_monitor.past import said_by_slice
from ecosystem.events.alerts import (
    ComplianceStatusChanged,
    LimitsChanged,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskHeartbeat,
)
from ecosystem.events.envelope import Event
from tests.consumers.risk_monitor.histories import history, said_on


def test_nothing_is_lost_and_each_slice_ends_with_its_heartbeat() -> None:
    past = said_on(history())
    said = said_by_slice(past)
    assert [beat for one in said if (beat := one.heartbeat)] == [
        event for event in past if isinstance(event, RiskHeartbeat)
    ]
    assert said[-1].heartbeat is None
    again: list[Event] = []
    for one in said:
        again += [*one.acts, *one.alerts, *([one.heartbeat] if one.heartbeat else [])]
    assert again == past


def test_what_followed_from_an_act_belongs_to_it_and_not_to_the_slice_after_it() -> None:
    said = said_by_slice(said_on(history()))
    (switched_off,) = [one for one in said if any(type(e) is RiskAlertExpired for e in one.acts)]
    kinds = [type(event) for event in switched_off.acts]
    assert kinds[0] is LimitsChanged
    assert set(kinds[1:]) == {RiskAlertExpired, ComplianceStatusChanged}
    assert not any(type(event) is RiskAlertExpired for one in said for event in one.alerts)
    assert any(type(event) is RiskAlertRaised for one in said for event in one.alerts)


def test_who_never_spoke_has_said_nothing() -> None:
    (nothing,) = said_by_slice([])
    assert (list(nothing.acts), list(nothing.alerts), nothing.heartbeat) == ([], [], None)
