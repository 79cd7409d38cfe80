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
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import AccountKind
from ecosystem.exchange.answers import Answers, Request
from ecosystem.exchange.balance_facts import deposited
from ecosystem.exchange.desk import OrderDesk
from ecosystem.exchange.faults.active import NEVER_US
from ecosystem.exchange.faults.faults import SCENARIO_EVENTS, Faults
from ecosystem.exchange.faults.waiting import OPERATIONS
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.funds import Funds, SpotFunds
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8, House
from ecosystem.exchange.liquidity.meeting import usual_fills_e8
from ecosystem.exchange.liquidity.noise import NoiseTrade
from ecosystem.exchange.liquidity.publishing import BOOK_INTERVAL_US, BookPublisher
from ecosystem.exchange.margin.account_desk import AccountDesk
from ecosystem.exchange.margin.desk import WATCHES, MarginDesk
from ecosystem.exchange.margin.facts import opened
from ecosystem.exchange.margin.funds import MarginFunds
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.exchange.order_facts import expired
from ecosystem.exchange.settling import SettlementDesk
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.venue_facts import status_changed
from ecosystem.firm import ACCOUNT_KINDS, FEED, FIRM, OPENING_BALANCES_E8
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
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
        self._feed = feed
        self._starts_at_us = starts_at_us
        self._delay_us = terms.delay_us
        self._roots = RootIds(run_key, name)
        self._opening_balances_e8 = (
            OPENING_BALANCES_E8.get(name, {})
            if opening_balances_e8 is None
            else opening_balances_e8
        )
        self.state = VenueState(terms, House(seed, terms, house_holdings_e8))
        self._quotes = self.state.house.quotes
        self._waiting = self.state.waiting
        spot = SpotFunds(self.state)
        margin = MarginFunds(self.state)
        self._funds: Mapping[str, Funds] = {
            symbol: margin if symbol in PERPETUALS else spot for symbol in INSTRUMENTS
        }
        self._floor = Floor(self.state, self._funds, self._mark_price_e8)
        self._publisher = (
            None
            if book_interval_us is None
            else BookPublisher(self.state, starts_at_us, book_interval_us)
        )
        self._desk = OrderDesk(self.state, self._funds, self._floor)
        self._margin = MarginDesk(self.state, self._floor, margin)
        self._account_kinds = account_kinds
        self._masters = masters
        accounts = AccountDesk(self.state)
        self._faults = Faults(self.state, self._desk, seed)
        self._look = self._faults.look
        self._due_us: int | None = None
        """When something is due, as long as nothing has changed; None when it may have."""
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
            return self._tick(event, now_us)  # type: ignore[arg-type] # checked by kind
        self._due_us = None
        if kind in OPERATIONS:
            return self._answer(event, now_us)  # type: ignore[arg-type] # checked by kind
        if kind in SCENARIO_EVENTS:
            return self._faults.learn(event, self._answers(now_us, 0), now_us)
        decide = self._decisions.get(kind)
        if decide is None or event.venue != self._name:  # type: ignore[attr-defined] # these have it
            return ()
        answers = self._answers(now_us, self._delay_us)
        decide(event, answers)
        return self._finished(answers)

    def due_us(self) -> int | None:
        """Return when the venue opens or, once open, when something is due."""
        if self._due_us is None:
            self._due_us = self._next_us()
        return None if self._due_us == NEVER_US else self._due_us

    def _next_us(self) -> int:
        deeds_us = self._deeds_due_us()
        if self._publisher is None or not self.state.status_changes:
            return deeds_us
        return min(deeds_us, self._publisher.due_us())

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
        self._faults.look(now_us)
        self._due_us = None
        only_books = self.state.status_changes and now_us < self._deeds_due_us()
        facts = () if only_books else self._deeds(now_us)
        quoting = self._answers(now_us, 0)
        notes = self._faults.announce(quoting, now_us)
        if self._publisher is not None:
            disturbed = self._publisher.publish(now_us, quoting)
            notes = [*self._faults.market.note_books(disturbed), *notes] if disturbed else notes
        return [*facts, *quoting.facts, *notes]

    def _deeds(self, now_us: int) -> Sequence[Event]:
        state, answers = self.state, self._answers(now_us, self._delay_us)
        if not state.status_changes:
            # A deposit that reached the log before a crash is not made again.
            self._open_accounts(answers)
            for account, holdings_e8 in self._opening_balances_e8.items():
                for asset, amount_e8 in holdings_e8.items():
                    if not state.accounts.balance(account, asset).changes:
                        deposited(answers, account, asset, amount_e8)
            status_changed(answers, "UP", "opened")
        self._margin.fund(now_us, answers)
        for expires_us in [day for day in state.day_orders if day <= now_us]:
            for order_id in list(state.day_orders[expires_us]):
                expired(answers, state.orders[order_id])
        return [*self._finished(answers), *self._release(now_us)]

    def restore(self, event: Event) -> None:
        """Take in an event of the machine's past, its own or one it had read."""
        self._due_us = None
        if isinstance(event, PriceTicked):
            if event.feed == self._feed and event.instrument in self._quotes:
                self._restore_tick(event)
            return
        self.state.evolve(event)
        self._faults.restore(event)
        if isinstance(event, BookQuoted) and self._publisher is not None:
            self._publisher.forget_due()

    def _restore_tick(self, tick: PriceTicked) -> None:
        self._quotes[tick.instrument].stand(tick)
        self._margin.follow(tick)
        self._faults.look(tick.event_time_us)
        if tick.instrument in self.state.halted:
            self._misses(tick)
        else:
            self._faults.market.take_missed(tick.instrument)

    def _release(self, now_us: int) -> Sequence[Event]:
        facts: list[Event] = []
        for held in self._faults.waiting.release(now_us):
            answers = self._answers(now_us, self._delay_us)
            notes = self._faults.desk.answer(held.request, answers, held)
            facts += [*self._finished(answers), *notes]
        return facts

    def _finished(self, answers: Answers) -> Sequence[Event]:
        if answers.facts and self.state.sub_accounts.mixed:
            self._margin.top_up(answers)
        return answers.facts

    def _open_accounts(self, answers: Answers) -> None:
        # An account that reached the log before a crash is not opened again; masters come first.
        accounts = {
            name: self._masters.get(name, FIRM) for name in sorted(self._opening_balances_e8)
        }
        masters = {master: master for master in accounts.values()}
        for name, master in (masters | accounts).items():
            if name not in self.state.sub_accounts:
                opened(answers, name, master, self._account_kinds.get(name, "SPOT"))

    def _mark_price_e8(self, symbol: str) -> int | None:
        if symbol in PERPETUALS:
            return self.state.perpetuals.marks[symbol].mark_price_e8 or None
        return self.state.house.middle_price_e8(symbol)

    def _answers(self, now_us: int, delay_us: int) -> Answers:
        return Answers(self.state, self._roots, self._funds, now_us + delay_us)

    def _answer(self, request: Request, now_us: int) -> Sequence[Event]:
        if request.venue != self._name:
            return ()
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

    def _tick(self, tick: PriceTicked, now_us: int) -> Sequence[Event]:
        symbol = tick.instrument
        quote = self._quotes.get(symbol)
        if quote is None or tick.feed != self._feed:
            return ()
        began = quote.stand(tick)
        exposed = symbol in WATCHES and self._follow(tick)
        halted = symbol in self.state.halted
        if exposed or halted or any(self._waiting[symbol]):
            return self._matched(tick, now_us, began=began, exposed=exposed, halted=halted)
        self._faults.market.take_missed(symbol)
        return ()

    def _matched(
        self, tick: PriceTicked, now_us: int, *, began: bool, exposed: bool, halted: bool
    ) -> Sequence[Event]:
        symbol = tick.instrument
        if halted:
            self._misses(tick)
        comes, noise = (False, None) if halted else self._comes(symbol, began=began)
        mark_e8 = None if halted else self._floor.mark_price_e8(symbol)
        missed = None if halted else self._faults.market.take_missed(symbol)
        if not comes and not exposed and not self._reaches(symbol, mark_e8):
            return ()
        self._due_us = None
        answers = self._answers(now_us, self._delay_us)
        causes = (tick.event_id, tick.correlation_id)
        disturbed = comes and symbol in self.state.house.disturbances
        usual_e8 = usual_fills_e8(self.state, symbol, noise) if disturbed else {}
        if comes:
            self._floor.meet_house(answers, symbol, causes, noise)
        if mark_e8 is not None:
            self._floor.trigger(answers, symbol, mark_e8, causes)
        if exposed:
            self._margin.watch(tick, answers)
        facts = self._finished(answers)
        if not usual_e8 and missed is None:
            return facts
        return [*facts, *self._faults.market.note_matched(tick, facts, usual_e8, missed)]

    def _follow(self, tick: PriceTicked) -> bool:
        """Take in a tick that marks follow, and return whether it may be followed by executions."""
        perpetuals = self.state.perpetuals
        before_us = perpetuals.next_funding_us
        exposed = self._margin.follow(tick)
        if perpetuals.next_funding_us != before_us:
            self._due_us = None
        return exposed and not any(one in self.state.halted for one in PERPETUALS)

    def _comes(self, symbol: str, *, began: bool) -> tuple[bool, NoiseTrade | None]:
        house, book = self.state.house, self.state.books[symbol]
        bid_e8, ask_e8 = book.bids.best_price_e8(), book.asks.best_price_e8()
        if bid_e8 is None and ask_e8 is None:
            return False, None
        noise = house.noise_trade(symbol, bid_e8, ask_e8) if began else None
        return noise is not None or house.crosses(symbol, bid_e8, ask_e8), noise

    def _reaches(self, symbol: str, mark_e8: int | None) -> bool:
        return mark_e8 is not None and self.state.stops[symbol].reached(mark_e8) is not None

    def _misses(self, tick: PriceTicked) -> None:
        symbol = tick.instrument
        mark_e8 = self._floor.mark_price_e8(symbol)
        if self._comes(symbol, began=False)[0] or self._reaches(symbol, mark_e8):
            self._faults.market.miss(symbol, tick.event_time_us)
