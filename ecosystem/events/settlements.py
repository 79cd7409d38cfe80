"""The life of a settlement."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import (
    Direction,
    EventId,
    Resolution,
    SettlementKind,
    TransferRejectReason,
)


class SettlementInstructed(Event, frozen=True, kw_only=True, gc=False):
    """The custodian was instructed to move an amount between a venue and custody."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    kind: SettlementKind
    due_time_us: int
    direction: Direction
    approvals_needed: int


class SettlementCompleted(Event, frozen=True, kw_only=True, gc=False):
    """The settlement is final; the asset is where it was to go."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    direction: Direction


class SettlementFailed(Event, frozen=True, kw_only=True, gc=False):
    """The settlement is off; nothing moved."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    reason: str
    direction: Direction


class SettlementDelayed(Event, frozen=True, kw_only=True, gc=False):
    """The settlement will complete later than instructed."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    due_time_us: int
    reason: str


class SettlementApproved(Event, frozen=True, kw_only=True, gc=False):
    """One more person approved a settlement."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    approvals_count: int
    approvals_needed: int


class SettlementStarted(Event, frozen=True, kw_only=True, gc=False):
    """A settlement is in progress: its approvals are there and the asset is under way."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    due_time_us: int


class SettlementCancelled(Event, frozen=True, kw_only=True, gc=False):
    """A settlement was called off before it was in progress; nothing moved."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    reason: str
    direction: Direction


class ReconciliationCompleted(Event, frozen=True, kw_only=True, gc=False):
    """The custodian compared its record of a venue's balance with what the venue says."""

    custodian: str
    venue: str
    asset: str
    reconciliation_sequence: int
    custodian_total_e8: int
    venue_total_e8: int
    discrepancy_e8: int
    discrepancy_usd_e8: int
    resolution: Resolution
    note: str


class TransferRequested(Event, frozen=True, kw_only=True, gc=False):
    """A client asked its custodian to move an asset between a venue and custody."""

    transfer_id: EventId
    custodian: str
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    direction: Direction
    kind: SettlementKind


class TransferRejected(Event, frozen=True, kw_only=True, gc=False):
    """The custodian refused a transfer, or to call one off; nothing changed."""

    transfer_id: EventId
    custodian: str
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    direction: Direction
    reason: TransferRejectReason
    detail: str


class TransferCancelRequested(Event, frozen=True, kw_only=True, gc=False):
    """A client asked its custodian to call a transfer off while it is pending."""

    transfer_id: EventId
    custodian: str
    reason: str
