"""Unsettled exposure: what is under way with each venue, at the marks of now."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.settlements import SettlementInstructed
from ecosystem.risk.rules.unsettled_exposure import KIND, UnsettledExposureLimit
from ecosystem.risk.settlements import SAME_DAY_US
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, tick
from tests.ecosystem.risk.rules.levels import LEVELS, SCALE
from tests.ecosystem.risk.rules.rig import Rig
from tests.ecosystem.risk.rules.test_settlement_timeout import (
    VENUE,
    completed,
    delayed,
    failed,
    instructed,
)

LIMIT = UnsettledExposureLimit(exposure_e8=1_000 * E8)


def of(number: int, amount_e8: int, asset: str = "USD", venue: str = VENUE) -> SettlementInstructed:
    return msgspec.structs.replace(instructed(number, 600, venue), amount_e8=amount_e8, asset=asset)


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, UnsettledExposureLimit(exposure_e8=E8))
    begun = of(1, share_e8)
    found = rig.take(begun)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[0], begun)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, VENUE, severity)
        assert (alert.measured_e8, alert.unit) == (share_e8, "USD")


def test_a_story_of_settlements_that_pile_up_and_end() -> None:
    rig = Rig(KIND, LIMIT)
    assert rig.take(of(1, 400 * E8), of(2, 900 * E8, venue="exchange-binance"))[0].watch.subject
    late, second = delayed(1, 500, due_s=90_000), of(3, 200 * E8)
    rig.take(late)
    found = rig.one(second)
    assert found is not None
    assert found.message == ("600.00 USD are under way with exchange-okx; the limit is 1000.00 USD")
    first_id = of(1, 1).event_id
    assert found.inputs == (first_id, late.event_id, second.event_id)
    rig.book.decide(found, second)
    assert rig.take(completed(1, 700)) != []
    ended = failed(3, 800)
    over = rig.one(ended)
    assert over is not None
    assert isinstance(rig.book.decide(over, ended), RiskAlertResolved)


def test_marks_move_what_is_under_way() -> None:
    rig = Rig(KIND, LIMIT)
    assert rig.take(of(1, E8 // 100, "BTC")) == []
    rig.take(tick(0, 40_000))
    assert rig.wait(at(1)) == []
    rig.take(tick(2, 60_000))
    assert rig.wait(at(2)) == []
    (found,) = rig.wait(at(61))
    assert (found.measured_e8, found.utilisation_e8) == (600 * E8, 60_000_000)
    rig.book.decide(found, clock(61, 1))
    rig.take(tick(100, 30_000))
    (over,) = rig.wait(at(121))
    assert over.measured_e8 == 300 * E8


def test_what_is_promised_for_another_day_is_under_way_when_it_is_due() -> None:
    rig = Rig(KIND, LIMIT)
    later = msgspec.structs.replace(
        of(1, 900 * E8), due_time_us=at(0) + SAME_DAY_US + 60 * SECOND_US
    )
    same_day = msgspec.structs.replace(of(2, 100 * E8), due_time_us=at(0) + SAME_DAY_US)
    assert rig.take(later, same_day) == []
    assert rig.wait(at(SAME_DAY_US // SECOND_US)) == []
    (found,) = rig.wait(at(SAME_DAY_US // SECOND_US + 60))
    assert (found.measured_e8, found.inputs) == (1_000 * E8, (later.event_id, same_day.event_id))
    rig.book.decide(found, clock(1, 1))
    assert [one.measured_e8 for one in rig.take(completed(1, 2))] == [100 * E8]
    ended_early = msgspec.structs.replace(later, settlement_id=completed(3, 1).settlement_id)
    rig.take(ended_early, completed(3, 1))
    rig.wait(at(10**6))
    assert rig.state.settlements.unsettled_e8 == {VENUE: {"USD": 100 * E8}}


def test_a_settlement_told_twice_counts_once() -> None:
    rig = Rig(KIND, LIMIT)
    assert rig.take(*[of(1, 499 * E8)] * 3) == []
    assert rig.take(completed(1, 1), completed(1, 1)) == []
    assert rig.state.settlements.unsettled_e8 == {VENUE: {"USD": 0}}


@given(
    steps=st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 9),
            st.integers(1, 10**14),
            st.sampled_from(["USD", "BTC"]),
            st.sampled_from([VENUE, "exchange-binance"]),
        ),
        max_size=40,
    )
)
def test_the_measure_is_the_sum_over_what_is_open(
    steps: list[tuple[bool, int, int, str, str]],
) -> None:
    scale = msgspec.structs.replace(SCALE, shares_e8=(1, E8, 2 * E8, 3 * E8), clear_e8=0)
    rig = Rig(KIND, UnsettledExposureLimit(exposure_e8=1), scale=scale)
    rig.take(tick(0, 60_000))
    price = {"USD": 1, "BTC": 60_000}
    opened: dict[int, tuple[int, str, str]] = {}
    for begins, number, amount_e8, asset, venue in steps:
        if begins:
            found = rig.take(of(number, amount_e8, asset, venue))
            opened.setdefault(number, (amount_e8, asset, venue))
        else:
            ended = msgspec.structs.replace(completed(number, 1), venue=venue)
            found = rig.take(ended)
            if number in opened and opened[number][2] != venue:
                opened.pop(number)
                continue
            opened.pop(number, None)
        worth_e8 = sum(
            amount * price[of_] for amount, of_, at_venue in opened.values() if at_venue == venue
        )
        assert [one.measured_e8 for one in found] == ([worth_e8] if worth_e8 else [])
