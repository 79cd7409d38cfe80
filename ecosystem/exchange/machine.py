"""The exchange: what follows from wishes, ticks and settlements, and from the end of a day.

Matching happens on arrival; the answers carry a later time, which is the processing delay.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import (
    AccountOpenRequested,
    AccountStateChangeRequested,
    AccountTransferRequested,
)
from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import AccountKind
from ecosystem.exchange.answers import Answers, Request
from ecosystem.exchange.balance_facts import credited, deposited, settled
from ecosystem.exchange.desk import OrderDesk
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.funds import Funds, SpotFunds
from ecosystem.exchange.gate import Gate, OpenGate
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8, House
from ecosystem.exchange.liquidity.publishing import BOOK_INTERVAL_US, BookPublisher
from ecosystem.exchange.margin.account_desk import AccountDesk
from ecosystem.exchange.margin.desk import MarginDesk
from ecosystem.exchange.margin.facts import opened
from ecosystem.exchange.margin.funds import MarginFunds
from ecosystem.exchange.margin.measures import withdrawable_e8
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.exchange.order_facts import expired, rejected
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.venue_facts import came_up
from ecosystem.firm import ACCOUNT_KINDS, FEED, FIRM, OPENING_BALANCES_E8
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import format_e8
from ecosystem.venues import VenueTerms


class Exchange:
    """A venue as a machine.

    Restored from its own facts and the ticks it had taken in, it goes on as if it had never
    stopped. Of the ticks the house needs the last of each instrument, and is silent without it
    until the next; the marks of perpetuals need those of the last minutes, and the next funding
    rate those of its interval. What needs neither is not affected.
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
        self._gate: Gate = OpenGate(terms.delay_us)
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
        self._requests: Mapping[type[Event], Callable[[Any, Answers], None]] = {
            OrderSubmitted: self._desk.submit,
            OrderCancelRequested: self._desk.cancel,
            OrderReplaceRequested: self._desk.replace,
        }
        self._settlements: Mapping[type[Event], Callable[[Any, Answers], None]] = {
            SettlementInstructed: self._lock_settlement,
            SettlementCompleted: self._complete_settlement,
            SettlementFailed: self._release_settlement,
            SettlementCancelled: self._release_settlement,
            AccountOpenRequested: accounts.open,
            AccountStateChangeRequested: accounts.change_state,
            AccountTransferRequested: accounts.transfer,
        }

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return self._name

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return the facts that follow from a tick, a wish for an order or a settlement."""
        if type(event) is PriceTicked:
            return self._tick(event, now_us)
        decide = self._requests.get(type(event))
        if decide is not None:
            return self._answer(event, decide, now_us)  # type: ignore[arg-type] # a request
        decide = self._settlements.get(type(event))
        if decide is None or event.venue != self._name:  # type: ignore[attr-defined] # these have it
            return ()
        answers = self._answers(now_us, self._delay_us)
        decide(event, answers)
        return self._finished(answers)

    def due_us(self) -> int | None:
        """Return when it opens or, once open, when a book, a funding rate or a DAY order is due."""
        if not self.state.status_changes:
            return self._starts_at_us
        due_us = self._margin.funding_due_us()
        book_us = None if self._publisher is None else self._publisher.due_us()
        if due_us is None or (book_us is not None and book_us < due_us):
            due_us = book_us
        if not self.state.day_orders:
            return due_us
        day_us = min(self.state.day_orders)
        return day_us if due_us is None or day_us < due_us else due_us

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the opening with its deposits, or the expiry of DAY orders and the books due."""
        state, answers = self.state, self._answers(now_us, self._delay_us)
        if not state.status_changes:
            # A deposit that reached the log before a crash is not made again.
            self._open_accounts(answers)
            for account, holdings_e8 in self._opening_balances_e8.items():
                for asset, amount_e8 in holdings_e8.items():
                    if not state.accounts.balance(account, asset).changes:
                        deposited(answers, account, asset, amount_e8)
            came_up(answers)
        self._margin.fund(now_us, answers)
        for expires_us in [day for day in state.day_orders if day <= now_us]:
            for order_id in list(state.day_orders[expires_us]):
                expired(answers, state.orders[order_id])
        self._finished(answers)
        if self._publisher is not None:
            quoting = self._answers(now_us, 0)
            self._publisher.publish(now_us, quoting)
            answers.facts += quoting.facts
        return answers.facts

    def restore(self, event: Event) -> None:
        """Take in a fact of the machine's own past, or the last tick of an instrument."""
        if type(event) is not PriceTicked:
            self.state.evolve(event)
            if type(event) is BookQuoted and self._publisher is not None:
                self._publisher.forget_due()
        elif self._quotes_on(event):
            self._requote(event)
            self._margin.follow(event)

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

    def _answer(
        self, request: Request, decide: Callable[[Any, Answers], None], now_us: int
    ) -> Sequence[Event]:
        if request.venue != self._name:
            return ()
        passage = self._gate.passage(request, now_us)
        answers = self._answers(now_us, passage.delay_us)
        if passage.refusal is not None:
            rejected(answers, request, passage.refusal)
        else:
            decide(request, answers)
        facts = self._finished(answers)
        return [*facts, *self._gate.notes(request, passage, facts)]

    def _quotes_on(self, tick: PriceTicked) -> bool:
        return tick.feed == self._feed and tick.instrument in INSTRUMENTS

    def _requote(self, tick: PriceTicked) -> bool:
        house = self.state.house
        began = house.requote(tick)
        if began:
            touch_e8 = house.touch_e8(tick.instrument)
            self.state.tapes[tick.instrument].stood(tick.event_time_us, *touch_e8)
        return began

    def _tick(self, tick: PriceTicked, now_us: int) -> Sequence[Event]:
        if not self._quotes_on(tick):
            return ()
        symbol, house = tick.instrument, self.state.house
        began = self._requote(tick)
        exposed = self._margin.follow(tick)
        book = self.state.books[symbol]
        bid_e8, ask_e8 = book.bids.best_price_e8(), book.asks.best_price_e8()
        crosses = house.crosses(symbol, bid_e8, ask_e8)
        mark_e8 = self._floor.mark_price_e8(symbol)
        reaches = mark_e8 is not None and self.state.stops[symbol].reached(mark_e8) is not None
        noise = house.noise_trade(symbol, bid_e8, ask_e8) if began else None
        if not crosses and not reaches and noise is None and not exposed:
            return ()
        answers = self._answers(now_us, self._delay_us)
        causes = (tick.event_id, tick.correlation_id)
        if crosses or noise is not None:
            self._floor.meet_house(answers, symbol, causes, noise)
        if mark_e8 is not None:
            self._floor.trigger(answers, symbol, mark_e8, causes)
        if exposed:
            self._margin.watch(tick, answers)
        return self._finished(answers)

    def _lock_settlement(self, event: SettlementInstructed, answers: Answers) -> None:
        if event.direction == "TO_VENUE":
            return  # custody locks what comes from there
        # Without the funds the venue says nothing, and the custodian lets the settlement fail.
        free_e8 = withdrawable_e8(self.state, event.account, event.asset)
        known = event.settlement_id in self.state.settling
        if not known and 0 < event.amount_e8 <= free_e8:
            lock = (event.account, event.asset, event.amount_e8)
            settled(answers, event, event.settlement_id, "SETTLEMENT_LOCK", lock)

    def _complete_settlement(self, event: SettlementCompleted, answers: Answers) -> None:
        if event.direction == "TO_VENUE":
            self._credit_settlement(event, answers)
            return
        lock = self.state.settling.get(event.settlement_id)
        if lock != (event.account, event.asset, event.amount_e8):
            found = "nothing" if lock is None else f"{format_e8(lock[2])} {lock[1]} of {lock[0]}"
            raise IllegalTransitionError(
                f"settlement {event.settlement_id.hex()} of {format_e8(event.amount_e8)} "
                f"{event.asset} of {event.account} completed, but locked for it is {found}"
            )
        settled(answers, event, event.settlement_id, "SETTLEMENT", lock)

    def _credit_settlement(self, event: SettlementCompleted, answers: Answers) -> None:
        if event.account not in self.state.sub_accounts or event.amount_e8 <= 0:
            raise IllegalTransitionError(
                f"settlement {event.settlement_id.hex()} brought {format_e8(event.amount_e8)} "
                f"{event.asset} to {event.account}; allowed are amounts above 0 to the accounts "
                f"{', '.join(self.state.sub_accounts.names)}"
            )
        credited(answers, event)
        self._margin.funded(event, answers)

    def _release_settlement(
        self, event: SettlementFailed | SettlementCancelled, answers: Answers
    ) -> None:
        lock = self.state.settling.get(event.settlement_id)
        if lock is not None:
            settled(answers, event, event.settlement_id, "UNLOCK", lock)
            self._margin.funded(event, answers)
