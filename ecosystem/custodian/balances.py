"""What the custodian says of the holdings it keeps."""

from typing import Final

from ecosystem.custodian.answers import Answers
from ecosystem.custodian.clients import Client
from ecosystem.events.accounts import AccountOpened, CustodyAllocated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import BalanceReason, CustodyPart, EventId
from ecosystem.units import multiply_e8

TOLERANCE: Final = 10
"""Cold storage is put right when it is off by more than the whole divided by this."""
What = tuple[str, str, BalanceReason, EventId]
"""Account, asset, reason, and what it refers to."""


def opened(answers: Answers, client: Client) -> None:
    """A client's master account was opened and holds what it begins with."""
    state, account = answers.state, client.account
    if account not in state.opened:
        event_id = answers.roots.root(f"account/{account}", 0)
        answers.add(
            AccountOpened(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=answers.time_us,
                venue=state.name,
                account=account,
                master_account=client.name,
                kind="SPOT",
                state="ACTIVE",
            )
        )
    for asset, amount_e8 in client.opening_e8.items():
        if not state.ledger.holding(account, asset).changes:
            event_id = answers.roots.root(f"deposit/{account}/{asset}", 0)
            _changed(answers, (account, asset, "DEPOSIT", event_id), (amount_e8, 0), None)
            staked_e8 = multiply_e8(amount_e8, client.staking_share_e8.get(asset, 0))
            _allocated(answers, client, asset, ("AVAILABLE", "STAKING", staked_e8))
    keep_cold(answers, client)


def keep_cold(answers: Answers, client: Client) -> None:
    """Bring what is in cold storage to its share, where it is far from it."""
    for asset, share_e8 in client.cold_share_e8.items():
        held = answers.state.ledger.holding(client.account, asset)
        whole_e8 = held.available_e8 + held.cold_storage_e8
        more_e8 = multiply_e8(whole_e8, share_e8) - held.cold_storage_e8
        if abs(more_e8) * TOLERANCE <= whole_e8:
            continue
        if more_e8 > 0:
            _allocated(answers, client, asset, ("AVAILABLE", "COLD_STORAGE", more_e8))
        else:
            _allocated(answers, client, asset, ("COLD_STORAGE", "AVAILABLE", -more_e8))


def reserved(answers: Answers, event: SettlementInstructed) -> None:
    """What is to leave custody was set aside."""
    what: What = (event.custody_account, event.asset, "SETTLEMENT_LOCK", event.settlement_id)
    _changed(answers, what, (0, event.amount_e8), event)


def freed(answers: Answers, event: SettlementFailed | SettlementCancelled) -> None:
    """What was set aside stays."""
    what: What = (event.custody_account, event.asset, "UNLOCK", event.settlement_id)
    _changed(answers, what, (0, -event.amount_e8), event)


def moved(answers: Answers, event: SettlementCompleted) -> None:
    """What was settled came into custody, or left it."""
    what: What = (event.custody_account, event.asset, "SETTLEMENT", event.settlement_id)
    leaves = event.direction == "TO_VENUE"
    changes_e8 = (-event.amount_e8, -event.amount_e8) if leaves else (event.amount_e8, 0)
    _changed(answers, what, changes_e8, event)


def _allocated(
    answers: Answers, client: Client, asset: str, move: tuple[CustodyPart, CustodyPart, int]
) -> None:
    source, destination, amount_e8 = move
    if amount_e8 <= 0:
        return
    held = answers.state.ledger.holding(client.account, asset)
    parts_e8 = {
        "AVAILABLE": held.available_e8,
        "COLD_STORAGE": held.cold_storage_e8,
        "STAKING": held.staking_e8,
    }
    parts_e8[source] -= amount_e8
    parts_e8[destination] += amount_e8
    event_id = answers.roots.root(f"allocation/{client.account}/{asset}", held.allocations)
    event = CustodyAllocated(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=answers.time_us,
        venue=answers.state.name,
        client=client.name,
        account=client.account,
        asset=asset,
        source=source,
        destination=destination,
        amount_e8=amount_e8,
        available_e8=parts_e8["AVAILABLE"],
        reserved_e8=held.reserved_e8,
        cold_storage_e8=parts_e8["COLD_STORAGE"],
        staking_e8=parts_e8["STAKING"],
        allocation_sequence=held.allocations,
    )
    answers.add(event)
    _changed(answers, (client.account, asset, "TRANSFER", event_id), (0, 0), event)


def _changed(
    answers: Answers,
    what: What,
    changes_e8: tuple[int, int],
    cause: Event | None,
) -> None:
    # The changes are those of the total, and of the locked part.
    account, asset, reason, reference_id = what
    held = answers.state.ledger.holding(account, asset)
    total_e8 = held.total_e8 + changes_e8[0]
    locked_e8 = held.locked_e8 + changes_e8[1]
    event_id = reference_id if cause is None else answers.derive(cause.event_id, "balance")
    answers.add(
        BalanceChanged(
            event_id=event_id,
            correlation_id=event_id if cause is None else cause.correlation_id,
            causation_id=event_id if cause is None else cause.event_id,
            event_time_us=answers.time_us,
            venue=answers.state.name,
            account=account,
            asset=asset,
            reason=reason,
            reference_id=reference_id,
            change_e8=changes_e8[0],
            available_e8=total_e8 - locked_e8,
            locked_e8=locked_e8,
            total_e8=total_e8,
            balance_sequence=held.changes,
        )
    )
