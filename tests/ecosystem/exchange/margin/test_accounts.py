"""Accounts: who may have how many, in which state they may do what, and who moves funds where."""

import pytest

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import (
    AccountOpened,
    AccountRequestRejected,
    AccountStateChanged,
)
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelled, OrderRejected
from ecosystem.events.words import AccountRefusal, AccountState
from ecosystem.exchange.margin.sub_accounts import NEXT, SUB_ACCOUNTS_MAX
from ecosystem.exchange.margin.views import AccountView, accounts, balances
from ecosystem.units import E8
from tests.ecosystem.exchange.margin.perps import (
    FUT,
    MAR,
    OTHER,
    PERP,
    SPOT,
    PerpVenue,
    new_venue,
    values_e8,
)
from tests.ecosystem.exchange.venue import kinds, new_exchange

STATES: tuple[AccountState, ...] = ("ACTIVE", "SUSPENDED", "CLOSED")


def refusal(facts: list[Event]) -> AccountRefusal:
    """Return why a wish was refused, which is all that followed."""
    (fact,) = facts
    assert isinstance(fact, AccountRequestRejected)
    return fact.reason


def state_of(venue: PerpVenue, account: str) -> AccountState:
    """Return the state of an account."""
    found = venue.exchange.state.sub_accounts.get(account)
    assert found is not None
    return found.state


def test_masters_and_sub_accounts_are_announced_before_their_deposits() -> None:
    venue = PerpVenue()
    opened = [fact for fact in venue.facts if isinstance(fact, AccountOpened)]
    assert [(fact.account, fact.master_account, fact.kind) for fact in opened] == [
        ("firm", "firm", "SPOT"),
        ("rival", "rival", "SPOT"),
        (FUT, "firm", "FUTURES"),
        (MAR, "firm", "MARGIN"),
        (SPOT, "firm", "SPOT"),
        (OTHER, "rival", "FUTURES"),
        ("rival-maker", "rival", "FUTURES"),
    ]
    assert kinds(venue.facts[:8])[-1] == "BalanceChanged DEPOSIT"
    assert all(fact.is_root and fact.state == "ACTIVE" for fact in opened)
    assert accounts(venue.exchange.state)[2] == AccountView(
        account=FUT,
        master_account="firm",
        kind="FUTURES",
        state="ACTIVE",
        trades=("PERPETUAL",),
    )


def test_a_master_has_a_hundred_sub_accounts_and_no_more() -> None:
    venue = PerpVenue()
    for number in range(SUB_ACCOUNTS_MAX - 3):
        assert kinds(venue.deliver(venue.open_request(f"firm-{number}"))) == ["AccountOpened"]
    assert refusal(venue.deliver(venue.open_request("firm-more"))) == "TOO_MANY_ACCOUNTS"
    assert kinds(venue.deliver(venue.open_request("rival-1", "rival"))) == ["AccountOpened"]
    venue.deliver(venue.state_request("firm-0", "CLOSED"))
    assert kinds(venue.deliver(venue.open_request("firm-more"))) == ["AccountOpened"]
    many = {f"firm-{number}": {"USD": E8} for number in range(SUB_ACCOUNTS_MAX + 1)}
    with pytest.raises(IllegalTransitionError, match="101 sub-accounts of firm; allowed: 100"):
        new_exchange(many).wake(0)


@pytest.mark.parametrize(
    ("account", "master", "kind", "reason"),
    [
        (FUT, "firm", "SPOT", "ACCOUNT_EXISTS"),
        ("new", "nobody", "SPOT", "UNKNOWN_ACCOUNT"),
        ("new", FUT, "SPOT", "UNKNOWN_ACCOUNT"),
        ("new", "firm", "UNKNOWN", "NOT_SUPPORTED"),
        ("", "firm", "SPOT", "NOT_SUPPORTED"),
        ("a b", "firm", "SPOT", "NOT_SUPPORTED"),
        ("x" * 64, "firm", "SPOT", "NOT_SUPPORTED"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    account: str, master: str, kind: str, reason: AccountRefusal
) -> None:
    venue = PerpVenue()
    request = venue.open_request(account, master, kind)  # type: ignore[arg-type] # one is unknown
    assert refusal(venue.deliver(request)) == reason


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_an_account_goes_where_the_table_says_and_nowhere_else(
    before: AccountState, after: AccountState
) -> None:
    venue = PerpVenue()
    venue.deliver(venue.open_request("firm-new"))
    if before != "ACTIVE":
        venue.deliver(venue.state_request("firm-new", before))
    facts = venue.deliver(venue.state_request("firm-new", after))
    if (before, after) in NEXT:
        assert kinds(facts) == ["AccountStateChanged"]
        assert state_of(venue, "firm-new") == after
        (fact,) = facts
        assert isinstance(fact, AccountStateChanged)
        with pytest.raises(IllegalTransitionError, match=f"which is {after}, became {after}"):
            venue.exchange.restore(fact)
    else:
        assert refusal(facts) == "ILLEGAL_STATE"
        assert state_of(venue, "firm-new") == before


def test_a_suspended_account_only_reduces_and_cancels() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "0.2")
    venue.trade("BUY", "0.1", "59000")
    kept = venue.wish("SELL", "0.05", "61000", reduce_only=True)
    venue.deliver(kept)
    facts = venue.deliver(venue.state_request(FUT, "SUSPENDED"))
    assert kinds(facts) == ["AccountStateChanged", "OrderCancelled", "BalanceChanged MARGIN"]
    cancelled = facts[1]
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.causation_id) == ("ACCOUNT_INACTIVE", facts[0].event_id)
    (refused,) = venue.trade("SELL", "0.1")
    assert isinstance(refused, OrderRejected)
    assert refused.reason == "ACCOUNT_INACTIVE"
    assert kinds(venue.cancel(kept.order_id, FUT, PERP)) == ["OrderCancelled"]
    assert "OrderFilled" in kinds(venue.deliver(venue.wish("SELL", "0.2", reduce_only=True)))
    venue.deliver(venue.state_request(FUT, "ACTIVE"))
    assert "OrderFilled" in kinds(venue.trade("SELL", "0.1"))


def test_a_suspended_spot_account_trades_nothing() -> None:
    venue = PerpVenue()
    venue.deliver(venue.state_request(SPOT, "SUSPENDED"))
    for reduce_only in (False, True):
        order = venue.order("SELL", "0.1", "61000", SPOT, reduce_only=reduce_only)
        (refused,) = venue.deliver(order)
        assert isinstance(refused, OrderRejected)
        assert refused.reason == "ACCOUNT_INACTIVE"


def test_only_an_empty_account_is_closed() -> None:
    venue = PerpVenue()
    venue.trade("BUY", "0.1")
    request = venue.state_request(FUT, "CLOSED")
    (fact,) = venue.deliver(request)
    assert isinstance(fact, AccountRequestRejected)
    assert fact.reason == "NOT_EMPTY"
    assert "USD, a position in BTC-USD-PERP; allowed: nothing" in fact.detail
    assert (fact.request_id, fact.causation_id) == (request.event_id, request.event_id)
    assert refusal(venue.deliver(venue.state_request("firm", "CLOSED"))) == "NOT_EMPTY"
    assert refusal(venue.deliver(venue.state_request("nobody", "CLOSED"))) == "UNKNOWN_ACCOUNT"


def test_funds_move_between_accounts_of_one_master_in_two_records() -> None:
    venue = PerpVenue()
    before = values_e8(venue.exchange)
    request = venue.transfer_request(SPOT, FUT, "USD", 1_000 * E8)
    given, taken = venue.deliver(request)
    assert isinstance(given, BalanceChanged)
    assert isinstance(taken, BalanceChanged)
    assert (given.account, given.change_e8, given.reason) == (SPOT, -1_000 * E8, "TRANSFER")
    assert (taken.account, taken.change_e8, taken.reason) == (FUT, 1_000 * E8, "TRANSFER")
    assert given.reference_id == taken.reference_id == request.event_id
    assert values_e8(venue.exchange) == before
    assert venue.deliver(request) == []
    venue.deliver(venue.transfer_request(FUT, "firm", "USD", E8))
    assert balances(venue.exchange.state, "firm")[0].available_e8 == E8


@pytest.mark.parametrize(
    ("account", "to_account", "asset", "amount_e8", "reason"),
    [
        (FUT, OTHER, "USD", E8, "OTHER_MASTER"),
        (FUT, FUT, "USD", E8, "OTHER_MASTER"),
        (FUT, "nobody", "USD", E8, "UNKNOWN_ACCOUNT"),
        ("nobody", FUT, "USD", E8, "UNKNOWN_ACCOUNT"),
        (FUT, SPOT, "DOGE", E8, "NOT_SUPPORTED"),
        (FUT, SPOT, "USD", 0, "INVALID_AMOUNT"),
        (FUT, SPOT, "USD", -1, "INVALID_AMOUNT"),
        (FUT, SPOT, "USD", 10_000 * E8 + 1, "INSUFFICIENT_BALANCE"),
        (FUT, SPOT, "BTC", 1, "INSUFFICIENT_BALANCE"),
    ],
)
def test_a_transfer_that_may_not_be_changes_nothing(
    account: str, to_account: str, asset: str, amount_e8: int, reason: AccountRefusal
) -> None:
    venue = PerpVenue()
    request = venue.transfer_request(account, to_account, asset, amount_e8)
    assert refusal(venue.deliver(request)) == reason
    assert venue.deliver(request) == []


def test_margin_and_unrealised_losses_cannot_be_taken_away() -> None:
    venue = PerpVenue()
    venue.bought("1", "60000.5")
    venue.quote(58_000)
    free_e8 = venue.held(FUT, "USD")[0] - 2_000 * E8 - E8 // 2
    over = venue.transfer_request(FUT, SPOT, "USD", free_e8 + 1)
    assert refusal(venue.deliver(over)) == "INSUFFICIENT_BALANCE"
    assert venue.instruct(FUT, "USD", free_e8 + 1)
    assert venue.exchange.state.settling == {}
    assert len(venue.deliver(venue.transfer_request(FUT, SPOT, "USD", free_e8))) == 2


def test_a_transfer_to_or_from_a_suspended_account_is_refused() -> None:
    venue = PerpVenue()
    venue.deliver(venue.state_request(SPOT, "SUSPENDED"))
    for giver, taker in ((SPOT, FUT), (FUT, SPOT)):
        request = venue.transfer_request(giver, taker, "USD", E8)
        assert refusal(venue.deliver(request)) == "ACCOUNT_INACTIVE"


def test_wishes_for_other_venues_are_passed_over() -> None:
    venue = PerpVenue()
    other = PerpVenue(new_venue("exchange-binance"), price=0)
    assert venue.deliver(other.open_request("firm-new")) == []
