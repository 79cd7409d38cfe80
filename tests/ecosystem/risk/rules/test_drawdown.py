"""Drawdown: the fall from high water, at each severity and over random paths."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.drawdown import KIND, DrawdownLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, event_id, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

FALL_E8 = E8 // 4
HIGH_E8 = 100 * E8


def holding_one_btc(*, limit_version: int = 1) -> Rig:
    rig = Rig(KIND, DrawdownLimit(fall_e8=FALL_E8), limit_version=limit_version)
    portfolio = rig.portfolio
    portfolio.mark("BTC", HIGH_E8, event_id("mark", 0))
    portfolio.balance(Accounts().change(0, "BTC", E8))
    return rig


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = holding_one_btc(limit_version=7)
    portfolio = rig.portfolio
    portfolio.raise_high_water()
    # The high water of 100 makes a fall of 1e-8 of it one unit of 1e-6: exact down to the share.
    fall_e8 = -(-share_e8 // 4)
    portfolio.mark("BTC", HIGH_E8 - fall_e8 * 100, event_id("mark", 1))
    finding = rig.whole()
    expected = severity_of(fall_e8 * 4)
    assert expected == severity or share_e8 % 4
    assert (finding is None) == (expected is None)
    if finding is not None:
        alert = rig.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("drawdown", "portfolio")
        assert (alert.severity, alert.measured_e8) == (expected, fall_e8)
        assert (alert.limit_e8, alert.unit, alert.limit_version) == (FALL_E8, "ratio", 7)


def test_inputs_are_marks_of_now_marks_of_the_high_water_and_balances() -> None:
    rig = holding_one_btc()
    portfolio = rig.portfolio
    portfolio.mark("BTC", 2 * HIGH_E8, event_id("mark", 1))
    portfolio.raise_high_water()
    portfolio.mark("BTC", HIGH_E8, event_id("mark", 2))
    finding = rig.whole()
    assert finding is not None
    assert finding.inputs == (
        event_id("mark", 2),
        event_id("mark", 1),
        event_id("balance/exchange-okx/firm-momentum/BTC", 0),
    )
    assert finding.message == (
        "the portfolio is 50.00 % below its high water; the limit is 25.00 %"
    )


@given(marks_e8=st.lists(st.integers(1, 10**14), min_size=1, max_size=40))
def test_the_fall_is_from_the_highest_mark_so_far(marks_e8: list[int]) -> None:
    rig = holding_one_btc()
    portfolio = rig.portfolio
    portfolio.raise_high_water()
    high_e8 = HIGH_E8
    for number, mark_e8 in enumerate(marks_e8):
        portfolio.mark("BTC", mark_e8, event_id("mark", number + 1))
        portfolio.raise_high_water()
        high_e8 = max(high_e8, mark_e8)
        fall_e8 = (high_e8 - mark_e8) * E8 // high_e8
        finding = rig.whole()
        assert rig.book.watches()[0].utilisation_e8 == fall_e8 * 4
        assert (finding is None) == (severity_of(fall_e8 * 4) is None)
