"""What holds after every step of any history of transfers, faults, outages and restarts."""

from heapq import heappop, heappush
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecosystem.custodian import views
from ecosystem.custodian.clients import CLIENTS
from ecosystem.custodian.machine import Custodian
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
    TransferCancelRequested,
    TransferRequested,
)
from ecosystem.events.words import Direction, EventId, SettlementKind
from ecosystem.exchange.machine import Exchange
from ecosystem.machine import Machine
from ecosystem.units import E8, HOUR_US, MINUTE_US, format_e8
from ecosystem.venues import VENUES
from tests.ecosystem.custodian.custody import (
    BINANCE,
    OKX,
    STARTS_AT_US,
    call_off,
    cancelled,
    new_custodian,
    request,
    scheduled,
)

FAULTS: dict[str, object] = {
    "settlement-delay": {"kinds": ["all"], "delay_us": 40 * MINUTE_US},
    "settlement-failure": {"kinds": ["all"], "share_e8": E8 // 2, "reason": "network"},
    "transfer-rejection": {"share_e8": E8 // 2, "reason": "limit"},
    "bank-holiday": {"in_days": 0, "days": 2},
    "approval-delay": {"factor_e8": 8 * E8, "from_usd_e8": 0},
    "custodian-offline": {},
}
ACCOUNTS = ("firm-momentum", "firm-arbitrage")
OPENING_E8 = {name: {"USD": 500 * E8, "USDT": 300 * E8} for name in ACCOUNTS}
KINDS: st.SearchStrategy[SettlementKind] = st.sampled_from(
    ["CRYPTO_INTERNAL", "CRYPTO_INTERNAL", "CRYPTO_EXTERNAL", "ACH"]
)
WAYS: st.SearchStrategy[Direction] = st.sampled_from(["TO_VENUE", "TO_CUSTODY"])


class AnyHistory(RuleBasedStateMachine):
    """A custodian and a restored one with two venues, on one log."""

    @initialize()
    def open(self) -> None:
        self.now_us = STARTS_AT_US
        self.venues = [
            Exchange(
                run_key=bytes(32),
                seed=7,
                starts_at_us=STARTS_AT_US,
                terms=VENUES[name],
                opening_balances_e8=OPENING_E8,
                book_interval_us=None,
            )
            for name in (OKX, BINANCE)
        ]
        self.custodian = new_custodian(clients=CLIENTS)
        self.twin = new_custodian(clients=CLIENTS)
        self.log: list[Event] = []
        self.on_its_way_e8 = {"USD": 0, "USDT": 0}
        """What has left one place and not reached the other."""
        self.transfers: list[EventId] = []
        self.faults: list[InjectionScheduled] = []
        self.waiting: list[tuple[int, int, Event]] = []
        self.numbers = count()
        self.run_until(STARTS_AT_US + MINUTE_US)
        self.total_e8 = self.everywhere_e8()

    def post(self, event: Event) -> None:
        heappush(self.waiting, (event.event_time_us, next(self.numbers), event))

    def both(self, facts: list[Event], again: list[Event]) -> None:
        assert facts == again
        for fact in facts:
            if isinstance(fact, BalanceChanged) and fact.reason == "SETTLEMENT":
                self.on_its_way_e8[fact.asset] -= fact.change_e8
            self.post(fact)

    def run_until(self, until_us: int) -> None:
        while True:
            machines: list[Machine] = [*self.venues, self.custodian]
            dues = [due for one in machines if (due := one.due_us())]
            wake_us = min(dues)
            if self.waiting and self.waiting[0][0] <= min(wake_us, until_us):
                now_us, _, event = heappop(self.waiting)
                self.log.append(event)
                self.both(
                    [*self.custodian.handle(event, now_us)],
                    [*self.twin.handle(event, now_us)],
                )
                for venue in self.venues:
                    facts = [*venue.handle(event, now_us)]
                    self.both(facts, facts)
            elif wake_us <= until_us:
                assert self.custodian.due_us() == self.twin.due_us()
                if self.custodian.due_us() == wake_us:
                    self.both([*self.custodian.wake(wake_us)], [*self.twin.wake(wake_us)])
                for venue in self.venues:
                    if venue.due_us() == wake_us:
                        facts = [*venue.wake(wake_us)]
                        self.both(facts, facts)
            else:
                break
        self.now_us = until_us

    def everywhere_e8(self) -> dict[str, int]:
        return {
            asset: self.on_its_way_e8[asset]
            + self.custodian.held_e8(asset)
            + sum(
                held.available_e8 + held.locked_e8
                for venue in self.venues
                for _, held_asset, held in venue.state.accounts
                if held_asset == asset
            )
            for asset in ("USD", "USDT")
        }

    @rule(
        dollars=st.integers(1, 700),
        asset=st.sampled_from(["USD", "USDT"]),
        account=st.sampled_from(ACCOUNTS),
        venue=st.sampled_from([OKX, BINANCE]),
        direction=WAYS,
        kind=KINDS,
        again=st.integers(0, 9).map(lambda drawn: drawn == 7),
    )
    def ask(
        self,
        dollars: int,
        asset: str,
        account: str,
        venue: str,
        direction: Direction,
        kind: SettlementKind,
        again: bool,
    ) -> None:
        asked = request(
            format_e8(dollars * E8),
            direction,
            asset=asset,
            account=account,
            venue=venue,
            kind=kind,
            at_us=self.now_us,
            transfer_id=self.transfers[-1] if again and self.transfers else None,
        )
        self.transfers.append(asked.transfer_id)
        self.post(asked)
        self.run_until(self.now_us + MINUTE_US // 2)

    @rule(number=st.integers(0, 50))
    @precondition(lambda self: self.transfers)
    def call_one_off(self, number: int) -> None:
        self.post(call_off(self.transfers[-1 - number % len(self.transfers)], self.now_us))
        self.run_until(self.now_us + MINUTE_US // 2)

    @rule(kind=st.sampled_from(sorted(FAULTS)), minutes=st.integers(1, 300))
    def inject(self, kind: str, minutes: int) -> None:
        schedule = scheduled(
            kind,
            FAULTS[kind],
            starts_at_us=self.now_us + MINUTE_US,
            ends_at_us=self.now_us + (1 + minutes) * MINUTE_US,
            name=f"fault-{len(self.faults)}",
        )
        self.faults.append(schedule)
        for one in (self.custodian, self.twin):
            assert not one.handle(schedule, self.now_us)
        self.log.append(schedule)

    @rule(number=st.integers(0, 50))
    @precondition(lambda self: self.faults)
    def end_a_fault(self, number: int) -> None:
        self.post(cancelled(self.faults[number % len(self.faults)], self.now_us))
        self.run_until(self.now_us)

    @rule(minutes=st.one_of(st.integers(1, 40), st.integers(60, 900)))
    def wait(self, minutes: int) -> None:
        self.run_until(self.now_us + minutes * MINUTE_US)

    @rule()
    def restart_from_the_log(self) -> None:
        self.run_until(self.now_us + 1_000)
        self.twin = restored(self.log)

    @invariant()
    def value_is_conserved(self) -> None:
        if hasattr(self, "total_e8"):
            assert self.everywhere_e8() == self.total_e8

    @invariant()
    def nothing_is_below_zero_and_the_other_client_is_untouched(self) -> None:
        if not hasattr(self, "total_e8"):
            return
        firm, other = views.segregated_balances(self.custodian.state)
        for held in (*firm.balances, *other.balances):
            parts = (held.available_e8, held.reserved_e8, held.cold_storage_e8, held.staking_e8)
            assert min(parts) >= 0
            assert sum(parts) == held.total_e8
        assert {held.asset: held.total_e8 for held in other.balances} == {
            "BTC": 25 * E8,
            "ETH": 400 * E8,
            "USD": 250_000 * E8,
            "USDT": 50_000 * E8,
        }

    @invariant()
    def what_is_reserved_is_what_is_on_its_way_out(self) -> None:
        if not hasattr(self, "total_e8"):
            return
        out_e8 = {"USD": 0, "USDT": 0}
        for one in self.custodian.state.settlements.values():
            if one.instructed.direction == "TO_VENUE":
                out_e8[one.instructed.asset] += one.instructed.amount_e8
        for held in views.master_balances(self.custodian.state):
            assert held.reserved_e8 == out_e8[held.asset]

    def teardown(self) -> None:
        if not hasattr(self, "total_e8"):
            return
        for schedule in self.faults:
            self.post(cancelled(schedule, self.now_us))
        self.run_until(self.now_us + 30 * HOUR_US)
        check_log(self.log)
        assert all(
            amount_e8 == 0 or self.custodian.state.settlements
            for amount_e8 in self.on_its_way_e8.values()
        )


def restored(log: list[Event]) -> Custodian:
    """Return a custodian restored from the log."""
    custodian = new_custodian(clients=CLIENTS)
    for event in sorted(log, key=lambda event: event.event_time_us):
        custodian.restore(event)
    return custodian


def check_log(log: list[Event]) -> None:
    """Every fact has its own id, every request one answer, and every comparison matches."""
    own = [e for e in log if not isinstance(e, TransferRequested | InjectionCancelRequested)]
    assert len({event.event_id for event in own}) == len(own)
    assert {e.resolution for e in log if isinstance(e, ReconciliationCompleted)} <= {"MATCHED"}
    ends = [
        e.settlement_id
        for e in log
        if isinstance(e, SettlementCompleted | SettlementFailed | SettlementCancelled)
    ]
    assert len(set(ends)) == len(ends)
    begun = {e.settlement_id for e in log if isinstance(e, SettlementInstructed)}
    assert set(ends) <= begun
    answered = {e.causation_id for e in log}
    wishes = [e for e in log if isinstance(e, TransferCancelRequested)]
    assert all(wish.event_id in answered for wish in wishes)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=8, stateful_step_count=20, deadline=None)
