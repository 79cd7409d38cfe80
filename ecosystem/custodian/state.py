"""What the custodian knows, and the two ways it learns: its own facts, and what others tell it."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ecosystem.custodian.clients import Client
from ecosystem.custodian.earnings import Earnings
from ecosystem.custodian.ledger import Ledger
from ecosystem.custodian.records import Records
from ecosystem.custodian.settlement import ENDED, Settlement, SettlementFact
from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import AccountOpened, CustodyAllocated, PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementApproved,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
    TransferCancelRequested,
    TransferRejected,
    TransferRequested,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8, multiply_e8

UNIT_OF_ACCOUNT: Final = "USD"
REMEMBERED_MAX: Final = 2_000
"""How many ended settlements and refused transfers are remembered."""
RECONCILIATIONS_MAX: Final = 2_000


class Earned(NamedTuple):
    """An event that may have earned enough for a settlement."""

    cause: OrderFilled | PositionChanged
    asset: str


Request = TransferRequested | TransferCancelRequested


class CustodyState:
    """Clients, holdings, settlements, the records of venues, and what waits for an answer."""

    def __init__(self, name: str, venues: Sequence[str], clients: Sequence[Client]) -> None:
        self.name = name
        self.venues = tuple(venues)
        self.clients = tuple(clients)
        self.ledger = Ledger()
        self.earnings = Earnings()
        self.records = Records()
        self.settlements: dict[EventId, Settlement] = {}
        """The open ones, by id."""
        self.ended: OrderedDict[EventId, Settlement] = OrderedDict()
        """The last ones to end, oldest first."""
        self.refused: OrderedDict[EventId, TransferRejected] = OrderedDict()
        """The last transfers refused, oldest first."""
        self.reconciliations: OrderedDict[EventId, ReconciliationCompleted] = OrderedDict()
        self.locked: set[EventId] = set()
        """Open settlements for which the venue has locked the amount."""
        self.waiting: OrderedDict[EventId, Request] = OrderedDict()
        """Requests that were not answered yet, oldest first, by the id of the request."""
        self.earned: dict[tuple[str, str, str], Earned] = {}
        """What came in while the custodian was down, by venue, account and asset."""
        self.opened: set[str] = set()
        self.instructions = 0
        self.reconciled_us: int | None = None
        """When it last reconciled."""
        self.reconciliation_count = 0
        self.state = "CLOSED"
        self.up_since_us = 0
        self.status: VenueStatusChanged | None = None
        self.status_changes = 0
        self.time_us = 0
        """The time of the last own fact; no two have the same."""
        self._owners: dict[str, Client | None] = {}
        self._ticks: dict[str, PriceTicked] = {}
        self._evolve = self._evolvers()
        self._keep_for_others()

    def client_of(self, account: str) -> Client | None:
        """Return the client of this log that has an account at venues; None when nobody has."""
        if account not in self._owners:
            owners = (one for one in self.clients if one.published and one.owns(account))
            self._owners[account] = next(owners, None)
        return self._owners[account]

    def worth_usd_e8(self, asset: str, amount_e8: int) -> int:
        """Return what an amount is worth at the last price, or at a usual one before any."""
        if asset == UNIT_OF_ACCOUNT:
            return amount_e8
        symbol = f"{asset}-{UNIT_OF_ACCOUNT}"
        tick = self._ticks.get(symbol)
        if tick is not None:
            return multiply_e8(amount_e8, (tick.bid_price_e8 + tick.ask_price_e8) // 2)
        usual = INSTRUMENTS.get(symbol)
        return multiply_e8(amount_e8, usual.reference_price_e8 if usual is not None else E8)

    def pending_e8(self, account: str, asset: str) -> int:
        """Return what is instructed to come into a master account and has not come yet."""
        return sum(
            open_.instructed.amount_e8
            for open_ in self.settlements.values()
            if open_.instructed.direction == "TO_CUSTODY"
            and (open_.instructed.custody_account, open_.instructed.asset) == (account, asset)
        )

    def find(self, settlement_id: EventId) -> Settlement | None:
        """Return a settlement that is open, or has ended and is still remembered."""
        return self.settlements.get(settlement_id) or self.ended.get(settlement_id)

    def learn(self, event: Event) -> str | None:
        """Take in what others say; return the asset in which it may have earned something."""
        kind = type(event)
        if kind is PriceTicked:
            self._ticks[event.instrument] = event  # type: ignore[attr-defined,assignment] # is one
        elif isinstance(event, OrderFilled):
            if self._concerns(event):
                self.records.filled(event)
                return self.earnings.filled(event)
        elif isinstance(event, PositionChanged):
            if self._concerns(event):
                return self.earnings.position_changed(event)
        elif isinstance(event, BalanceChanged) and self._concerns(event):
            self._stated(event)
        return None

    def evolve(self, event: Event) -> None:
        """Take in a fact of this custodian; facts of others change nothing.

        Raises:
            IllegalTransitionError: the state does not allow the fact.
        """
        apply = self._evolve.get(type(event))
        if apply is None or not self._is_own(event):
            return
        apply(event)
        self.time_us = event.event_time_us

    def _evolvers(self) -> Mapping[type[Event], Callable[[Any], None]]:
        return {
            SettlementInstructed: self._instructed,
            SettlementApproved: self._moved,
            SettlementStarted: self._moved,
            SettlementDelayed: self._moved,
            SettlementCompleted: self._moved,
            SettlementFailed: self._moved,
            SettlementCancelled: self._moved,
            TransferRequested: self._requested,
            TransferRejected: self._refused,
            ReconciliationCompleted: self._reconciled,
            BalanceChanged: self.ledger.apply,
            CustodyAllocated: self.ledger.allocate,
            AccountOpened: self._opened,
            VenueStatusChanged: self._status_changed,
        }

    def _keep_for_others(self) -> None:
        for client in self.clients:
            for asset, total_e8 in {} if client.published else client.opening_e8.items():
                staked_e8 = multiply_e8(total_e8, client.staking_share_e8.get(asset, 0))
                cold_e8 = multiply_e8(total_e8 - staked_e8, client.cold_share_e8.get(asset, 0))
                free_e8 = total_e8 - staked_e8 - cold_e8
                self.ledger.keep(client.account, asset, (free_e8, cold_e8, staked_e8))

    def _concerns(self, event: OrderFilled | PositionChanged | BalanceChanged) -> bool:
        return event.venue in self.venues and self.client_of(event.account) is not None

    def _is_own(self, event: Event) -> bool:
        writer = getattr(event, "custodian", None)
        if writer is None and isinstance(
            event, BalanceChanged | CustodyAllocated | AccountOpened | VenueStatusChanged
        ):
            writer = event.venue
        return writer is None or writer == self.name

    def _stated(self, event: BalanceChanged) -> None:
        self.records.stated(event)
        if event.reason == "DEPOSIT":
            self.earnings.deposited(event)
        elif event.reason == "SETTLEMENT_LOCK" and event.reference_id in self.settlements:
            self.locked.add(event.reference_id)

    def _instructed(self, event: SettlementInstructed) -> None:
        if self.find(event.settlement_id) is not None:
            raise IllegalTransitionError(
                f"settlement {event.settlement_id.hex()} was instructed twice"
            )
        worth_e8 = self.worth_usd_e8(event.asset, event.amount_e8)
        settlement = Settlement(event, self.instructions, worth_e8)
        self.settlements[event.settlement_id] = settlement
        self.instructions += 1
        self.waiting.pop(event.causation_id, None)
        if settlement.is_profit:
            self.earned.pop((event.venue, event.account, event.asset), None)
            self.earnings.add(event.venue, event.account, event.asset, -event.amount_e8)

    def _moved(self, event: SettlementFact) -> None:
        settlement = self.settlements.get(event.settlement_id)
        if settlement is None:
            known = self.ended.get(event.settlement_id)
            raise IllegalTransitionError(
                f"{type(event).__name__} of settlement {event.settlement_id.hex()}, which is "
                f"{'unknown' if known is None else known.status}; allowed: one that is open"
            )
        settlement.evolve(event)
        self.waiting.pop(event.causation_id, None)
        if settlement.status not in ENDED:
            return
        del self.settlements[event.settlement_id]
        self.locked.discard(event.settlement_id)
        _remember(self.ended, event.settlement_id, settlement)
        if isinstance(event, SettlementCompleted):
            self.records.settled(event)
        elif settlement.is_profit:
            self.earnings.add(event.venue, event.account, event.asset, event.amount_e8)

    def _requested(self, event: TransferRequested) -> None:
        known = self.find(event.transfer_id) is not None or event.transfer_id in self.refused
        if not known:
            self.waiting[event.event_id] = event

    def _refused(self, event: TransferRejected) -> None:
        request = self.waiting.pop(event.causation_id, None)
        if not isinstance(request, TransferCancelRequested):
            _remember(self.refused, event.transfer_id, event)

    def _reconciled(self, event: ReconciliationCompleted) -> None:
        self.records.reconciled(event)
        self.reconciled_us = event.event_time_us
        self.reconciliation_count = event.reconciliation_sequence + 1
        self.reconciliations[event.event_id] = event
        if len(self.reconciliations) > RECONCILIATIONS_MAX:
            self.reconciliations.popitem(last=False)

    def _opened(self, event: AccountOpened) -> None:
        self.opened.add(event.account)

    def _status_changed(self, event: VenueStatusChanged) -> None:
        self.state = event.state
        self.status = event
        self.status_changes += 1
        if event.state == "UP":
            self.up_since_us = event.event_time_us
            self.earned.clear()


def _remember(memory: OrderedDict[EventId, Any], key: EventId, value: object) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED_MAX:
        memory.popitem(last=False)
