"""Trailing stop: the fall from the best price, at each severity and over random paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.trailing_stop import KIND, TrailingStopLimit
from ecosystem.risk.watch import Finding
from ecosystem.units import E8
from tests.ecosystem.risk.facts import tick
from tests.ecosystem.risk.rules.firms import Firm
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LIMIT_E8 = E8 // 4


def firm(held_e8: int = E8) -> Firm:
    owner = Firm(Rig(KIND, TrailingStopLimit(move_e8=LIMIT_E8), limit_version=7))
    owner.hold("BTC", held_e8)
    return owner


def price(owner: Firm, seconds: int, mid_e8: int) -> Finding | None:
    finding = owner.rig.one(tick(seconds, 0, mid_e8=mid_e8, bid_e8=mid_e8, ask_e8=mid_e8))
    if finding is not None:
        owner.rig.book.decide(finding, tick(seconds, 1))
    return finding


@LEVELS
@pytest.mark.parametrize("sign", [1, -1])
def test_severity_at_each_share_of_the_limit(
    share_e8: int, severity: str | None, sign: int
) -> None:
    owner = firm(sign * E8)
    assert price(owner, 1, E8) is None
    move_e8 = share_e8 // 4
    finding = price(owner, 2, E8 - sign * move_e8)
    expected = severity_of(move_e8 * 4)
    assert expected == severity or share_e8 % 4
    assert (finding is None) == (expected is None)
    if finding is not None:
        told = finding.watch.told
        assert isinstance(told, RiskAlertRaised)
        assert (told.rule, told.subject, told.severity) == (KIND.name, "BTC", expected)
        assert (told.measured_e8, told.limit_e8) == (move_e8, LIMIT_E8)
        assert (told.unit, told.limit_version) == ("ratio", 7)


STEPS = st.lists(st.tuples(st.integers(-2, 2), st.integers(50, 200)), min_size=1, max_size=40)


@given(steps=STEPS)
def test_the_best_price_is_that_since_the_position_is_as_it_is(
    steps: list[tuple[int, int]],
) -> None:
    owner, since, side = firm(0), list[int](), 0
    for number, (contracts, mid) in enumerate(steps):
        owner.contracts(contracts * E8)
        price(owner, number + 1, mid * E8)
        now = (contracts > 0) - (contracts < 0)
        since = [*since, mid] if now == side else [mid]
        side = now
        best = max(since) if side > 0 else min(since)
        move_e8 = (best - mid) * side * E8 // best
        watches = {watch.subject: watch for watch in owner.rig.book.watches()}
        assert watches["BTC"].utilisation_e8 == move_e8 * 4


def test_a_fall_is_told_with_the_best_price_and_resolved_when_the_position_is_closed() -> None:
    owner = firm()
    for second, mid in enumerate((100, 120, 110)):
        assert price(owner, second, mid * E8) is None
    finding = price(owner, 3, 96 * E8)
    assert finding is not None
    assert finding.message == (
        "BTC, held long, is 20.00 % from its best price; the limit is 25.00 %"
    )
    assert finding.inputs == (tick(3, 0).event_id, tick(1, 0).event_id)
    owner.hold("BTC", 0)
    assert price(owner, 4, 95 * E8) is not None
    assert owner.rig.book.active_count() == 0
    owner.hold("BTC", E8)
    assert price(owner, 5, 94 * E8) is None


def test_what_is_not_held_and_what_marks_nothing_is_quiet() -> None:
    owner = firm(0)
    assert price(owner, 1, 100 * E8) is None
    assert price(owner, 2, 10 * E8) is None
    assert owner.rig.take(tick(3, 1, "ETH-BTC"), tick(4, 1, "BTC-USD-PERP")) == []
