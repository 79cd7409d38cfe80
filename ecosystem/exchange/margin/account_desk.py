"""What the venue decides about accounts: open, suspend, close, and move funds between them."""

from typing import Final

from ecosystem.events.accounts import (
    AccountOpenRequested,
    AccountStateChangeRequested,
    AccountTransferRequested,
)
from ecosystem.events.words import AccountRefusal
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.margin.facts import (
    AccountRequest,
    cancel_all,
    margined,
    opened_on_request,
    request_rejected,
    state_changed,
    transferred,
)
from ecosystem.exchange.margin.measures import withdrawable_e8
from ecosystem.exchange.margin.sub_accounts import NEXT, SUB_ACCOUNTS_MAX, TRADES, SubAccount
from ecosystem.exchange.margin.terms import COLLATERAL
from ecosystem.exchange.state import VenueState
from ecosystem.instruments import ASSETS
from ecosystem.units import format_e8

NAME_MAX: Final = 63
AccountRefusalWithDetail = tuple[AccountRefusal, str]


class AccountDesk:
    """Answers wishes about accounts, all checks first; a wish seen before gets no second answer."""

    __slots__ = ("_state",)

    def __init__(self, state: VenueState) -> None:
        self._state = state

    def open(self, request: AccountOpenRequested, answers: Answers) -> None:
        """Open a sub-account, or refuse it."""
        if self._answered(request):
            return
        refusal = self._refuse_opening(request)
        if refusal is not None:
            request_rejected(answers, request, refusal)
        else:
            opened_on_request(answers, request)

    def change_state(self, request: AccountStateChangeRequested, answers: Answers) -> None:
        """Give an account another state, or refuse it.

        A suspended account's open orders are cancelled, save those that only reduce a position.
        """
        if self._answered(request):
            return
        refusal = self._refuse_state(request)
        if refusal is not None:
            request_rejected(answers, request, refusal)
            return
        causes = state_changed(answers, request)
        if request.state == "SUSPENDED":
            orders = [
                order
                for order in self._state.orders.values()
                if order.account == request.account and not order.reduce_only
            ]
            cancel_all(answers, orders, "ACCOUNT_INACTIVE", causes)

    def transfer(self, request: AccountTransferRequested, answers: Answers) -> None:
        """Move funds between two accounts of one master, or refuse it."""
        if self._answered(request):
            return
        refusal = self._refuse_transfer(request)
        if refusal is not None:
            request_rejected(answers, request, refusal)
            return
        transferred(answers, request)
        if request.asset == COLLATERAL:
            causes = (request.event_id, request.correlation_id)
            margined(answers, request.to_account, request.event_id, causes)

    def _answered(self, request: AccountRequest) -> bool:
        return request.event_id in self._state.answered

    def _refuse_opening(self, request: AccountOpenRequested) -> AccountRefusalWithDetail | None:
        name, master = request.account, request.master_account
        accounts = self._state.sub_accounts
        if name in accounts:
            return "ACCOUNT_EXISTS", f"account {name!r} exists; allowed: a new name"
        if not 0 < len(name) <= NAME_MAX or not name.replace("-", "").isalnum():
            return (
                "NOT_SUPPORTED",
                f"name {name!r}; allowed: 1 to {NAME_MAX} letters, digits and hyphens",
            )
        if request.kind not in TRADES:
            return "NOT_SUPPORTED", f"kind {request.kind}; allowed: {', '.join(TRADES)}"
        owner = accounts.get(master)
        if owner is None or owner.master != master:
            return "UNKNOWN_ACCOUNT", f"{master!r} is no master account of this venue"
        if owner.state != "ACTIVE":
            return "ACCOUNT_INACTIVE", f"{master} is {owner.state}; allowed: ACTIVE"
        if accounts.count(master) >= SUB_ACCOUNTS_MAX:
            return (
                "TOO_MANY_ACCOUNTS",
                f"{master} has {accounts.count(master)} sub-accounts; allowed: {SUB_ACCOUNTS_MAX}",
            )
        return None

    def _refuse_state(
        self, request: AccountStateChangeRequested
    ) -> AccountRefusalWithDetail | None:
        account = self._state.sub_accounts.get(request.account)
        if account is None:
            return self._unknown(request.account)
        if (account.state, request.state) not in NEXT:
            allowed = ", ".join(sorted(after for state, after in NEXT if state == account.state))
            return (
                "ILLEGAL_STATE",
                f"{request.account} is {account.state} and cannot become {request.state}; "
                f"allowed: {allowed or 'nothing, it is the end'}",
            )
        return self._refuse_closing(account) if request.state == "CLOSED" else None

    def _refuse_closing(self, account: SubAccount) -> AccountRefusalWithDetail | None:
        state, name = self._state, account.name
        held = [
            f"{format_e8(balance.available_e8 + balance.locked_e8)} {asset}"
            for owner, asset, balance in state.accounts
            if owner == name and balance.available_e8 + balance.locked_e8
        ]
        held += [f"a position in {symbol}" for symbol in state.perpetuals.held(name)]
        held += [
            f"order {order.order_id.hex()}"
            for order in state.orders.values()
            if order.account == name
        ]
        if name == account.master and state.sub_accounts.count(name):
            held.append(f"{state.sub_accounts.count(name)} sub-accounts")
        if not held:
            return None
        return "NOT_EMPTY", f"{name} has {', '.join(held[:4])}; allowed: nothing"

    def _refuse_transfer(
        self, request: AccountTransferRequested
    ) -> AccountRefusalWithDetail | None:
        giver = self._state.sub_accounts.get(request.account)
        taker = self._state.sub_accounts.get(request.to_account)
        if giver is None or taker is None:
            return self._unknown(request.account if giver is None else request.to_account)
        if giver.master != taker.master or giver is taker:
            return (
                "OTHER_MASTER",
                f"from {giver.name} of {giver.master} to {taker.name} of {taker.master}; allowed: "
                "two accounts of one master",
            )
        for account in (giver, taker):
            if account.state != "ACTIVE":
                return "ACCOUNT_INACTIVE", f"{account.name} is {account.state}; allowed: ACTIVE"
        if request.asset not in ASSETS:
            return "NOT_SUPPORTED", f"asset {request.asset!r}; allowed: {', '.join(ASSETS)}"
        if request.amount_e8 <= 0:
            return (
                "INVALID_AMOUNT",
                f"amount {format_e8(request.amount_e8)}; allowed: more than zero",
            )
        free_e8 = withdrawable_e8(self._state, giver.name, request.asset)
        if request.amount_e8 > free_e8:
            return (
                "INSUFFICIENT_BALANCE",
                f"{format_e8(request.amount_e8)} {request.asset} wished; free: "
                f"{format_e8(free_e8)}",
            )
        return None

    def _unknown(self, account: str) -> AccountRefusalWithDetail:
        names = ", ".join(self._state.sub_accounts.names)
        return "UNKNOWN_ACCOUNT", f"account {account!r}; allowed: {names}"
