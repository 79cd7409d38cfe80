"""What custody holds: for each master account and asset, its parts.

Available is what may leave at once; the rest is locked: reserved for settlements on their way out,
in cold storage, or staked. What is still at a venue and on its way in is no part of it.
"""

from collections.abc import Iterator
from typing import Final

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import CustodyAllocated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.words import CustodyPart
from ecosystem.units import format_e8

_FIELDS: Final[dict[CustodyPart, str]] = {
    "AVAILABLE": "available_e8",
    "RESERVED": "reserved_e8",
    "COLD_STORAGE": "cold_storage_e8",
    "STAKING": "staking_e8",
}


class Holding:
    """What one master account has of one asset."""

    __slots__ = (
        "allocations",
        "available_e8",
        "changes",
        "cold_storage_e8",
        "reserved_e8",
        "staking_e8",
    )

    def __init__(self) -> None:
        self.available_e8 = 0
        self.reserved_e8 = 0
        self.cold_storage_e8 = 0
        self.staking_e8 = 0
        self.changes = 0
        """How many balance changes it has seen, which is the sequence number of the next."""
        self.allocations = 0

    @property
    def locked_e8(self) -> int:
        """What cannot leave at once."""
        return self.reserved_e8 + self.cold_storage_e8 + self.staking_e8

    @property
    def total_e8(self) -> int:
        """All parts together."""
        return self.available_e8 + self.locked_e8

    def move(self, source: CustodyPart, destination: CustodyPart, amount_e8: int) -> None:
        """Move an amount from one part to another.

        Raises:
            IllegalTransitionError: no such parts, or not so much in the first.
        """
        if source not in _FIELDS or destination not in _FIELDS or source == destination:
            raise IllegalTransitionError(
                f"custody moved from {source} to {destination}; allowed: {', '.join(_FIELDS)}"
            )
        left_e8 = getattr(self, _FIELDS[source]) - amount_e8
        if amount_e8 <= 0 or left_e8 < 0:
            raise IllegalTransitionError(
                f"custody moved {format_e8(amount_e8)} from {source}; "
                f"allowed: above 0, at most {format_e8(left_e8 + amount_e8)}"
            )
        setattr(self, _FIELDS[source], left_e8)
        setattr(self, _FIELDS[destination], getattr(self, _FIELDS[destination]) + amount_e8)


class Ledger:
    """The holdings of all master accounts."""

    __slots__ = ("_holdings",)

    def __init__(self) -> None:
        self._holdings: dict[tuple[str, str], Holding] = {}

    def __iter__(self) -> Iterator[tuple[str, str, Holding]]:
        """Iterate over account, asset and holding."""
        return ((account, asset, held) for (account, asset), held in self._holdings.items())

    def holding(self, account: str, asset: str) -> Holding:
        """Return what an account has of an asset; empty if it never had any."""
        return self._holdings.get((account, asset)) or Holding()

    def keep(self, account: str, asset: str, shares_e8: tuple[int, int, int]) -> None:
        """Take in what is kept for a client this log is not about: available, cold, staked."""
        held = self._holding(account, asset)
        held.available_e8, held.cold_storage_e8, held.staking_e8 = shares_e8

    def apply(self, event: BalanceChanged) -> None:
        """Take in a change of custody's balance.

        Raises:
            IllegalTransitionError: it does not follow from the balance before it.
        """
        held = self._holding(event.account, event.asset)
        if event.reason == "SETTLEMENT_LOCK":
            held.move("AVAILABLE", "RESERVED", held.available_e8 - event.available_e8)
        elif event.reason == "UNLOCK":
            held.move("RESERVED", "AVAILABLE", event.available_e8 - held.available_e8)
        elif event.reason == "SETTLEMENT" and event.change_e8 < 0:
            held.reserved_e8 += event.change_e8
        elif event.reason in ("DEPOSIT", "SETTLEMENT"):
            held.available_e8 += event.change_e8
        elif event.reason != "TRANSFER":
            raise IllegalTransitionError(
                f"custody balance changed for {event.reason}; allowed: DEPOSIT, SETTLEMENT_LOCK, "
                "SETTLEMENT, UNLOCK, TRANSFER"
            )
        found = (event.available_e8, event.locked_e8, event.total_e8, event.balance_sequence)
        allowed = (held.available_e8, held.locked_e8, held.total_e8, held.changes)
        if found != allowed or held.reserved_e8 < 0:
            raise IllegalTransitionError(
                f"custody of {event.asset} in {event.account}: available, locked, total and change "
                f"{found}; allowed: {allowed} with nothing below 0"
            )
        held.changes += 1

    def allocate(self, event: CustodyAllocated) -> None:
        """Take in a movement between the parts of an account.

        Raises:
            IllegalTransitionError: it does not follow from the parts before it.
        """
        held = self._holding(event.account, event.asset)
        held.move(event.source, event.destination, event.amount_e8)
        found = (
            event.available_e8,
            event.reserved_e8,
            event.cold_storage_e8,
            event.staking_e8,
            event.allocation_sequence,
        )
        allowed = (
            held.available_e8,
            held.reserved_e8,
            held.cold_storage_e8,
            held.staking_e8,
            held.allocations,
        )
        if found != allowed:
            raise IllegalTransitionError(
                f"custody of {event.asset} in {event.account}: parts and number {found}; "
                f"allowed: {allowed}"
            )
        held.allocations += 1

    def _holding(self, account: str, asset: str) -> Holding:
        held = self._holdings.get((account, asset))
        if held is None:
            held = self._holdings[account, asset] = Holding()
        return held
