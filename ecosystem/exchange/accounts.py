"""Balances of the accounts at a venue: available and locked funds by asset."""

from collections.abc import Iterator

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.balances import BalanceChanged
from ecosystem.units import format_e8


class Balance:
    """What an account holds of one asset."""

    __slots__ = ("available_e8", "changes", "locked_e8")

    def __init__(self) -> None:
        self.available_e8 = 0
        self.locked_e8 = 0
        self.changes = 0
        """How many changes it has seen, which is the sequence number of the next."""


class Accounts:
    """The balances of all accounts."""

    __slots__ = ("_balances",)

    def __init__(self) -> None:
        self._balances: dict[tuple[str, str], Balance] = {}

    def __iter__(self) -> Iterator[tuple[str, str, Balance]]:
        """Iterate over account, asset and balance."""
        return ((account, asset, held) for (account, asset), held in self._balances.items())

    def balance(self, account: str, asset: str) -> Balance:
        """Return the balance of an account in an asset, empty if it never had one."""
        return self._balances.get((account, asset)) or Balance()

    def apply(self, event: BalanceChanged) -> int:
        """Take in a change and return by how much the locked funds grew.

        Raises:
            IllegalTransitionError: the change does not follow from the balance before it.
        """
        place = (event.account, event.asset)
        held = self._balances.get(place)
        if held is None:
            held = self._balances[place] = Balance()
        available_e8, locked_e8 = event.available_e8, event.locked_e8
        total_e8 = available_e8 + locked_e8
        if (
            event.balance_sequence != held.changes
            or available_e8 < 0
            or locked_e8 < 0
            or total_e8 != event.total_e8
            or total_e8 != held.available_e8 + held.locked_e8 + event.change_e8
        ):
            raise IllegalTransitionError(_mismatch(event, held))
        grown_e8 = locked_e8 - held.locked_e8
        held.available_e8 = available_e8
        held.locked_e8 = locked_e8
        held.changes += 1
        return grown_e8


def _mismatch(event: BalanceChanged, held: Balance) -> str:
    return (
        f"balance of {event.account} in {event.asset}: change {event.balance_sequence} by "
        f"{format_e8(event.change_e8)} to available {format_e8(event.available_e8)}, locked "
        f"{format_e8(event.locked_e8)}, total {format_e8(event.total_e8)} cannot follow; allowed "
        f"is change {held.changes} of available {format_e8(held.available_e8)}, locked "
        f"{format_e8(held.locked_e8)}, to parts that are not negative and add up to the total"
    )
