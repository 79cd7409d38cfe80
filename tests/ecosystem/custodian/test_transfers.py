"""Deposits and withdrawals between custody and venue, as clients ask for them."""

import msgspec
import pytest

from ecosystem.custodian import views
from ecosystem.custodian.clients import THE_FIRM, Client
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementInstructed,
    TransferRejected,
    TransferRequested,
)
from ecosystem.units import E8, HOUR_US
from tests.ecosystem.custodian.custody import (
    BINANCE,
    MOMENTUM,
    NOON_US,
    OKX,
    call_off,
    deposit,
    earn,
    lock,
    names,
    new_custodian,
    only,
    opened,
    request,
    run_until,
)

NEIGHBOUR = Client(
    name="other",
    account="custody-other",
    opening_e8={"USD": 5_000 * E8},
    whitelist=frozenset({OKX}),
    transfer_max_usd_e8=2_000 * E8,
)


def test_a_transfer_to_a_venue_is_reserved_and_leaves_custody_when_it_is_complete() -> None:
    custodian = opened()
    deposit(custodian, "1000")
    asked = request("400")
    facts = custodian.handle(asked, NOON_US)
    assert names(facts) == ["SettlementInstructed", "BalanceChanged SETTLEMENT_LOCK"]
    instructed, reserved = only(SettlementInstructed, facts), only(BalanceChanged, facts)
    assert instructed.settlement_id == asked.transfer_id
    assert instructed.causation_id == asked.event_id
    assert instructed.direction == "TO_VENUE"
    assert (reserved.available_e8, reserved.locked_e8, reserved.change_e8) == (
        600 * E8,
        400 * E8,
        0,
    )
    assert views.master_balances(custodian.state)[0].reserved_e8 == 400 * E8
    later = run_until(custodian, instructed.due_time_us)
    assert only(SettlementCompleted, later).direction == "TO_VENUE"
    left = only(BalanceChanged, later)
    assert (left.reason, left.change_e8, left.total_e8) == ("SETTLEMENT", -400 * E8, 600 * E8)
    found = views.transfer(custodian.state, asked.transfer_id)
    assert found is not None
    assert found.settlement is not None
    assert (found.settlement.status, found.settlement.is_transfer) == ("COMPLETED", True)
    assert views.transfers(custodian.state) == (found,)


def test_a_transfer_to_custody_waits_for_the_venues_lock_and_is_credited() -> None:
    custodian = opened()
    deposit(custodian, "1000")
    instructed = only(SettlementInstructed, custodian.handle(request("300", "TO_CUSTODY"), NOON_US))
    lock(custodian, instructed)
    later = run_until(custodian, instructed.due_time_us)
    assert only(BalanceChanged, later).change_e8 == 300 * E8
    # Capital that comes home is no profit.
    assert custodian.state.earnings.unsettled_e8(OKX, MOMENTUM, "USD") == 0


@pytest.mark.parametrize("again", ["same request", "same transfer, another request"])
def test_a_transfer_is_answered_once_whatever_happens_to_it(again: str) -> None:
    for amount in ("400", "9999999"):
        custodian = opened()
        deposit(custodian, "1000")
        asked = request(amount)
        assert custodian.handle(asked, NOON_US)
        repeat = asked
        if again != "same request":
            repeat = request(amount, transfer_id=asked.transfer_id)
        assert not custodian.handle(repeat, NOON_US + 1)
        run_until(custodian, NOON_US + HOUR_US)
        assert not custodian.handle(repeat, NOON_US + HOUR_US)
        assert not custodian.state.waiting


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request("1", venue="elsewhere"), "UNKNOWN_VENUE"),
        (request("1", custody_account="custody-nobody"), "UNKNOWN_ACCOUNT"),
        (request("1", custody_account="custody-client-two"), "UNKNOWN_ACCOUNT"),
        (request("1", account="other-desk"), "UNKNOWN_ACCOUNT"),
        (request("1", account="firm-nobody"), "UNKNOWN_ACCOUNT"),
        (request("1", asset="DOGE"), "UNKNOWN_ASSET"),
        (request("0"), "INVALID_AMOUNT"),
        (request("-1"), "INVALID_AMOUNT"),
        (request("1", kind="UNKNOWN"), "INVALID_KIND"),
        (request("1", "UNKNOWN"), "INVALID_KIND"),
        (request("1", asset="BTC", kind="ACH"), "INVALID_KIND"),
        (request("1000.01"), "INSUFFICIENT_BALANCE"),
        (request("1000.01", "TO_CUSTODY"), "INSUFFICIENT_BALANCE"),
        (request("301", asset="USDT"), "INSUFFICIENT_BALANCE"),  # the rest is in cold storage
        (request("10000001"), "LIMIT_EXCEEDED"),
    ],
)
def test_a_transfer_is_refused_with_a_reason_and_changes_nothing(
    asked: TransferRequested, reason: str
) -> None:
    custodian = opened()
    deposit(custodian, "1000")
    before = views.segregated_balances(custodian.state)
    (rejected,) = custodian.handle(asked, NOON_US)
    assert isinstance(rejected, TransferRejected)
    assert (rejected.reason, rejected.causation_id) == (reason, asked.event_id)
    assert rejected.detail
    assert views.segregated_balances(custodian.state) == before
    assert not custodian.state.settlements
    found = views.transfer(custodian.state, asked.transfer_id)
    assert found is not None
    assert (found.rejected, found.settlement) == (reason, None)


def test_assets_go_to_listed_venues_only() -> None:
    firm = msgspec.structs.replace(THE_FIRM, whitelist=frozenset({OKX}))
    custodian = opened(clients=[firm])
    for venue in (OKX, BINANCE):
        deposit(custodian, "10", venue=venue)
    assert only(SettlementInstructed, custodian.handle(request("1"), NOON_US))
    (rejected,) = custodian.handle(request("1", venue=BINANCE), NOON_US)
    assert isinstance(rejected, TransferRejected)
    assert rejected.reason == "NOT_WHITELISTED"


def test_a_request_to_another_custodian_is_not_answered() -> None:
    custodian = opened()
    other = msgspec.structs.replace(request("1"), custodian="custodian-elsewhere")
    assert not custodian.handle(other, NOON_US)
    assert not custodian.state.waiting


def test_a_pending_transfer_can_be_called_off_and_is_free_again() -> None:
    custodian = opened()
    deposit(custodian, "1000")
    asked = request("400")
    custodian.handle(asked, NOON_US)
    wish = call_off(asked.transfer_id)
    facts = custodian.handle(wish, NOON_US + 1)
    assert names(facts) == ["SettlementCancelled", "BalanceChanged UNLOCK"]
    cancelled, freed = only(SettlementCancelled, facts), only(BalanceChanged, facts)
    assert (cancelled.causation_id, cancelled.reason) == (wish.event_id, "it was a mistake")
    assert (freed.available_e8, freed.locked_e8) == (1_000 * E8, 0)
    assert names(run_until(custodian, NOON_US + HOUR_US)) == []


def test_what_has_started_has_ended_or_is_profit_cannot_be_called_off() -> None:
    custodian = opened()
    deposit(custodian, "1000")
    asked = request("400")
    instructed = only(SettlementInstructed, custodian.handle(asked, NOON_US))
    started_us = NOON_US + 5 * 60_000_000 + 1
    run_until(custodian, started_us)
    found = [custodian.handle(call_off(asked.transfer_id), started_us)]
    run_until(custodian, instructed.due_time_us)
    found.append(custodian.handle(call_off(asked.transfer_id), instructed.due_time_us))
    assert [only(TransferRejected, facts).reason for facts in found] == ["NOT_PENDING"] * 2
    assert "IN_PROGRESS" in only(TransferRejected, found[0]).detail
    profit = only(SettlementInstructed, earn(custodian, "150", at_us=instructed.due_time_us))
    (refused,) = custodian.handle(call_off(profit.settlement_id), instructed.due_time_us)
    assert isinstance(refused, TransferRejected)
    assert refused.reason == "UNKNOWN_TRANSFER"


def test_the_assets_of_two_clients_never_mix() -> None:
    custodian = opened(clients=[THE_FIRM, NEIGHBOUR])
    deposit(custodian, "1000")
    deposit(custodian, "1000", account="other-desk")
    refused = [
        request("1", account="other-desk"),
        request("1", custody_account="custody-other"),
        request("1", "TO_CUSTODY", account="other-desk"),
        request("1", "TO_CUSTODY", custody_account="custody-other"),
    ]
    for asked in refused:
        (rejected,) = custodian.handle(asked, NOON_US)
        assert isinstance(rejected, TransferRejected)
        assert rejected.reason == "UNKNOWN_ACCOUNT"
    own = request("70", account="other-desk", custody_account="custody-other")
    custodian.handle(own, NOON_US)
    profit = earn(custodian, "150", account="other-desk")
    assert only(SettlementInstructed, profit).custody_account == "custody-other"
    lock(custodian, only(SettlementInstructed, profit))
    run_until(custodian, NOON_US + HOUR_US)
    totals = {
        one.client: sum(held.total_e8 for held in one.balances if held.asset == "USD")
        for one in views.segregated_balances(custodian.state)
    }
    assert totals == {"firm": 1_000 * E8, "other": 4_980 * E8}


def test_a_request_that_came_before_a_crash_is_answered_after_it() -> None:
    straight = opened()
    deposit(straight, "1000")
    restored = new_custodian()
    for fact in run_until(new_custodian(), NOON_US):
        restored.restore(fact)
    asked = request("400")
    # It was read, and nothing was decided; its answer is not on the log.
    restored.restore(asked)
    due_us = restored.due_us()
    assert due_us is not None
    assert due_us < NOON_US + 1_000
    (rejected,) = restored.wake(due_us)
    assert isinstance(rejected, TransferRejected)  # nobody has told it of the account
    assert not restored.state.waiting
