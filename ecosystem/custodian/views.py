"""What the custodian shows at its door: pure functions of its state."""

from collections.abc import Iterable

import msgspec

from ecosystem.custodian.clients import Client
from ecosystem.custodian.settlement import Settlement, Status
from ecosystem.custodian.state import CustodyState
from ecosystem.events.settlements import ReconciliationCompleted
from ecosystem.events.words import Direction, EventId, SettlementKind, TransferRejectReason


class MasterBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What a master account has of one asset, in its parts."""

    client: str
    account: str
    asset: str
    available_e8: int
    pending_settlement_e8: int
    """On its way in and still at a venue; no part of the total."""
    reserved_e8: int
    cold_storage_e8: int
    staking_e8: int
    total_e8: int


class SegregatedBalances(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept for one client, apart from what is kept for others."""

    client: str
    account: str
    balances: tuple[MasterBalance, ...]


class SettlementView(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement as it stands."""

    settlement_id: EventId
    correlation_id: EventId
    status: Status
    direction: Direction
    kind: SettlementKind
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    approvals_count: int
    approvals_needed: int
    instructed_time_us: int
    due_time_us: int
    updated_time_us: int
    is_transfer: bool
    reason: str


class TransferView(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer: the settlement it has become, or why it was refused."""

    transfer_id: EventId
    settlement: SettlementView | None
    rejected: TransferRejectReason | None
    detail: str


def master_balances(state: CustodyState) -> tuple[MasterBalance, ...]:
    """Return the balances of the clients of this log, by account and asset."""
    published = (client for client in state.clients if client.published)
    return tuple(balance for client in published for balance in _balances(state, client))


def segregated_balances(state: CustodyState) -> tuple[SegregatedBalances, ...]:
    """Return the balances of every client of the custodian, each apart."""
    return tuple(
        SegregatedBalances(
            client=client.name,
            account=client.account,
            balances=tuple(_balances(state, client)),
        )
        for client in state.clients
    )


def settlement(state: CustodyState, settlement_id: EventId) -> SettlementView | None:
    """Return a settlement; None when it is unknown or was forgotten."""
    found = state.find(settlement_id)
    return None if found is None else _settlement(found)


def settlements(state: CustodyState) -> tuple[SettlementView, ...]:
    """Return the open settlements and the last that ended, newest first."""
    return tuple(
        _settlement(one) for one in sorted(_all(state), key=lambda one: one.number, reverse=True)
    )


def transfer(state: CustodyState, transfer_id: EventId) -> TransferView | None:
    """Return a transfer; None when it is unknown, not answered yet, or was forgotten."""
    found = state.find(transfer_id)
    if found is not None and not found.is_profit:
        return _transfer(found)
    refused = state.refused.get(transfer_id)
    if refused is None:
        return None
    return TransferView(
        transfer_id=transfer_id, settlement=None, rejected=refused.reason, detail=refused.detail
    )


def transfers(state: CustodyState) -> tuple[TransferView, ...]:
    """Return the transfers that were taken, newest first, then those refused, newest first."""
    taken = sorted(
        (one for one in _all(state) if not one.is_profit),
        key=lambda one: one.number,
        reverse=True,
    )
    refused = (transfer(state, transfer_id) for transfer_id in reversed(state.refused))
    return (*map(_transfer, taken), *(one for one in refused if one is not None))


def reconciliations(state: CustodyState) -> tuple[ReconciliationCompleted, ...]:
    """Return the last reconciliations, newest first."""
    return tuple(reversed(state.reconciliations.values()))


def _all(state: CustodyState) -> Iterable[Settlement]:
    yield from state.settlements.values()
    yield from state.ended.values()


def _balances(state: CustodyState, client: Client) -> list[MasterBalance]:
    return [
        MasterBalance(
            client=client.name,
            account=account,
            asset=asset,
            available_e8=held.available_e8,
            pending_settlement_e8=state.pending_e8(account, asset),
            reserved_e8=held.reserved_e8,
            cold_storage_e8=held.cold_storage_e8,
            staking_e8=held.staking_e8,
            total_e8=held.total_e8,
        )
        for account, asset, held in sorted(state.ledger, key=lambda one: one[:2])
        if account == client.account
    ]


def _settlement(one: Settlement) -> SettlementView:
    own = one.instructed
    return SettlementView(
        settlement_id=own.settlement_id,
        correlation_id=own.correlation_id,
        status=one.status,
        direction=own.direction,
        kind=own.kind,
        venue=own.venue,
        account=own.account,
        custody_account=own.custody_account,
        asset=own.asset,
        amount_e8=own.amount_e8,
        approvals_count=one.approvals_count,
        approvals_needed=own.approvals_needed,
        instructed_time_us=own.event_time_us,
        due_time_us=one.due_time_us,
        updated_time_us=one.last.event_time_us,
        is_transfer=not one.is_profit,
        reason=one.reason,
    )


def _transfer(one: Settlement) -> TransferView:
    return TransferView(
        transfer_id=one.instructed.settlement_id,
        settlement=_settlement(one),
        rejected=None,
        detail=one.reason,
    )
