"""Reconciliation break: two stories of one amount, at each severity and over random stories."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import ReconciliationCompleted, SettlementCompleted
from ecosystem.events.words import Resolution
from ecosystem.risk.rules.reconciliation_break import KIND, ReconciliationBreakLimit
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import Accounts, at, clock, event_id, fill, tick
from tests.ecosystem.risk.rules.levels import LEVELS, SCALE
from tests.ecosystem.risk.rules.rig import Rig
from tests.ecosystem.risk.rules.test_settlement_timeout import completed

LIMIT = ReconciliationBreakLimit(difference_e8=1_000 * E8, lasting_us=60 * SECOND_US)
ACCOUNT = "exchange-okx/firm-momentum/USD"


def reconciled(
    number: int, seconds: float, difference_e8: int, usd_e8: int, resolution: Resolution = "UNKNOWN"
) -> ReconciliationCompleted:
    own_id = event_id("reconciliation", number)
    return ReconciliationCompleted(
        event_id=own_id,
        correlation_id=own_id,
        causation_id=own_id,
        event_time_us=at(seconds),
        custodian="custodian",
        venue="exchange-okx",
        asset="USD",
        reconciliation_sequence=number,
        custodian_total_e8=E8,
        venue_total_e8=E8 + difference_e8,
        discrepancy_e8=difference_e8,
        discrepancy_usd_e8=usd_e8,
        resolution=resolution,
        note="",
    )


def traded(accounts: Accounts, seconds: float) -> list[Event]:
    """One execution as the venue tells it: the fill and both balances."""
    bought = fill(seconds, "BUY", E8, 50_000 * E8, fee_e8=25 * E8)
    reference = bought.trade_id
    return [
        accounts.change(seconds, "BTC", E8, "TRADE", reference=reference),
        accounts.change(seconds, "USD", -50_025 * E8, "TRADE", reference=reference),
        bought,
    ]


@LEVELS
def test_severity_of_the_custodians_discrepancies(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, ReconciliationBreakLimit(difference_e8=E8, lasting_us=SECOND_US))
    told = reconciled(1, 300, -share_e8, 0)
    found = rig.take(told)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[0], told)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == (KIND.name, "custodian/exchange-okx/USD")
        assert (alert.severity, alert.measured_e8) == (severity, share_e8)
        assert alert.inputs == (told.event_id,)


@LEVELS
def test_severity_of_the_monitors_own_differences(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, ReconciliationBreakLimit(difference_e8=E8, lasting_us=60 * SECOND_US))
    wrong = Accounts().change(0, "USD", share_e8, "TRADE")
    rig.take(wrong)
    assert rig.wait(at(60)) == []
    found = rig.wait(at(120))
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[0], clock(120, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.subject, alert.severity) == (ACCOUNT, severity)
        assert (alert.measured_e8, alert.inputs[1:]) == (share_e8, (wrong.event_id,))


def test_a_review_of_more_than_a_thousand_dollars_is_critical_and_ends_with_a_match() -> None:
    rig = Rig(KIND, LIMIT)
    review = reconciled(1, 300, -5, 1_001 * E8, "UNDER_REVIEW")
    found = rig.one(review)
    assert found is not None
    assert found.message == (
        "the custodian's record of exchange-okx and the venue differ by 0.00000005 USD, worth"
        " 1001.00 USD (UNDER_REVIEW); the limit is 1000.00 USD"
    )
    alert = rig.book.decide(found, review)
    assert isinstance(alert, RiskAlertRaised)
    assert alert.severity == "CRITICAL"
    matched = reconciled(2, 600, 0, 0, "MATCHED")
    over = rig.one(matched)
    assert over is not None
    assert isinstance(rig.book.decide(over, matched), RiskAlertResolved)


def test_a_fill_that_was_lost_is_told_and_is_over_when_it_comes() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    rig.take(tick(0, 60_000), accounts.change(0, "USD", 10**6 * E8))
    *balances, lost = traded(accounts, 10)
    rig.take(*balances)
    assert rig.wait(at(60)) == []
    found = {one.watch.subject: one for one in rig.wait(at(120))}
    assert found[ACCOUNT].measured_e8 == 50_025 * E8
    assert found["exchange-okx/firm-momentum/BTC"].measured_e8 == 60_000 * E8
    assert found[ACCOUNT].inputs == (balances[1].event_id,)
    assert found[ACCOUNT].message == (
        "exchange-okx/firm-momentum/USD: what is stated and what fills and settlements imply"
        " differ by 50025.00000000, worth 50025.00 USD, for 60 s or longer; the limit is"
        " 1000.00 USD"
    )
    for finding in found.values():
        rig.book.decide(finding, clock(120, 1))
    rig.take(lost)
    for finding in rig.wait(at(180)):
        assert isinstance(rig.book.decide(finding, clock(180, 2)), RiskAlertResolved)
    assert rig.book.active_count() == 0
    assert rig.wait(at(240)) == []


def test_a_balance_that_was_lost_shows_in_the_next_one_and_breaks_nothing() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    rig.take(accounts.change(0, "USD", 10**6 * E8))
    base, _, executed = traded(accounts, 10)
    rig.take(base, executed, accounts.change(20, "USD", 0, "LOCK"))
    assert not rig.state.reconciliation.differing["exchange-okx", "firm-momentum", "USD"].events
    assert [one for seconds in (60, 120, 180) for one in rig.wait(at(seconds))] == []


def test_legs_that_come_apart_for_less_than_the_time_stated_break_nothing() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    rig.take(accounts.change(0, "USD", 10**9 * E8))
    for number in range(30):
        *balances, executed = traded(accounts, 10 + 20 * number)
        rig.take(*balances)
        assert rig.wait(at(19 + 20 * number)) == []
        rig.take(executed)


@pytest.mark.parametrize(
    "reason", ["DEPOSIT", "WITHDRAWAL", "FEE", "TRANSFER", "FUNDING", "LIQUIDATION", "INSURANCE"]
)
def test_what_has_a_reason_of_its_own_is_explained(reason: str) -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    rig.take(accounts.change(0, "USD", 10**9, reason), accounts.change(1, "USD", -5, reason))  # type: ignore[arg-type]  # the parameter names reasons
    assert rig.state.reconciliation.differing == {}


def test_custody_must_receive_what_settlements_brought() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    rig.take(
        accounts.change(0, "USD", 5_000 * E8),
        accounts.change(0, "USD", 0, venue="custodian", account="custody-firm"),
    )
    arrived = msgspec.structs.replace(completed(1, 10), amount_e8=3_000 * E8)
    assert isinstance(arrived, SettlementCompleted)
    rig.take(arrived, accounts.change(10, "USD", -3_000 * E8, "SETTLEMENT"))
    rig.wait(at(60))
    (found,) = rig.wait(at(120))
    assert found.watch.subject == "custodian/custody-firm/USD"
    assert (found.measured_e8, found.inputs) == (3_000 * E8, (arrived.event_id,))
    custody = accounts.change(
        130, "USD", 3_000 * E8, "SETTLEMENT", venue="custodian", account="custody-firm"
    )
    rig.take(custody)
    assert rig.state.reconciliation.differing["custodian", "custody-firm", "USD"].look() == 0


def test_a_perpetual_pays_what_it_realised_and_holds_what_was_traded() -> None:
    rig, accounts = Rig(KIND, LIMIT), Accounts()
    sold = fill(5, "SELL", E8, 60_000 * E8, instrument="BTC-USD-PERP", fee_e8=30 * E8)
    held = PositionChanged(
        event_id=event_id("position", 1),
        correlation_id=sold.correlation_id,
        causation_id=sold.event_id,
        event_time_us=at(5),
        venue=sold.venue,
        account=sold.account,
        instrument=sold.instrument,
        reason="TRADE",
        reference_id=sold.trade_id,
        quantity_change_e8=-E8,
        quantity_e8=E8,
        entry_price_e8=50_000 * E8,
        realised_pnl_e8=10_000 * E8,
        margin_e8=0,
        position_sequence=0,
    )
    rig.take(accounts.change(0, "USD", E8), sold, held)
    rig.take(accounts.change(5, "USD", 9_970 * E8, "TRADE", reference=sold.trade_id))
    assert not any(leg.difference_e8 for leg in rig.state.reconciliation.differing.values())
    more = msgspec.structs.replace(held, quantity_e8=2 * E8, position_sequence=1)
    rig.take(tick(6, 60_000, "BTC-USD-PERP"), more)
    rig.wait(at(60))
    found = {one.watch.subject: one.measured_e8 for one in rig.wait(at(120))}
    assert found["exchange-okx/firm-momentum/BTC-USD-PERP"] == 60_000 * E8


@given(
    trades=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=20),
)
def test_the_difference_is_the_sum_of_what_one_side_alone_tells(
    trades: list[tuple[int, int]],
) -> None:
    scale = msgspec.structs.replace(SCALE, shares_e8=(1, E8, 2 * E8, 3 * E8), clear_e8=0)
    rig, accounts = Rig(KIND, LIMIT, scale=scale), Accounts()
    rig.take(accounts.change(0, "USD", 10**9 * E8))
    difference_e8 = 0
    for number, (size, missing) in enumerate(trades):
        bought = fill(number + 1, "BUY", size * E8, 100 * E8, fee_e8=E8)
        cost_e8 = (100 * size + 1) * E8
        if missing != 1:
            rig.take(bought)
            difference_e8 += cost_e8
        if missing != 2:
            rig.take(accounts.change(number + 1, "USD", -cost_e8, "TRADE"))
            difference_e8 -= cost_e8
    rig.wait(at(60))
    found = {one.watch.subject: one.measured_e8 for one in rig.wait(at(120))}
    assert found.get(ACCOUNT, 0) == abs(difference_e8)
