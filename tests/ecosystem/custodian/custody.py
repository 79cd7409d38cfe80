"""A custodian to test with, and what others tell it."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ecosystem.custodian.clients import SECOND_CLIENT, THE_FIRM, Client
from ecosystem.custodian.machine import Custodian
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    SettlementInstructed,
    TransferCancelRequested,
    TransferRequested,
)
from ecosystem.events.words import BalanceReason, Direction, EventId, SettlementKind
from ecosystem.units import DAY_US, HOUR_US, parse_e8
from tests.ecosystem.custodian.fills import fill, new_id

STARTS_AT_US = 1_767_571_200_000_000
"""Midnight UTC on Monday, 5 January 2026: Sunday evening in New York."""
NOON_US = STARTS_AT_US + DAY_US + 17 * HOUR_US
"""Tuesday noon in New York."""
OKX, BINANCE = "exchange-okx", "exchange-binance"
MOMENTUM = "firm-momentum"
WITHOUT_STANDING_ORDERS = (msgspec.structs.replace(THE_FIRM, standing=()), SECOND_CLIENT)
"""The usual clients, of whom none does anything by the clock."""
Kind = TypeVar("Kind", bound=Event)


def new_custodian(
    seed: int = 7,
    clients: Sequence[Client] = WITHOUT_STANDING_ORDERS,
    venues: Sequence[str] = (OKX, BINANCE),
) -> Custodian:
    """Return a custodian that is not yet open."""
    return Custodian(
        run_key=bytes(32), seed=seed, starts_at_us=STARTS_AT_US, clients=clients, venues=venues
    )


def opened(
    seed: int = 7,
    clients: Sequence[Client] = WITHOUT_STANDING_ORDERS,
    venues: Sequence[str] = (OKX, BINANCE),
) -> Custodian:
    """Return an open custodian."""
    custodian = new_custodian(seed, clients, venues)
    custodian.wake(STARTS_AT_US)
    return custodian


def run_until(custodian: Custodian, until_us: int) -> list[Event]:
    """Wake a custodian whenever it is due, up to a moment; return what it says."""
    facts: list[Event] = []
    while (due_us := custodian.due_us()) is not None and due_us <= until_us:
        facts += custodian.wake(due_us)
    return facts


def earn(
    custodian: Custodian,
    price: str,
    *,
    account: str = MOMENTUM,
    at_us: int = NOON_US,
    venue: str = OKX,
) -> Sequence[Event]:
    """Buy one BTC at 100 and sell it at a price; return what follows from the sale."""
    run_until(custodian, at_us)
    buy = fill("BUY", "1", "100", account=account, at_us=at_us, venue=venue)
    sell = fill("SELL", "1", price, account=account, at_us=at_us, venue=venue)
    assert not custodian.handle(buy, at_us)
    return custodian.handle(sell, at_us)


def lock(custodian: Custodian, settlement: SettlementInstructed, venue: str = OKX) -> None:
    """Let the venue say that it has locked the amount of a settlement."""
    event = stated(
        settlement.account,
        settlement.asset,
        ("0", settlement.amount_e8),
        reason="SETTLEMENT_LOCK",
        reference_id=settlement.settlement_id,
        at_us=settlement.event_time_us + 10_000,
        venue=venue,
    )
    assert not custodian.handle(event, event.event_time_us)


def stated(
    account: str,
    asset: str,
    parts: tuple[str, int],
    *,
    change: str = "0",
    reason: BalanceReason = "DEPOSIT",
    reference_id: EventId | None = None,
    at_us: int = NOON_US,
    venue: str = OKX,
) -> BalanceChanged:
    """Return a venue's word about a balance: available as text, and locked scaled by 1e8."""
    event_id = new_id()
    available_e8 = parse_e8(parts[0])
    return BalanceChanged(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        venue=venue,
        account=account,
        asset=asset,
        reason=reason,
        reference_id=event_id if reference_id is None else reference_id,
        change_e8=parse_e8(change),
        available_e8=available_e8,
        locked_e8=parts[1],
        total_e8=available_e8 + parts[1],
        balance_sequence=0,
    )


def deposit(
    custodian: Custodian,
    amount: str,
    asset: str = "USD",
    *,
    account: str = MOMENTUM,
    at_us: int = NOON_US,
    venue: str = OKX,
) -> None:
    """Let a venue say that an account got its first of an asset."""
    run_until(custodian, at_us)
    event = stated(account, asset, (amount, 0), change=amount, at_us=at_us, venue=venue)
    assert not custodian.handle(event, at_us)


def request(
    amount: str,
    direction: Direction = "TO_VENUE",
    *,
    asset: str = "USD",
    account: str = MOMENTUM,
    venue: str = OKX,
    custody_account: str = "custody-firm",
    kind: SettlementKind = "CRYPTO_INTERNAL",
    transfer_id: EventId | None = None,
    at_us: int = NOON_US,
) -> TransferRequested:
    """Return a request for a transfer."""
    event_id = new_id()
    return TransferRequested(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        transfer_id=new_id() if transfer_id is None else transfer_id,
        custodian="custodian",
        venue=venue,
        account=account,
        custody_account=custody_account,
        asset=asset,
        amount_e8=parse_e8(amount),
        direction=direction,
        kind=kind,
    )


def call_off(transfer_id: EventId, at_us: int = NOON_US) -> TransferCancelRequested:
    """Return a request to call a transfer off."""
    event_id = new_id()
    return TransferCancelRequested(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        transfer_id=transfer_id,
        custodian="custodian",
        reason="it was a mistake",
    )


def scheduled(
    kind: str,
    parameters: object,
    *,
    starts_at_us: int = NOON_US,
    ends_at_us: int = NOON_US + 4 * HOUR_US,
    name: str = "fault",
) -> InjectionScheduled:
    """Return the schedule of an injection into the custodian, known from the start."""
    event_id = new_id()
    return InjectionScheduled(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=STARTS_AT_US,
        run_id="run",
        injection_id=event_id,
        name=name,
        kind=kind,
        target="custodian",
        starts_at_us=starts_at_us,
        ends_at_us=ends_at_us,
        parameters_json=msgspec.json.encode(parameters).decode(),
    )


def cancelled(schedule: InjectionScheduled, at_us: int) -> InjectionCancelRequested:
    """Return the wish to end an injection."""
    event_id = new_id()
    return InjectionCancelRequested(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=at_us,
        run_id="run",
        injection_id=schedule.injection_id,
        target="custodian",
        reason="enough",
    )


def only(kind: type[Kind], facts: Sequence[Event]) -> Kind:
    """Return the one fact of a kind."""
    (found,) = (fact for fact in facts if isinstance(fact, kind))
    return found


def names(facts: Sequence[Event]) -> list[str]:
    """Return the names of facts, with the reason of balance changes; reconciliations aside."""
    return [
        f"{type(fact).__name__} {fact.reason}"
        if isinstance(fact, BalanceChanged)
        else type(fact).__name__
        for fact in facts
        if type(fact).__name__ != "ReconciliationCompleted"
    ]
