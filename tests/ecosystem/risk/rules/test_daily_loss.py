"""Daily loss: the loss since midnight UTC, at each severity and over random paths."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.daily_loss import KIND, DailyLossLimit
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, at, event_id, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

START_E8 = 10 * E8


def holding_one_btc(*, limit_version: int = 1) -> Rig:
    rig = Rig(KIND, DailyLossLimit(loss_e8=E8), limit_version=limit_version)
    portfolio = rig.portfolio
    portfolio.mark("BTC", START_E8, event_id("mark", 0))
    portfolio.balance(Accounts().change(0, "BTC", E8))
    portfolio.start_day(at(0))
    return rig


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = holding_one_btc()
    portfolio = rig.portfolio
    portfolio.mark("BTC", START_E8 - share_e8, event_id("mark", 1))
    finding = rig.whole()
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, tick(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("daily_loss", "portfolio")
        assert (alert.severity, alert.measured_e8) == (severity, share_e8)
        assert (alert.limit_e8, alert.unit) == (E8, "USD")


def test_inputs_are_marks_of_now_marks_of_midnight_and_balances() -> None:
    rig = holding_one_btc()
    portfolio = rig.portfolio
    portfolio.mark("BTC", START_E8 - E8, event_id("mark", 1))
    finding = rig.whole()
    assert finding is not None
    assert finding.inputs == (
        event_id("mark", 1),
        event_id("mark", 0),
        event_id("balance/exchange-okx/firm-momentum/BTC", 0),
    )
    assert finding.message == (
        "the portfolio lost 1.00 USD since midnight UTC; the limit is 1.00 USD"
    )


@given(path=st.lists(st.tuples(st.booleans(), st.integers(1, 20 * E8)), min_size=1, max_size=40))
def test_the_loss_is_against_the_mark_the_day_began_with(path: list[tuple[bool, int]]) -> None:
    rig = holding_one_btc()
    portfolio = rig.portfolio
    first_e8, last_e8, day = START_E8, START_E8, 0
    for number, (midnight, mark_e8) in enumerate(path):
        if midnight:
            day += 1
            first_e8 = last_e8
            portfolio.start_day(at(day * 86_400))
        portfolio.mark("BTC", mark_e8, event_id("mark", number + 1))
        last_e8 = mark_e8
        finding = rig.whole()
        assert rig.book.watches()[0].utilisation_e8 == first_e8 - mark_e8
        assert (finding is None) == (severity_of(first_e8 - mark_e8) is None)
