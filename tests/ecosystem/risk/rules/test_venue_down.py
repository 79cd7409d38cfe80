"""Venue down: announcements and the time that passes after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import VenueState
from ecosystem.risk.rules.venue_down import KIND, VenueDownLimit
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, event_id
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = VenueDownLimit(down_us=60 * SECOND_US)


def announced(seconds: float, state: VenueState, venue: str = "exchange-okx") -> VenueStatusChanged:
    status_id = event_id(f"status/{venue}", at(seconds))
    return VenueStatusChanged(
        event_id=status_id,
        correlation_id=status_id,
        causation_id=status_id,
        event_time_us=at(seconds),
        venue=venue,
        state=state,
        reason="maintenance",
    )


@pytest.mark.parametrize(
    ("state", "severity"), [("UP", None), ("DEGRADED", "LOW"), ("UNKNOWN", "LOW"), ("DOWN", "HIGH")]
)
def test_an_announcement_counts_at_once(state: VenueState, severity: str | None) -> None:
    rig = Rig(KIND, LIMIT)
    down = announced(10, state)
    finding = rig.one(down)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, down)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, "exchange-okx", severity)
        assert alert.inputs == (down.event_id,)
        assert alert.measured_e8 * E8 // alert.limit_e8 == alert.utilisation_e8


@pytest.mark.parametrize(("waited_us", "seen"), [(-1, False), (0, True), (1, True)])
def test_down_for_longer_than_the_limit_is_critical(waited_us: int, seen: bool) -> None:
    rig = Rig(KIND, LIMIT)
    down = announced(10, "DOWN")
    finding = rig.one(down)
    assert finding is not None
    rig.book.decide(finding, down)
    found = rig.wait(at(70) + waited_us)
    assert bool(found) is seen
    if found:
        alert = rig.book.decide(found[0], clock(70, 0))
        assert isinstance(alert, RiskAlertEscalated)
        assert (alert.severity, alert.measured_e8 // E8) == ("CRITICAL", 60)


def test_a_venue_that_is_up_again_resolves_it_and_a_second_word_of_down_starts_no_new_time() -> (
    None
):
    rig = Rig(KIND, LIMIT)
    for event in (announced(10, "DOWN"), announced(40, "DOWN")):
        for finding in rig.take(event):
            rig.book.decide(finding, event)
    (finding,) = rig.wait(at(70))
    assert finding.utilisation_e8 == E8
    up = announced(80, "UP")
    over = rig.one(up)
    assert over is not None
    assert isinstance(rig.book.decide(over, up), RiskAlertResolved)
    assert rig.wait(at(10_000)) == []


@given(
    words=st.lists(
        st.tuples(
            st.integers(1, 100),
            st.sampled_from(["exchange-okx", "custodian"]),
            st.sampled_from(["UP", "DOWN", "DEGRADED"]),
        ),
        max_size=30,
    )
)
def test_an_alert_is_active_exactly_while_the_last_word_is_not_up(
    words: list[tuple[int, str, VenueState]],
) -> None:
    rig = Rig(KIND, LIMIT)
    seconds, last = 0, dict[str, VenueState]()
    for number, (gap, venue, state) in enumerate(words):
        seconds += gap + 300  # past every cooldown
        for event in (clock(seconds - 1, number), announced(seconds, state, venue)):
            found = (
                rig.take(event)
                if isinstance(event, VenueStatusChanged)
                else rig.wait(event.event_time_us)
            )
            for finding in found:
                rig.book.decide(finding, event)
        last[venue] = state
        active = {watch.subject for watch in rig.book.watches() if watch.alert_id is not None}
        assert active == {venue for venue, word in last.items() if word != "UP"}
