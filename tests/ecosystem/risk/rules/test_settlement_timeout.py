"""Settlement timeout: what was promised first counts, at each severity and over random lives."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.settlements import (
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.risk.rules.settlement_timeout import KIND, LOOK_EVERY_US, SettlementTimeoutLimit
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, event_id
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = SettlementTimeoutLimit(overdue_us=300 * SECOND_US)
VENUE = "exchange-okx"


def instructed(number: int, due_s: float, venue: str = VENUE) -> SettlementInstructed:
    settlement_id = event_id("settlement", number)
    return SettlementInstructed(
        event_id=settlement_id,
        correlation_id=settlement_id,
        causation_id=settlement_id,
        event_time_us=at(0),
        settlement_id=settlement_id,
        venue=venue,
        account="firm-momentum",
        custody_account="custody-firm",
        asset="USD",
        amount_e8=E8,
        kind="CRYPTO_INTERNAL",
        due_time_us=at(due_s),
        direction="TO_CUSTODY",
        approvals_needed=0,
    )


def completed(number: int, seconds: float) -> SettlementCompleted:
    settlement_id = event_id("settlement", number)
    return SettlementCompleted(
        event_id=event_id("completed", number),
        correlation_id=settlement_id,
        causation_id=settlement_id,
        event_time_us=at(seconds),
        settlement_id=settlement_id,
        venue=VENUE,
        account="firm-momentum",
        custody_account="custody-firm",
        asset="USD",
        amount_e8=E8,
        direction="TO_CUSTODY",
    )


def failed(number: int, seconds: float) -> SettlementFailed:
    settlement_id = event_id("settlement", number)
    return SettlementFailed(
        event_id=event_id("failed", number),
        correlation_id=settlement_id,
        causation_id=settlement_id,
        event_time_us=at(seconds),
        settlement_id=settlement_id,
        venue=VENUE,
        account="firm-momentum",
        custody_account="custody-firm",
        asset="USD",
        amount_e8=E8,
        reason="off",
        direction="TO_CUSTODY",
    )


def delayed(number: int, seconds: float, due_s: float) -> SettlementDelayed:
    settlement_id = event_id("settlement", number)
    return SettlementDelayed(
        event_id=event_id("delayed", number),
        correlation_id=settlement_id,
        causation_id=settlement_id,
        event_time_us=at(seconds),
        settlement_id=settlement_id,
        venue=VENUE,
        account="firm-momentum",
        custody_account="custody-firm",
        asset="USD",
        amount_e8=E8,
        due_time_us=at(due_s),
        reason="later",
    )


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, SettlementTimeoutLimit(overdue_us=100 * E8))
    order = instructed(1, 600)
    rig.take(order)
    found = rig.wait(order.due_time_us + 100 * share_e8)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[0], clock(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, VENUE, severity)
        assert (alert.unit, alert.inputs[1:]) == ("s", (order.event_id,))


def test_an_announced_delay_does_not_move_what_was_promised() -> None:
    rig = Rig(KIND, LIMIT)
    late = delayed(1, 500, due_s=90_000)
    rig.take(instructed(1, 600), late)
    (finding,) = rig.wait(at(900))
    assert (finding.measured_e8, finding.utilisation_e8) == (300 * E8, E8)
    assert finding.inputs == (event_id("settlement", 1), late.event_id)
    assert finding.message == (
        "1 settlements with exchange-okx are overdue, the first by 5.0 minutes; the limit is 5.0"
    )


def test_it_is_over_when_the_settlement_has_ended_in_any_way() -> None:
    for end in (completed(1, 950), failed(1, 950)):
        rig = Rig(KIND, LIMIT)
        rig.take(instructed(1, 600))
        (finding,) = rig.wait(at(900))
        assert isinstance(rig.book.decide(finding, clock(900, 0)), RiskAlertRaised)
        rig.take(end)
        (over,) = rig.wait(at(960))
        assert isinstance(rig.book.decide(over, clock(960, 1)), RiskAlertResolved)


def test_each_venue_is_watched_by_itself_and_its_most_overdue_counts() -> None:
    rig = Rig(KIND, LIMIT)
    rig.take(instructed(1, 700), instructed(2, 600), instructed(3, 650, "exchange-binance"))
    found = {finding.watch.subject: finding for finding in rig.wait(at(1000))}
    assert found[VENUE].measured_e8 == 400 * E8
    assert found[VENUE].inputs == (event_id("settlement", 2), event_id("settlement", 1))
    assert found["exchange-binance"].measured_e8 == 350 * E8


@given(
    lives=st.lists(
        st.tuples(st.integers(10, 2_000), st.integers(0, 3_000)), min_size=1, max_size=12
    )
)
def test_at_every_look_the_measure_is_the_longest_time_overdue(
    lives: list[tuple[int, int]],
) -> None:
    rig = Rig(KIND, LIMIT)
    for number, (due_s, _) in enumerate(lives):
        rig.take(instructed(number, due_s))
    ended: set[int] = set()
    for second in range(0, 3_500, LOOK_EVERY_US // SECOND_US):
        for number, (_, ends_s) in enumerate(lives):
            if number not in ended and ends_s <= second:
                rig.take(completed(number, ends_s))
                ended.add(number)
        overdue_s = max(
            (second - due_s for number, (due_s, _) in enumerate(lives) if number not in ended),
            default=0,
        )
        found = rig.wait(at(second))
        expected = severity_of(max(overdue_s, 0) * E8 // 300)
        assert bool(found) == (expected is not None)
