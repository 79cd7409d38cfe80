"""Facts of accounts at venues and in custody, and of the derivative positions they hold."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import (
    AccountKind,
    AccountRefusal,
    AccountState,
    CustodyPart,
    EventId,
    PositionReason,
)


class AccountOpenRequested(Event, frozen=True, kw_only=True, gc=False):
    """The owner of a master account wished a further sub-account at a venue."""

    venue: str
    account: str
    master_account: str
    kind: AccountKind


class AccountStateChangeRequested(Event, frozen=True, kw_only=True, gc=False):
    """The owner of an account, or its venue, wished another state of it."""

    venue: str
    account: str
    state: AccountState
    reason: str


class AccountTransferRequested(Event, frozen=True, kw_only=True, gc=False):
    """The owner wished funds to be moved between two accounts of one master at a venue."""

    venue: str
    account: str
    to_account: str
    asset: str
    amount_e8: int


class AccountRequestRejected(Event, frozen=True, kw_only=True, gc=False):
    """The venue refused a wish about an account, and nothing changed."""

    venue: str
    account: str
    request_id: EventId
    reason: AccountRefusal
    detail: str


class AccountOpened(Event, frozen=True, kw_only=True, gc=False):
    """A venue or custodian opened an account."""

    venue: str
    account: str
    master_account: str
    kind: AccountKind
    state: AccountState


class AccountStateChanged(Event, frozen=True, kw_only=True, gc=False):
    """A venue changed the state of an account."""

    venue: str
    account: str
    state: AccountState
    reason: str


class PositionChanged(Event, frozen=True, kw_only=True, gc=False):
    """A derivative position changed."""

    venue: str
    account: str
    instrument: str
    reason: PositionReason
    reference_id: EventId
    quantity_change_e8: int
    quantity_e8: int
    entry_price_e8: int
    realised_pnl_e8: int
    margin_e8: int
    position_sequence: int


class PositionLiquidated(Event, frozen=True, kw_only=True, gc=False):
    """A venue takes over the positions of an account whose equity fell below maintenance margin."""

    venue: str
    account: str
    instrument: str
    quantity_e8: int
    mark_price_e8: int
    equity_e8: int
    maintenance_margin_e8: int


class CustodyAllocated(Event, frozen=True, kw_only=True, gc=False):
    """The custodian moved an amount between the parts of a master account."""

    venue: str
    client: str
    account: str
    asset: str
    source: CustodyPart
    destination: CustodyPart
    amount_e8: int
    available_e8: int
    reserved_e8: int
    cold_storage_e8: int
    staking_e8: int
    allocation_sequence: int
