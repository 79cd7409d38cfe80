"""A share of the transfers is refused."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import EventId, TransferRejectReason
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US

KIND: Final = "transfer-rejection"
DURATION_US: Final = (MINUTE_US, 72 * HOUR_US)
REASONS: Final[Mapping[str, tuple[TransferRejectReason, str]]] = MappingProxyType(
    {
        "limit": ("LIMIT_EXCEEDED", "the client's limit for transfers is used up"),
        "whitelist": ("NOT_WHITELISTED", "the destination is not on the client's list"),
        "balance": ("INSUFFICIENT_BALANCE", "not enough is free for the transfer"),
    }
)
"""What a custodian says, by the word scenarios use."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which transfers are refused, and what is said about it."""

    share_e8: int
    reason: str


class RejectionDraw:
    """A rejection with its own chance, which hangs on the id of the transfer alone."""

    __slots__ = ("_chance", "rejection")

    def __init__(self, rejection: Rejection, chance: Stream) -> None:
        self.rejection = rejection
        self._chance = chance

    def hits(self, transfer_id: EventId) -> bool:
        """Tell whether a transfer is refused."""
        number = int.from_bytes(transfer_id[:8], "big")
        return self._chance.integer(number, 0, E8 - 1) < self.rejection.share_e8

    @property
    def refusal(self) -> tuple[TransferRejectReason, str]:
        """What is said about it."""
        return REASONS[self.rejection.reason]


def read(scheduled: InjectionScheduled, seed: int) -> RejectionDraw:
    """Return the fault of a schedule.

    Raises:
        InvalidInputError: parameters that are not allowed.
    """
    rejection = read_parameters(scheduled, Rejection)
    check_bounds(scheduled, ("share_e8", rejection.share_e8, 1, E8))
    if rejection.reason not in REASONS:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: reason {rejection.reason!r} found; "
            f"{', '.join(REASONS)} are allowed"
        )
    return RejectionDraw(rejection, Stream(seed, scheduled.target, KIND, scheduled.name))
