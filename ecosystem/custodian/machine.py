"""The custodian: settles what accounts have earned at a venue into custody."""

from collections.abc import Mapping, Sequence
from datetime import date
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Final

from ecosystem.custodian.calendar import PROCESSING_US, Calendar
from ecosystem.custodian.profit import Profits
from ecosystem.errors import IllegalTransitionError
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.settlements import (
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, SettlementKind
from ecosystem.firm import CUSTODIAN, CUSTODY_ACCOUNT, VENUE
from ecosystem.ids import RootIds, derive_id
from ecosystem.rng import Stream
from ecosystem.units import E8

KINDS: Final[Mapping[str, SettlementKind]] = MappingProxyType(
    {"firm-momentum": "CRYPTO_INTERNAL", "firm-reversion": "CRYPTO_EXTERNAL"}
)
"""How each account settles; accounts that are not named do not."""
LEAST_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"USD": 10 * E8, "USDT": 10 * E8, "BTC": 20_000, "ETH": 400_000}
)
"""Profit in each asset that is worth a settlement, about ten dollars."""


class Custodian:
    """A custodian as a machine.

    Its past is its own facts and what they followed from: the fills and balance changes of the
    venue. Restored from all of them it goes on as if it had never stopped; their order matters
    only within fills. Restored from its own facts alone it knows what is in custody and what is
    due, but neither costs nor locks: it lets open settlements fail and settles late, never twice.
    """

    def __init__(
        self,
        *,
        run_key: bytes,
        seed: int,
        starts_at_us: int,
        name: str = CUSTODIAN,
        venue: str = VENUE,
        custody_account: str = CUSTODY_ACCOUNT,
        kinds: Mapping[str, SettlementKind] = KINDS,
        least_e8: Mapping[str, int] = LEAST_E8,
        holidays: frozenset[date] = frozenset(),
    ) -> None:
        self._name = name
        self._venue = venue
        self._custody_account = custody_account
        self._kinds = kinds
        self._least_e8 = least_e8
        self._starts_at_us = starts_at_us
        self._roots = RootIds(run_key, name)
        self._chance = Stream(seed, name, "processing")
        self._calendar = Calendar(holidays)
        self._profits = Profits()
        self._unsettled_e8: dict[tuple[str, str], int] = {}
        self._instructions = 0
        self._open: dict[EventId, SettlementInstructed] = {}
        self._due: list[tuple[int, int, EventId]] = []
        self._locked: set[EventId] = set()
        self._held: dict[str, tuple[int, int]] = {}
        self._up = False
        self._time_us = 0

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return self._name

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return the instruction that follows from a fill, if enough has been earned by it."""
        self._learn(event)
        if not isinstance(event, OrderFilled) or event.venue != self._venue:
            return ()
        asset = event.fee_asset
        kind = self._kinds.get(event.account)
        amount_e8 = self._unsettled_e8.get((event.account, asset), 0)
        if kind is None or amount_e8 < self._least_e8.get(asset, E8):
            return ()
        time_us = self._next_time_us(now_us)
        event_id = derive_id(event.event_id, "custodian/instructed")
        processing_us = self._chance.integer(self._instructions, *PROCESSING_US)
        instructed = SettlementInstructed(
            event_id=event_id,
            correlation_id=event.correlation_id,
            causation_id=event.event_id,
            event_time_us=time_us,
            settlement_id=event_id,
            venue=self._venue,
            account=event.account,
            custody_account=self._custody_account,
            asset=asset,
            amount_e8=amount_e8,
            kind=kind,
            due_time_us=self._calendar.due_us(kind, time_us, processing_us),
            direction="TO_CUSTODY",
            approvals_needed=0,
        )
        self._evolve(instructed)
        return (instructed,)

    def due_us(self) -> int | None:
        """Return when the custodian opens or, once open, when the next settlement is due."""
        if not self._up:
            return self._starts_at_us
        while self._due and self._due[0][2] not in self._open:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the opening, or the ends of the settlements that are due."""
        facts: list[Event] = []
        if not self._up:
            facts.append(self._came_up(now_us))
        while (due_us := self.due_us()) is not None and due_us <= now_us:
            instructed = self._open[self._due[0][2]]
            if instructed.settlement_id in self._locked:
                facts += self._complete(instructed, now_us)
            else:
                facts.append(self._fail(instructed, now_us))
        return facts

    def restore(self, event: Event) -> None:
        """Take in a fact of the machine's own past, or a fill or balance change it followed."""
        self._learn(event)
        self._evolve(event)

    def held_e8(self, asset: str) -> int:
        """Return what custody holds of an asset."""
        return self._held.get(asset, (0, 0))[0]

    def _learn(self, event: Event) -> None:
        if isinstance(event, OrderFilled) and event.venue == self._venue:
            asset, profit_e8 = self._profits.realise(event)
            self._add_unsettled(event.account, asset, profit_e8)
        elif isinstance(event, BalanceChanged) and event.venue == self._venue:
            if event.reason == "DEPOSIT":
                self._profits.deposit(event.account, event.asset, event.change_e8)
            elif event.reason == "SETTLEMENT_LOCK":
                self._locked.add(event.reference_id)

    def _evolve(self, event: Event) -> None:
        match event:
            case SettlementInstructed():
                self._add_unsettled(event.account, event.asset, -event.amount_e8)
                self._open[event.settlement_id] = event
                heappush(self._due, (event.due_time_us, self._instructions, event.settlement_id))
                self._instructions += 1
            case SettlementCompleted():
                self._close(event)
            case SettlementFailed():
                self._close(event)
                self._add_unsettled(event.account, event.asset, event.amount_e8)
            case BalanceChanged(venue=self._name):
                total_e8, changes = self._held.get(event.asset, (0, 0))
                total_e8 += event.change_e8
                if (total_e8, changes) != (event.total_e8, event.balance_sequence):
                    raise IllegalTransitionError(
                        f"custody of {event.asset}: change {event.balance_sequence} to "
                        f"{event.total_e8}; allowed: change {changes} to {total_e8}"
                    )
                self._held[event.asset] = (total_e8, changes + 1)
            case VenueStatusChanged(venue=self._name):
                self._up = True
            case _:
                return
        self._time_us = event.event_time_us

    def _close(self, event: SettlementCompleted | SettlementFailed) -> None:
        if self._open.pop(event.settlement_id, None) is None:
            raise IllegalTransitionError(
                f"{type(event).__name__} of settlement {event.settlement_id.hex()}, which is not "
                "open; allowed: one end for each settlement instructed"
            )
        self._locked.discard(event.settlement_id)

    def _add_unsettled(self, account: str, asset: str, amount_e8: int) -> None:
        place = (account, asset)
        self._unsettled_e8[place] = self._unsettled_e8.get(place, 0) + amount_e8

    def _next_time_us(self, now_us: int) -> int:
        # After the delivery and after all before: a merge by time gives the order of decision.
        return max(now_us, self._time_us) + 1

    def _came_up(self, now_us: int) -> Event:
        event_id = self._roots.root("venue-status", 0)
        event = VenueStatusChanged(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self._next_time_us(now_us),
            venue=self._name,
            state="UP",
            reason="opened",
        )
        self._evolve(event)
        return event

    def _fail(self, instructed: SettlementInstructed, now_us: int) -> Event:
        event = SettlementFailed(
            event_id=derive_id(instructed.event_id, "custodian/failed"),
            correlation_id=instructed.correlation_id,
            causation_id=instructed.event_id,
            event_time_us=self._next_time_us(now_us),
            settlement_id=instructed.settlement_id,
            venue=instructed.venue,
            account=instructed.account,
            custody_account=instructed.custody_account,
            asset=instructed.asset,
            amount_e8=instructed.amount_e8,
            reason=f"{instructed.venue} had not locked the amount when it was due",
            direction=instructed.direction,
        )
        self._evolve(event)
        return event

    def _complete(self, instructed: SettlementInstructed, now_us: int) -> Sequence[Event]:
        event = SettlementCompleted(
            event_id=derive_id(instructed.event_id, "custodian/completed"),
            correlation_id=instructed.correlation_id,
            causation_id=instructed.event_id,
            event_time_us=self._next_time_us(now_us),
            settlement_id=instructed.settlement_id,
            venue=instructed.venue,
            account=instructed.account,
            custody_account=instructed.custody_account,
            asset=instructed.asset,
            amount_e8=instructed.amount_e8,
            direction=instructed.direction,
        )
        self._evolve(event)
        total_e8, changes = self._held.get(event.asset, (0, 0))
        total_e8 += event.amount_e8
        credit = BalanceChanged(
            event_id=derive_id(event.event_id, "custodian/balance"),
            correlation_id=event.correlation_id,
            causation_id=event.event_id,
            event_time_us=self._next_time_us(now_us),
            venue=self._name,
            account=event.custody_account,
            asset=event.asset,
            reason="SETTLEMENT",
            reference_id=event.settlement_id,
            change_e8=event.amount_e8,
            available_e8=total_e8,
            locked_e8=0,
            total_e8=total_e8,
            balance_sequence=changes,
        )
        self._evolve(credit)
        return event, credit
