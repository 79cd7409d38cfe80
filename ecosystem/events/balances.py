"""Facts of accounts at venues and in custody."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import BalanceReason, EventId


class BalanceChanged(Event, frozen=True, kw_only=True, gc=False):
    """An account's balance of one asset changed; available plus locked is total."""

    venue: str
    account: str
    asset: str
    reason: BalanceReason
    reference_id: EventId
    change_e8: int
    available_e8: int
    locked_e8: int
    total_e8: int
    balance_sequence: int
