from collections.abc import Sequence

import pytest

from ecosystem.custodian.machine import Custodian
from ecosystem.errors import IllegalTransitionError
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.settlements import (
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.units import DAY_US, E8, HOUR_US, MINUTE_US
from tests.ecosystem.custodian.fills import fill, new_id

STARTS_AT_US = 1_767_571_200_000_000
NOW_US = STARTS_AT_US + HOUR_US


def new_custodian() -> Custodian:
    """Return a custodian that is not yet open."""
    return Custodian(run_key=bytes(32), seed=7, starts_at_us=STARTS_AT_US)


def opened() -> Custodian:
    """Return an open custodian."""
    custodian = new_custodian()
    custodian.wake(STARTS_AT_US)
    return custodian


def earn(
    custodian: Custodian, price: str, *, account: str = "firm-momentum", at_us: int = NOW_US
) -> Sequence[Event]:
    """Buy one BTC at 100 and sell it at a price; returns what follows from the sale."""
    assert not custodian.handle(fill("BUY", "1", "100", account=account, at_us=at_us), at_us)
    return custodian.handle(fill("SELL", "1", price, account=account, at_us=at_us), at_us)


def locked(
    settlement_id: EventId, amount_e8: int, *, venue: str = "exchange-okx"
) -> BalanceChanged:
    """Return the venue's word that it has locked an amount for a settlement."""
    event_id = new_id()
    return BalanceChanged(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=NOW_US,
        venue=venue,
        account="firm-momentum",
        asset="USD",
        reason="SETTLEMENT_LOCK",
        reference_id=settlement_id,
        change_e8=0,
        available_e8=0,
        locked_e8=amount_e8,
        total_e8=amount_e8,
        balance_sequence=3,
    )


def instructed(facts: Sequence[Event]) -> SettlementInstructed:
    """Return the one fact there is, an instruction."""
    (fact,) = facts
    assert isinstance(fact, SettlementInstructed)
    return fact


def test_it_opens_once_when_the_run_starts() -> None:
    custodian = new_custodian()
    assert custodian.due_us() == STARTS_AT_US
    (fact,) = custodian.wake(STARTS_AT_US)
    assert isinstance(fact, VenueStatusChanged)
    assert (fact.venue, fact.state, fact.is_root) == ("custodian", "UP", True)
    assert custodian.due_us() is None


def test_enough_profit_is_instructed_by_the_fill_that_made_it_enough() -> None:
    custodian = opened()
    custodian.handle(fill("BUY", "2", "100", at_us=NOW_US), NOW_US)
    assert not custodian.handle(fill("SELL", "1", "109.99", at_us=NOW_US), NOW_US)
    enough = fill("SELL", "1", "100.01", at_us=NOW_US)
    fact = instructed(custodian.handle(enough, NOW_US))
    assert fact.causation_id == enough.event_id
    assert fact.correlation_id == enough.correlation_id
    assert fact.settlement_id == fact.event_id
    assert fact.amount_e8 == 10 * E8
    assert fact.kind == "CRYPTO_INTERNAL"
    assert 5 * MINUTE_US <= fact.due_time_us - fact.event_time_us <= 15 * MINUTE_US
    assert custodian.due_us() == fact.due_time_us


def test_losses_are_carried_forward() -> None:
    custodian = opened()
    assert not earn(custodian, "80")
    assert not earn(custodian, "125")
    assert instructed(earn(custodian, "106")).amount_e8 == 11 * E8


def test_the_account_decides_the_kind_and_other_accounts_do_not_settle() -> None:
    custodian = opened()
    fact = instructed(earn(custodian, "150", account="firm-reversion"))
    assert fact.kind == "CRYPTO_EXTERNAL"
    assert fact.due_time_us == STARTS_AT_US + DAY_US + 17 * HOUR_US
    assert not earn(custodian, "150", account="somebody")


def test_a_locked_settlement_completes_and_custody_is_credited() -> None:
    custodian = opened()
    fact = instructed(earn(custodian, "150"))
    custodian.handle(locked(fact.settlement_id, fact.amount_e8), NOW_US + 10_000)
    completed, credit = custodian.wake(fact.due_time_us)
    assert isinstance(completed, SettlementCompleted)
    assert completed.causation_id == fact.event_id
    assert isinstance(credit, BalanceChanged)
    assert credit.causation_id == completed.event_id
    assert (credit.venue, credit.account) == ("custodian", "custody-firm")
    assert (credit.change_e8, credit.total_e8, credit.balance_sequence) == (50 * E8, 50 * E8, 0)
    assert fact.due_time_us < completed.event_time_us < credit.event_time_us
    assert custodian.held_e8("USD") == 50 * E8
    assert custodian.due_us() is None


def test_a_settlement_without_lock_fails_and_is_tried_again() -> None:
    custodian = opened()
    fact = instructed(earn(custodian, "150"))
    custodian.handle(locked(fact.settlement_id, fact.amount_e8, venue="elsewhere"), NOW_US)
    (failed,) = custodian.wake(fact.due_time_us)
    assert isinstance(failed, SettlementFailed)
    assert "had not locked" in failed.reason
    assert custodian.held_e8("USD") == 0
    later_us = fact.due_time_us + 1
    again = instructed(custodian.handle(fill("BUY", "1", "100", at_us=later_us), later_us))
    assert again.amount_e8 == 50 * E8
    assert again.settlement_id != fact.settlement_id


def test_settlements_end_in_the_order_in_which_they_are_due() -> None:
    custodian = opened()
    slow = instructed(earn(custodian, "150", account="firm-reversion"))
    fast = instructed(earn(custodian, "150"))
    assert custodian.due_us() == fast.due_time_us < slow.due_time_us
    facts = custodian.wake(slow.due_time_us)
    assert [fact.causation_id for fact in facts] == [fast.event_id, slow.event_id]


def test_fills_of_other_venues_are_not_its_business() -> None:
    custodian = Custodian(run_key=bytes(32), seed=7, starts_at_us=STARTS_AT_US, venue="elsewhere")
    custodian.wake(STARTS_AT_US)
    assert not earn(custodian, "150")


def test_a_second_end_of_a_settlement_is_illegal() -> None:
    custodian = opened()
    earn(custodian, "150")
    due_us = custodian.due_us()
    assert due_us is not None
    (failed,) = custodian.wake(due_us)
    with pytest.raises(IllegalTransitionError, match="which is not open; allowed: one end"):
        custodian.restore(failed)


def test_restored_from_its_own_facts_alone_it_never_settles_twice() -> None:
    custodian, restored = opened(), new_custodian()
    for fact in [*new_custodian().wake(STARTS_AT_US), *earn(custodian, "150")]:
        restored.restore(fact)
    assert restored.due_us() == custodian.due_us()
    # It does not know the profit that was instructed, so it waits until that much is earned anew.
    assert not earn(restored, "150")
    assert instructed(earn(restored, "112")).amount_e8 == 12 * E8
    due_us = restored.due_us()
    assert due_us is not None
    assert isinstance(restored.wake(due_us)[0], SettlementFailed)


def test_a_fact_of_the_log_that_does_not_follow_is_illegal() -> None:
    custodian = opened()
    fact = instructed(earn(custodian, "150"))
    custodian.handle(locked(fact.settlement_id, fact.amount_e8), NOW_US)
    _, credit = custodian.wake(fact.due_time_us)
    with pytest.raises(IllegalTransitionError, match=r"change 0 to .*; allowed: change 1 to"):
        custodian.restore(credit)


def test_another_seed_gives_another_processing_time() -> None:
    first = instructed(earn(opened(), "150")).due_time_us
    other = Custodian(run_key=bytes(32), seed=8, starts_at_us=STARTS_AT_US)
    other.wake(STARTS_AT_US)
    assert instructed(earn(other, "150")).due_time_us != first


def test_ordinary_events_of_the_log_are_passed_over() -> None:
    custodian = opened()
    event = fill("BUY", "1", "100")
    assert isinstance(event, OrderFilled)
    assert not custodian.handle(locked(event.event_id, 5), NOW_US)
