"""Balances as three statements of one amount: two that agree outvote the third.

A balance says its total, its parts, and by how much it changed from the last total. Where one of
the three contradicts the two others it is put right from them. Where the change contradicts both
total and parts, the record waits for the next one, which tells what the total was.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.events.balances import BalanceChanged
from ecosystem.instruments import ASSETS
from ecosystem.risk.data_quality import DataQuality

LEAP: Final = 100_000
"""A sequence further ahead than this is wrong, unless the next record goes on from there."""
PLACES_MAX: Final = 4_096
_Place = tuple[str, str, str]
_NONE: Final[Sequence[BalanceChanged]] = ()


class Statements:
    """The last sound statement of each account and asset, and what waits for the next."""

    __slots__ = ("_held", "_last", "_leapt", "_quality", "accounts", "venues")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self._last: dict[_Place, BalanceChanged] = {}
        self._held: dict[_Place, BalanceChanged] = {}
        self._leapt: dict[_Place, int] = {}
        self.accounts: dict[tuple[str, str], None] = {}
        """Venue and account of every sound statement."""
        self.venues: dict[str, None] = {}

    def sound(self, event: BalanceChanged) -> Sequence[BalanceChanged]:
        """Take in a record; return those that can be believed by now, put right and in order."""
        if event.asset not in ASSETS:
            self._quality.note("ASSET_UNKNOWN", event)
            return _NONE
        place = (event.venue, event.account, event.asset)
        last = self._last.get(place)
        if last is None:
            return self._first(place, event)
        ahead = event.balance_sequence - last.balance_sequence
        total_e8 = event.total_e8
        if (
            ahead == 1
            and total_e8 == event.available_e8 + event.locked_e8 == last.total_e8 + event.change_e8
            and event.locked_e8 >= 0
        ):
            self._last[place] = event
            return (event,)
        if ahead <= 0:
            self._quality.note("BALANCE_STALE", event)
            return _NONE
        if ahead > LEAP and self._leapt.get(place) != event.balance_sequence - 1:
            self._leapt[place] = event.balance_sequence
            self._quality.note("SEQUENCE_IMPLAUSIBLE", event)
            return _NONE
        return self._judged(place, last, event)

    def _first(self, place: _Place, event: BalanceChanged) -> Sequence[BalanceChanged]:
        if not _parts_agree(event):
            self._quality.note("BALANCE_INCONSISTENT", event)
            return _NONE
        if len(self._last) >= PLACES_MAX:
            self._quality.note("SOURCE_UNKNOWN", event)
            return _NONE
        self._last[place] = event
        self.accounts[place[:2]] = None
        self.venues[event.venue] = None
        return (event,)

    def _judged(
        self, place: _Place, last: BalanceChanged, event: BalanceChanged
    ) -> Sequence[BalanceChanged]:
        before = self._decided(place, last, event)
        if before:
            last = before[-1]
        implied_e8 = last.total_e8 + event.change_e8
        follows = event.balance_sequence == last.balance_sequence + 1
        agree = _parts_agree(event)
        if not agree or (follows and implied_e8 != event.total_e8):
            self._quality.note("BALANCE_INCONSISTENT", event)
            if not follows or (agree or implied_e8 not in _totals_e8(event)):
                self._held[place] = event
                self._remember(place, before)
                return before
            event = _with_total(event, implied_e8)
        self._last[place] = event
        return (*before, event)

    def _decided(
        self, place: _Place, last: BalanceChanged, event: BalanceChanged
    ) -> tuple[BalanceChanged, ...]:
        held = self._held.pop(place, None)
        if (
            held is None
            or held.balance_sequence != last.balance_sequence + 1
            or event.balance_sequence != held.balance_sequence + 1
        ):
            return ()
        before_e8 = event.total_e8 - event.change_e8
        if before_e8 == last.total_e8 + held.change_e8:
            return (_with_total(held, before_e8),)
        if before_e8 in _totals_e8(held):
            change_e8 = before_e8 - last.total_e8
            return (msgspec.structs.replace(_with_total(held, before_e8), change_e8=change_e8),)
        return ()

    def _remember(self, place: _Place, before: Sequence[BalanceChanged]) -> None:
        if before:
            self._last[place] = before[-1]


def _parts_agree(event: BalanceChanged) -> bool:
    return event.locked_e8 >= 0 and event.available_e8 + event.locked_e8 == event.total_e8


def _totals_e8(event: BalanceChanged) -> tuple[int, int]:
    return event.total_e8, event.available_e8 + event.locked_e8


def _with_total(event: BalanceChanged, total_e8: int) -> BalanceChanged:
    locked_e8 = max(event.locked_e8, 0)
    return msgspec.structs.replace(
        event, available_e8=total_e8 - locked_e8, locked_e8=locked_e8, total_e8=total_e8
    )
