"""The custodian: settles profit into custody, moves what clients ask for, keeps and compares."""

from collections.abc import Mapping, Sequence
from typing import Final

from ecosystem.custodian import balances
from ecosystem.custodian.answers import Answers
from ecosystem.custodian.approvals import Approvers
from ecosystem.custodian.clients import CLIENTS, Client
from ecosystem.custodian.faults.active import Faults, minutes_e8
from ecosystem.custodian.instructing import LEAST_E8, Instructing
from ecosystem.custodian.reconciling import EVERY_US, reconcile
from ecosystem.custodian.settling import NO_SERVICE, Settling
from ecosystem.custodian.standing import standing_orders
from ecosystem.custodian.state import CustodyState, Earned
from ecosystem.custodian.venue_facts import status_changed
from ecosystem.events.accounts import PositionChanged
from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementInstructed,
    TransferCancelRequested,
    TransferRejected,
    TransferRequested,
)
from ecosystem.events.words import EventId
from ecosystem.firm import CUSTODIAN
from ecosystem.ids import RootIds
from ecosystem.machine import TickFacts
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US
from ecosystem.venues import VENUES

_NEVER_US: Final = 2**63 - 1


class Custodian:
    """A custodian as a machine.

    Its past is its own facts and what it was told: prices, executions, balances of the venues,
    requests and injections. Restored from all of them in the order of their times it goes on as if
    it had never stopped. Restored from its own facts alone it knows what is in custody and what is
    due, but neither costs nor locks: it lets open settlements fail and settles late, never twice.
    """

    def __init__(
        self,
        *,
        run_key: bytes,
        seed: int,
        starts_at_us: int,
        name: str = CUSTODIAN,
        venues: Sequence[str] = tuple(VENUES),
        clients: Sequence[Client] = CLIENTS,
        least_e8: Mapping[str, int] = LEAST_E8,
    ) -> None:
        """Open at `starts_at_us`.

        Args:
            least_e8: by asset, the profit that is worth a settlement.
        """
        self._starts_at_us = starts_at_us
        self._roots = RootIds(run_key, name)
        self.state = CustodyState(name, venues, clients)
        self._faults = Faults(name, seed)
        approvers = Approvers(Stream(seed, name, "approvals"))
        processing = Stream(seed, name, "processing")
        self._settling = Settling(approvers, processing, self._faults)
        self._instructing = Instructing(self._settling, self._faults, least_e8)
        self._standing = standing_orders(self.state.clients)
        self._stood_us = [starts_at_us - 1] * len(self._standing)
        """When each standing order was last carried out."""
        self._heard_us = starts_at_us
        """When an injection was last heard of; it changes nothing before that."""
        self._dues: dict[EventId, tuple[Event, int]] = {}
        self._due_us: int | None = None
        """When the next step is due, as long as nothing has changed; None when it may have."""

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return self.state.name

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return what follows from a request, or from an execution that has earned enough."""
        state = self.state
        asset = state.learn(event)
        if asset is not None:
            assert isinstance(event, OrderFilled | PositionChanged)
            return self._earned(Earned(event, asset), now_us)
        if isinstance(event, TransferRequested | TransferCancelRequested):
            if event.custodian != state.name:
                return ()
            state.waiting[event.event_id] = event
            return self._answered(now_us) if state.state == "UP" else ()
        if isinstance(event, InjectionScheduled | InjectionCancelRequested):
            self._heard_us = now_us
            self._faults.learn(event)
            self._changed(injections=True)
        return ()

    def handle_ticks(self, ticks: Sequence[PriceTicked], now_us: int) -> TickFacts:
        """Take in ticks, from which nothing follows."""
        learn = self.state.learn
        for tick in ticks:
            learn(tick)
        return ()

    def due_us(self) -> int | None:
        """Return when the custodian opens or, once open, when its next step is due."""
        if self._due_us is None:
            self._due_us = self._next_us()
        return self._due_us

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the opening, or all that is due: steps of settlements and reconciliations."""
        answers = self._answers(now_us)
        if self.state.state == "CLOSED":
            self._open(answers)
        self._go_down_or_up(answers)
        if self.state.state == "UP":
            while (due := self._step_due())[0] <= now_us:
                settlement = self.state.settlements.get(due[1])
                if settlement is None:
                    self._reconcile(answers)
                else:
                    self._settling.step(settlement, answers)
            self._carry_out(answers)
        if (ends_us := self._faults.due_us()) is not None and ends_us <= now_us:
            # After the last event it altered.
            for ended in self._faults.ended(answers.time_us):
                answers.note(ended)
        self._changed()
        return answers.facts

    def restore(self, event: Event) -> None:
        """Take in a fact of the machine's own past, or what it was told."""
        state = self.state
        asset = state.learn(event)
        if asset is not None:
            assert isinstance(event, OrderFilled | PositionChanged)
            self._remember(Earned(event, asset))
        elif isinstance(event, TransferCancelRequested):
            if event.custodian == state.name:
                state.waiting[event.event_id] = event
        elif isinstance(event, SettlementInstructed):
            self._stood(event.settlement_id, event.event_time_us)
        elif isinstance(event, TransferRequested | TransferRejected):
            self._stood(event.transfer_id, event.event_time_us)
        self._faults.learn(event)
        state.evolve(event)
        self._changed(injections=True)

    def held_e8(self, asset: str) -> int:
        """Return what custody holds of an asset for the clients of this log."""
        accounts = {client.account for client in self.state.clients if client.published}
        return sum(
            held.total_e8
            for account, held_asset, held in self.state.ledger
            if held_asset == asset and account in accounts
        )

    def _answers(self, now_us: int) -> Answers:
        return Answers(self.state, self._roots, now_us)

    def _earned(self, earned: Earned, now_us: int) -> Sequence[Event]:
        if self.state.state != "UP":
            self._remember(earned)
            return ()
        if not self._instructing.is_enough(self.state, earned):
            return ()
        answers = self._answers(now_us)
        self._instructing.profit(earned, answers)
        self._changed()
        return answers.facts

    def _remember(self, earned: Earned) -> None:
        # The first that made it enough is what it would have followed from.
        if self.state.state == "DOWN" and self._instructing.is_enough(self.state, earned):
            place = (earned.cause.venue, earned.cause.account, earned.asset)
            self.state.earned.setdefault(place, earned)

    def _answered(self, now_us: int) -> Sequence[Event]:
        answers = self._answers(now_us)
        self._answer_waiting(answers)
        self._changed()
        return answers.facts

    def _answer_waiting(self, answers: Answers) -> None:
        for request in list(self.state.waiting.values()):
            if isinstance(request, TransferRequested):
                self._instructing.transfer(request, answers)
            else:
                self._instructing.cancel(request, answers)

    def _open(self, answers: Answers) -> None:
        for client in self.state.clients:
            if client.published:
                balances.opened(answers, client)
        status_changed(answers, "UP", "opened")

    def _go_down_or_up(self, answers: Answers) -> None:
        state, now_us = self.state, answers.now_us
        outage = self._faults.offline(now_us)
        if outage is not None and state.state == "UP":
            down = status_changed(answers, "DOWN", NO_SERVICE)
            answers.note(self._faults.note(outage, down, "status", (E8, 0)))
            for settlement in list(state.settlements.values()):
                self._settling.interrupt(settlement, down, answers)
        elif outage is None and state.state == "DOWN":
            earned = list(state.earned.values())
            status_changed(answers, "UP", "in service again")
            for one in earned:
                if self._instructing.is_enough(state, one):
                    self._instructing.profit(one, answers)
        if state.state == "UP" and state.waiting:
            self._answer_waiting(answers)

    def _reconcile(self, answers: Answers) -> None:
        state = self.state
        last_us = state.reconciled_us
        before = len(answers.facts)
        due_us = self._reconciliation_us()
        reconcile(answers)
        outage = self._faults.offline(due_us)
        if outage is not None and answers.now_us - due_us > SECOND_US and last_us is not None:
            values_e8 = (minutes_e8(due_us - last_us), minutes_e8(answers.now_us - last_us))
            for event in answers.facts[before:]:
                if isinstance(event, ReconciliationCompleted):
                    note = self._faults.note(outage, event, "reconciliation minutes", values_e8)
                    answers.note(note)
        for client in state.clients:
            if client.published:
                balances.keep_cold(answers, client)

    def _carry_out(self, answers: Answers) -> None:
        # What fell into an outage is left out: it comes again within the hour.
        for number, standing in enumerate(self._standing):
            due_us = self._standing_us(number)
            if due_us <= answers.now_us:
                request_id = standing.request_id(self._roots, self._starts_at_us, due_us)
                self._stood_us[number] = due_us
                request = standing.request(answers, request_id)
                self._instructing.transfer(request, answers)

    def _standing_us(self, number: int) -> int:
        after_us = max(self._stood_us[number], self.state.up_since_us)
        return self._standing[number].next_us(self._starts_at_us, after_us)

    def _stood(self, transfer_id: EventId, at_us: int) -> None:
        # Its answer tells as much as the request, which may not have been read again.
        for number, standing in enumerate(self._standing):
            due_us = standing.next_us(self._starts_at_us, at_us) - standing.order.every_us
            if standing.request_id(self._roots, self._starts_at_us, due_us) == transfer_id:
                self._stood_us[number] = max(self._stood_us[number], due_us)

    def _reconciliation_us(self) -> int:
        last_us = self.state.reconciled_us
        if last_us is None:
            return self._starts_at_us + EVERY_US
        passed = (last_us - self._starts_at_us) // EVERY_US
        return self._starts_at_us + (passed + 1) * EVERY_US

    def _changed(self, *, injections: bool = False) -> None:
        self._due_us = None
        if injections:
            self._dues.clear()

    def _step_due(self) -> tuple[int, EventId]:
        """Return when the next step is due and of what; a reconciliation has an empty id."""
        best = (self._reconciliation_us(), EventId(b""))
        for settlement_id, settlement in self.state.settlements.items():
            known = self._dues.get(settlement_id)
            if known is None or known[0] is not settlement.last:
                known = (settlement.last, self._settling.due_us(settlement))
                self._dues[settlement_id] = known
            if known[1] < best[0]:
                best = (known[1], settlement_id)
        if len(self._dues) > 2 * len(self.state.settlements) + 100:
            self._dues.clear()
        return best

    def _next_us(self) -> int:
        state, faults = self.state, self._faults
        if state.state == "CLOSED":
            return self._starts_at_us
        ends_us = faults.due_us()
        due_us = _NEVER_US if ends_us is None else ends_us
        if state.state == "UP":
            begins_us = faults.offline_from_us()
            due_us = min(due_us, self._step_due()[0])
            for number in range(len(self._standing)):
                due_us = min(due_us, self._standing_us(number))
            due_us = min(due_us, begins_us if begins_us is not None else _NEVER_US)
            if state.waiting:
                due_us = min(due_us, state.time_us)
        return max(due_us, self._heard_us)
