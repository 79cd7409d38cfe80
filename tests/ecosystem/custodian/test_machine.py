import pytest

from ecosystem.custodian import views
from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import AccountOpened, CustodyAllocated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.settlements import (
    SettlementApproved,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.units import E8, HOUR_US, MINUTE_US
from tests.ecosystem.custodian.custody import (
    BINANCE,
    NOON_US,
    STARTS_AT_US,
    deposit,
    earn,
    lock,
    names,
    new_custodian,
    only,
    opened,
    run_until,
)
from tests.ecosystem.custodian.fills import fill
from tests.ecosystem.custodian.moments import moment_us


def test_it_opens_once_with_its_accounts_and_what_they_hold() -> None:
    custodian = new_custodian()
    assert custodian.due_us() == STARTS_AT_US
    facts = custodian.wake(STARTS_AT_US)
    assert names(facts) == [
        "AccountOpened",
        "BalanceChanged DEPOSIT",
        "BalanceChanged DEPOSIT",
        "CustodyAllocated",
        "BalanceChanged TRANSFER",
        "VenueStatusChanged",
    ]
    account = only(AccountOpened, facts)
    assert (account.venue, account.account, account.master_account) == (
        "custodian",
        "custody-firm",
        "firm",
    )
    moved = only(CustodyAllocated, facts)
    assert (moved.asset, moved.source, moved.destination) == ("USDT", "AVAILABLE", "COLD_STORAGE")
    assert (moved.available_e8, moved.cold_storage_e8) == (300 * E8, 200 * E8)
    last = facts[-2]
    assert isinstance(last, BalanceChanged)
    assert (last.available_e8, last.locked_e8, last.total_e8) == (300 * E8, 200 * E8, 500 * E8)
    assert only(VenueStatusChanged, facts).state == "UP"
    assert not custodian.wake(STARTS_AT_US)


def test_enough_profit_is_instructed_by_the_fill_that_made_it_enough() -> None:
    custodian = opened()
    run_until(custodian, NOON_US)
    custodian.handle(fill("BUY", "2", "100", at_us=NOON_US), NOON_US)
    assert not custodian.handle(fill("SELL", "1", "109.99", at_us=NOON_US), NOON_US)
    enough = fill("SELL", "1", "100.01", at_us=NOON_US)
    fact = only(SettlementInstructed, custodian.handle(enough, NOON_US))
    assert fact.causation_id == enough.event_id
    assert fact.correlation_id == enough.correlation_id
    assert fact.settlement_id == fact.event_id
    assert fact.amount_e8 == 10 * E8
    assert (fact.kind, fact.direction, fact.approvals_needed) == (
        "CRYPTO_INTERNAL",
        "TO_CUSTODY",
        1,
    )
    # One approval of two to five minutes, and five to fifteen minutes of processing.
    assert 7 * MINUTE_US <= fact.due_time_us - fact.event_time_us <= 20 * MINUTE_US


def test_losses_are_carried_forward() -> None:
    custodian = opened()
    assert not earn(custodian, "80")
    assert not earn(custodian, "125")
    assert only(SettlementInstructed, earn(custodian, "106")).amount_e8 == 11 * E8


def test_profit_that_is_spent_already_is_not_instructed() -> None:
    custodian = opened()
    run_until(custodian, NOON_US)
    custodian.handle(fill("BUY", "1", "100", at_us=NOON_US), NOON_US)
    custodian.handle(fill("BUY", "1", "100", at_us=NOON_US), NOON_US)
    # 50 USD of profit, but all the money the account is known to have is in the second coin.
    assert not custodian.handle(fill("SELL", "1", "150", at_us=NOON_US), NOON_US)


def test_the_account_decides_the_kind_and_strangers_do_not_settle() -> None:
    custodian = opened()
    fact = only(SettlementInstructed, earn(custodian, "150", account="firm-reversion"))
    assert fact.kind == "CRYPTO_EXTERNAL"
    assert fact.due_time_us == moment_us("2026-01-07 17:00")
    assert not earn(custodian, "150", account="somebody")


def test_every_venue_settles_and_an_account_at_two_is_kept_apart() -> None:
    custodian = opened()
    account = "firm-arbitrage"
    first = only(SettlementInstructed, earn(custodian, "150", account=account))
    second = only(SettlementInstructed, earn(custodian, "130", account=account, venue=BINANCE))
    assert (first.venue, first.amount_e8) == ("exchange-okx", 50 * E8)
    assert (second.venue, second.amount_e8) == ("exchange-binance", 30 * E8)


def test_a_settlement_is_approved_started_and_completed_and_custody_is_credited() -> None:
    custodian = opened()
    held_e8 = custodian.held_e8("USD")
    fact = only(SettlementInstructed, earn(custodian, "150"))
    lock(custodian, fact)
    assert views.master_balances(custodian.state)[0].pending_settlement_e8 == 50 * E8
    facts = run_until(custodian, fact.due_time_us)
    assert names(facts) == [
        "SettlementApproved",
        "SettlementStarted",
        "SettlementCompleted",
        "BalanceChanged SETTLEMENT",
    ]
    approved, started = only(SettlementApproved, facts), only(SettlementStarted, facts)
    completed, credit = only(SettlementCompleted, facts), only(BalanceChanged, facts)
    assert (approved.approvals_count, approved.approvals_needed) == (1, 1)
    assert 2 * MINUTE_US <= approved.event_time_us - fact.event_time_us <= 5 * MINUTE_US + 10
    assert started.due_time_us == fact.due_time_us
    chain = [fact, approved, started, completed, credit]
    assert [one.causation_id for one in chain[1:]] == [one.event_id for one in chain[:-1]]
    assert {one.correlation_id for one in chain} == {fact.correlation_id}
    assert (credit.venue, credit.account) == ("custodian", "custody-firm")
    assert (credit.change_e8, credit.total_e8) == (50 * E8, held_e8 + 50 * E8)
    assert fact.due_time_us < completed.event_time_us < credit.event_time_us
    assert custodian.held_e8("USD") == held_e8 + 50 * E8


def test_a_large_amount_is_approved_by_several_one_after_the_other() -> None:
    custodian = opened()
    fact = only(SettlementInstructed, earn(custodian, "250100"))
    assert fact.approvals_needed == 3
    lock(custodian, fact)
    facts = run_until(custodian, fact.due_time_us)
    counts = [one.approvals_count for one in facts if isinstance(one, SettlementApproved)]
    assert counts == [1, 2, 3]
    assert only(SettlementStarted, facts).due_time_us == fact.due_time_us
    taken_us = only(SettlementStarted, facts).event_time_us - fact.event_time_us
    assert 15 * MINUTE_US <= taken_us <= HOUR_US


def test_a_settlement_without_lock_fails_and_is_tried_again() -> None:
    custodian = opened()
    deposit(custodian, "1000")
    held_e8 = custodian.held_e8("USD")
    fact = only(SettlementInstructed, earn(custodian, "150"))
    lock(custodian, fact, venue="elsewhere")
    facts = run_until(custodian, fact.due_time_us)
    assert names(facts) == ["SettlementApproved", "SettlementFailed"]
    assert "had not locked" in only(SettlementFailed, facts).reason
    assert custodian.held_e8("USD") == held_e8
    later_us = fact.due_time_us + 1
    next_fill = fill("BUY", "1", "100", at_us=later_us)
    again = only(SettlementInstructed, custodian.handle(next_fill, later_us))
    assert again.amount_e8 == 50 * E8
    assert again.settlement_id != fact.settlement_id


def test_settlements_end_in_the_order_in_which_they_are_due() -> None:
    custodian = opened()
    slow = only(SettlementInstructed, earn(custodian, "150", account="firm-reversion"))
    fast = only(SettlementInstructed, earn(custodian, "150"))
    assert fast.due_time_us < slow.due_time_us
    for one in (slow, fast):
        lock(custodian, one)
    facts = run_until(custodian, slow.due_time_us)
    ended = [one.settlement_id for one in facts if isinstance(one, SettlementCompleted)]
    assert ended == [fast.settlement_id, slow.settlement_id]


def test_fills_of_other_venues_are_not_its_business() -> None:
    assert not earn(opened(venues=("elsewhere",)), "150")


def test_a_second_end_of_a_settlement_is_illegal() -> None:
    custodian = opened()
    fact = only(SettlementInstructed, earn(custodian, "150"))
    failed = only(SettlementFailed, run_until(custodian, fact.due_time_us))
    with pytest.raises(IllegalTransitionError, match="which is FAILED; allowed: one that is open"):
        custodian.restore(failed)


def test_restored_from_its_own_facts_alone_it_never_settles_twice() -> None:
    custodian, restored = new_custodian(), new_custodian()
    own = run_until(custodian, NOON_US)
    own += earn(custodian, "150")
    for fact in own:
        restored.restore(fact)
    assert restored.due_us() == custodian.due_us()
    # It does not know the profit that was instructed, so it waits until that much is earned anew.
    assert not earn(restored, "150")
    assert only(SettlementInstructed, earn(restored, "112")).amount_e8 == 12 * E8
    facts = run_until(restored, NOON_US + HOUR_US)
    assert "SettlementFailed" in names(facts)
    assert "SettlementCompleted" not in names(facts)


def test_a_fact_of_the_log_that_does_not_follow_is_illegal() -> None:
    custodian = opened()
    fact = only(SettlementInstructed, earn(custodian, "150"))
    lock(custodian, fact)
    credit = only(BalanceChanged, run_until(custodian, fact.due_time_us))
    with pytest.raises(IllegalTransitionError, match=r"custody of USD in custody-firm: .*allowed"):
        custodian.restore(credit)


def test_another_seed_gives_another_processing_time() -> None:
    first = only(SettlementInstructed, earn(opened(), "150")).due_time_us
    assert only(SettlementInstructed, earn(opened(seed=8), "150")).due_time_us != first


def test_the_assets_of_other_clients_are_kept_and_never_spoken_of() -> None:
    custodian = new_custodian()
    facts = run_until(custodian, NOON_US)
    assert {one.account for one in facts if isinstance(one, BalanceChanged)} == {"custody-firm"}
    firm, other = views.segregated_balances(custodian.state)
    assert (firm.account, other.account) == ("custody-firm", "custody-client-two")
    ether = next(one for one in other.balances if one.asset == "ETH")
    assert (ether.staking_e8, ether.cold_storage_e8, ether.available_e8, ether.total_e8) == (
        100 * E8,
        240 * E8,
        60 * E8,
        400 * E8,
    )
    assert custodian.held_e8("BTC") == 0
