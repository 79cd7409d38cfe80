"""Master accounts and their sub-accounts: kinds, states, and which state may follow which."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import AccountOpened, AccountStateChanged
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import AccountKind, AccountState
from ecosystem.exchange.terms import Refusal
from ecosystem.instruments import INSTRUMENTS

SUB_ACCOUNTS_MAX: Final = 100
"""Sub-accounts of one master account at one venue."""
TRADES: Final[Mapping[AccountKind, frozenset[Literal["SPOT", "PERPETUAL"]]]] = MappingProxyType(
    {
        "SPOT": frozenset({"SPOT"}),
        "MARGIN": frozenset({"SPOT", "PERPETUAL"}),
        "FUTURES": frozenset({"PERPETUAL"}),
    }
)
"""What each kind of account may trade; a margin account trades both on one collateral."""
NEXT: Final[frozenset[tuple[AccountState, AccountState]]] = frozenset(
    {
        ("ACTIVE", "SUSPENDED"),
        ("SUSPENDED", "ACTIVE"),
        ("ACTIVE", "CLOSED"),
        ("SUSPENDED", "CLOSED"),
    }
)
"""Every legal change of state; CLOSED is the end."""


class SubAccount:
    """An account at a venue."""

    __slots__ = ("kind", "master", "name", "state", "state_changes", "trades")

    def __init__(self, name: str, master: str, kind: AccountKind, state: AccountState) -> None:
        self.name = name
        self.master = master
        self.kind = kind
        self.state = state
        self.trades = TRADES[kind]
        self.state_changes = 0


class SubAccounts:
    """All accounts of a venue, by name."""

    __slots__ = ("_by_name", "_counts", "mixed")

    def __init__(self) -> None:
        self.mixed: list[str] = []
        """The accounts that trade spot and perpetuals on one collateral."""
        self._by_name: dict[str, SubAccount] = {}
        self._counts: dict[str, int] = {}

    def __contains__(self, account: str) -> bool:
        return account in self._by_name

    def __iter__(self) -> Iterator[SubAccount]:
        """Iterate over the accounts in the order in which they were opened."""
        return iter(self._by_name.values())

    @property
    def names(self) -> list[str]:
        """The names of all accounts, sorted."""
        return sorted(self._by_name)

    def get(self, account: str) -> SubAccount | None:
        """Return an account; None when the venue has none of that name."""
        return self._by_name.get(account)

    def count(self, master: str) -> int:
        """Return how many sub-accounts a master has that are not closed; itself is none."""
        return self._counts.get(master, 0)

    def opened(self, event: AccountOpened) -> None:
        """Take in a new account.

        Raises:
            IllegalTransitionError: it exists, or its master has all it may have.
        """
        if event.account in self._by_name:
            raise IllegalTransitionError(f"account {event.account} was opened twice")
        self._by_name[event.account] = SubAccount(
            event.account, event.master_account, event.kind, event.state
        )
        if event.kind == "MARGIN":
            self.mixed.append(event.account)
        if event.account != event.master_account:
            self._count(event.master_account, 1)

    def changed(self, event: AccountStateChanged) -> None:
        """Take in a change of state.

        Raises:
            IllegalTransitionError: the state before does not allow it.
        """
        account = self._by_name.get(event.account)
        before = "unknown" if account is None else account.state
        if account is None or (account.state, event.state) not in NEXT:
            allowed = sorted(after for state, after in NEXT if state == before)
            raise IllegalTransitionError(
                f"account {event.account}, which is {before}, became {event.state}; allowed: "
                f"{', '.join(allowed) or 'nothing'}"
            )
        account.state = event.state
        account.state_changes += 1
        if event.state == "CLOSED" and account.name != account.master:
            self._count(account.master, -1)

    def _count(self, master: str, more: int) -> None:
        count = self._counts.get(master, 0) + more
        if count > SUB_ACCOUNTS_MAX:
            raise IllegalTransitionError(
                f"{count} sub-accounts of {master}; allowed: {SUB_ACCOUNTS_MAX}"
            )
        self._counts[master] = count


def refuse_trader(accounts: SubAccounts, order: OrderSubmitted) -> Refusal | None:
    """Return why an account may not place such an order; None when it may.

    A suspended account may reduce its positions and cancel, and nothing else.
    """
    account = accounts.get(order.account)
    if account is None:
        names = ", ".join(accounts.names)
        return "UNKNOWN_ACCOUNT", f"account {order.account!r}; allowed: {names}"
    kind = INSTRUMENTS[order.instrument].kind
    if account.state == "ACTIVE" and kind in account.trades:
        return None
    if account.state != "ACTIVE" and not (
        account.state == "SUSPENDED" and order.reduce_only and kind == "PERPETUAL"
    ):
        return (
            "ACCOUNT_INACTIVE",
            f"account {account.name} is {account.state}; allowed: ACTIVE, and for a SUSPENDED "
            "account orders that only reduce a position",
        )
    if kind in account.trades:
        return None
    return (
        "NOT_SUPPORTED",
        f"{order.instrument} is {kind}; account {account.name} is {account.kind} and may "
        f"trade {' and '.join(sorted(account.trades))}",
    )
