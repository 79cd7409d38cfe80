"""The exchange: what follows from wishes, ticks and settlements, and from the end of a day.

Matching happens on arrival; the answers carry a later time, which is the processing delay.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ecosystem.events.accounts import (
    AccountOpenRequested,
    AccountStateChangeRequested,
    AccountTransferRequested,
)
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import AccountKind
from ecosystem.exchange.answers import Answers, Request
from ecosystem.exchange.desk import OrderDesk
from ecosystem.exchange.faults.active import NEVER_US
from ecosystem.exchange.faults.faults import SCENARIO_EVENTS, Faults
from ecosystem.exchange.faults.waiting import OPERATIONS
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.funds import Funds, SpotFunds
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8, House
from ecosystem.exchange.liquidity.publishing import BOOK_INTERVAL_US, BookPublisher
from ecosystem.exchange.margin.account_desk import AccountDesk
from ecosystem.exchange.margin.desk import MarginDesk
from ecosystem.exchange.margin.funds import MarginFunds
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.exchange.opening import Opening
from ecosystem.exchange.order_facts import expired
from ecosystem.exchange.settling import SettlementDesk
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.ticks import TickDesk
from ecosystem.firm import ACCOUNT_KINDS, FEED, OPENING_BALANCES_E8
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.machine import TickFacts
from ecosystem.venues import VenueTerms


class Exchange:
    """A venue as a machine.

    Restored from its own facts and the ticks it had taken in, it goes on as if it had never
    stopped. Of the ticks the house needs the last of each instrument, and is silent without it
    until the next; the marks of perpetuals need those of the last minutes, the next funding rate
    those of its interval, and what is said of matching that waited those of the halt. Of faults
    it needs the schedules and the calls to end them, and the wishes that were waiting.
    """

    def __init__(
        self,
        *,
        run_key: bytes,
        seed: int,
        starts_at_us: int,
        terms: VenueTerms,
        feed: str = FEED,
        opening_balances_e8: Mapping[str, Mapping[str, int]] | None = None,
        house_holdings_e8: Mapping[str, int] = HOUSE_HOLDINGS_E8,
        book_interval_us: int | None = BOOK_INTERVAL_US,
        account_kinds: Mapping[str, AccountKind] = ACCOUNT_KINDS,
        masters: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Begin at `starts_at_us`.

        Args:
            opening_balances_e8: by account and asset; the firm's at this venue unless given.
            book_interval_us: how often each book is published; None for never.
            account_kinds: of these accounts; SPOT where it does not say.
            masters: whose sub-accounts they are; the firm's where it does not say.
        """
        self._name = name = terms.name
        self._starts_at_us = starts_at_us
        self._delay_us = terms.delay_us
        self._roots = RootIds(run_key, name)
        if opening_balances_e8 is None:
            opening_balances_e8 = OPENING_BALANCES_E8.get(name, {})
        self._opening = Opening(opening_balances_e8, account_kinds, masters)
        self.state = VenueState(terms, House(seed, terms, house_holdings_e8))
        spot = SpotFunds(self.state)
        margin = MarginFunds(self.state)
        self._funds: Mapping[str, Funds] = {
            symbol: margin if symbol in PERPETUALS else spot for symbol in INSTRUMENTS
        }
        self._floor = Floor(self.state, self._funds, self._mark_price_e8)
        self._publisher = (
            None
            if book_interval_us is None
            else BookPublisher(self.state, self._roots, starts_at_us, book_interval_us)
        )
        self._desk = OrderDesk(self.state, self._funds, self._floor)
        self._margin = MarginDesk(self.state, self._floor, margin)
        accounts = AccountDesk(self.state)
        self._faults = Faults(self.state, self._desk, seed)
        self._look = self._faults.look
        self._ticks = TickDesk(
            self.state,
            self._floor,
            self._margin,
            self._faults.market,
            feed=feed,
            begin=lambda now_us: self._answers(now_us, self._delay_us),
            finish=self._finished,
            changed=self._changed,
        )
        self._due_us: int | None = None
        """When something is due, as long as nothing has changed; None when it may have."""
        self._deeds_us = starts_at_us
        """When there is more to do than to publish a book, as long as `_due_us` is known."""
        self._decisions: Mapping[type[Event], Callable[[Any, Answers], None]] = {
            **SettlementDesk(self.state, self._margin).decisions,
            AccountOpenRequested: accounts.open,
            AccountStateChangeRequested: accounts.change_state,
            AccountTransferRequested: accounts.transfer,
        }

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return self._name

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return the facts that follow from a tick, a wish, a settlement or a fault."""
        self._look(now_us)
        kind = type(event)
        if kind is PriceTicked:
            found = self._ticks.take((event,), now_us)  # type: ignore[arg-type] # checked by kind
            return found[0][1] if found else ()
        if kind in OPERATIONS:
            return self._answer(event, now_us)  # type: ignore[arg-type] # checked by kind
        if kind in SCENARIO_EVENTS:
            self._due_us = None
            return self._faults.learn(event, self._answers(now_us, 0), now_us)
        decide = self._decisions.get(kind)
        if decide is None or event.venue != self._name:  # type: ignore[attr-defined] # these have it
            return ()
        self._due_us = None
        answers = self._answers(now_us, self._delay_us)
        decide(event, answers)
        return self._finished(answers)

    def handle_ticks(self, ticks: Sequence[PriceTicked], now_us: int) -> TickFacts:
        """Return what follows from ticks of one moment, one after the other."""
        self._look(now_us)
        return self._ticks.take(ticks, now_us)

    def due_us(self) -> int | None:
        """Return when the venue opens or, once open, when something is due."""
        if self._due_us is None:
            self._deeds_us = self._deeds_due_us()
            self._due_us = self._next_us()
        return None if self._due_us == NEVER_US else self._due_us

    def _next_us(self) -> int:
        if self._publisher is None or not self.state.status_changes:
            return self._deeds_us
        return min(self._deeds_us, self._publisher.due_us())

    def _deeds_due_us(self) -> int:
        """Return when the venue has more to do than to publish a book."""
        if not self.state.status_changes:
            return self._starts_at_us
        due_us = self._faults.due_us()
        if (funding_us := self._margin.funding_due_us()) is not None and funding_us < due_us:
            due_us = funding_us
        if self.state.day_orders:
            due_us = min(due_us, *self.state.day_orders)
        return due_us

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the opening with its deposits, or what is due.

        That is funding, the expiry of DAY orders, wishes that have waited, books, and faults that
        begin or end.
        """
        self._look(now_us)
        deeds_us = self._deeds_due_us() if self._due_us is None else self._deeds_us
        if self.state.status_changes and now_us < deeds_us:
            quoting = self._answers(now_us, 0)
            notes = self._publish(now_us, quoting)
            self._deeds_us = deeds_us
            self._due_us = self._next_us()
            return [*quoting.facts, *notes] if notes else quoting.facts
        self._due_us = None
        facts = self._deeds(now_us)
        quoting = self._answers(now_us, 0)
        announced = self._faults.announce(quoting, now_us)
        notes = self._publish(now_us, quoting)
        return [*facts, *quoting.facts, *notes, *announced]

    def _publish(self, now_us: int, quoting: Answers) -> Sequence[InjectionApplied]:
        """Publish the books that are due, and return what was altered in them."""
        if self._publisher is None:
            return ()
        disturbed = self._publisher.publish(now_us, quoting)
        return list(self._faults.market.note_books(disturbed)) if disturbed else ()

    def _deeds(self, now_us: int) -> Sequence[Event]:
        state, answers = self.state, self._answers(now_us, self._delay_us)
        if not state.status_changes:
            self._opening.open(answers)
        self._margin.fund(now_us, answers)
        for expires_us in [day for day in state.day_orders if day <= now_us]:
            for order_id in list(state.day_orders[expires_us]):
                expired(answers, state.orders[order_id])
        return [*self._finished(answers), *self._release(now_us)]

    def restore(self, event: Event) -> None:
        """Take in an event of the machine's past, its own or one it had read."""
        self._due_us = None
        if isinstance(event, PriceTicked):
            self._look(event.event_time_us)
            self._ticks.restore(event)
            return
        self.state.evolve(event)
        self._faults.restore(event)
        if isinstance(event, BookQuoted) and self._publisher is not None:
            self._publisher.forget_due()

    def _release(self, now_us: int) -> Sequence[Event]:
        facts: list[Event] = []
        for held in self._faults.waiting.release(now_us):
            answers = self._answers(now_us, self._delay_us)
            notes = self._faults.desk.answer(held.request, answers, held)
            facts += [*self._finished(answers), *notes]
        return facts

    def _changed(self) -> None:
        self._due_us = None

    def _finished(self, answers: Answers) -> Sequence[Event]:
        if answers.facts and self.state.sub_accounts.mixed:
            self._margin.top_up(answers)
        return answers.facts

    def _mark_price_e8(self, symbol: str) -> int | None:
        if symbol in PERPETUALS:
            return self.state.perpetuals.marks[symbol].mark_price_e8 or None
        return self.state.house.middle_price_e8(symbol)

    def _answers(self, now_us: int, delay_us: int) -> Answers:
        return Answers(self.state, self._roots, self._funds, now_us + delay_us)

    def _answer(self, request: Request, now_us: int) -> Sequence[Event]:
        if request.venue != self._name:
            return ()
        self._due_us = None
        faults = self._faults
        if not faults.at_work:
            answers = self._answers(now_us, self._delay_us)
            self._desk.answer(request, answers)
            return self._finished(answers)
        if faults.waiting.hold(request):
            return ()
        answers = self._answers(now_us, self._delay_us)
        notes = faults.desk.answer(request, answers)
        return [*self._finished(answers), *notes]
