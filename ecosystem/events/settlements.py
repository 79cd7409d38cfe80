"""The life of a settlement."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, SettlementKind


class SettlementInstructed(Event, frozen=True, kw_only=True, gc=False):
    """The custodian was instructed to settle an amount from a venue into custody."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    kind: SettlementKind
    due_time_us: int


class SettlementCompleted(Event, frozen=True, kw_only=True, gc=False):
    """The settlement is final; custody holds the asset."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int


class SettlementFailed(Event, frozen=True, kw_only=True, gc=False):
    """The settlement is off; nothing moved."""

    settlement_id: EventId
    venue: str
    account: str
    custody_account: str
    asset: str
    amount_e8: int
    reason: str


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
