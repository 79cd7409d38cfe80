"""What the venue decides about perpetuals of its own accord: liquidation, and funding on time."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
)
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.margin.facts import (
    cancel_all,
    closing_order,
    liquidated,
    margined,
    paid,
    rate_set,
)
from ecosystem.exchange.margin.funding import (
    funding_payment_e8,
    funding_rate_e8,
)
from ecosystem.exchange.margin.funds import MarginFunds
from ecosystem.exchange.margin.measures import equity_e8, maintenance_e8
from ecosystem.exchange.margin.terms import COLLATERAL, PERPETUALS
from ecosystem.exchange.state import VenueState
from ecosystem.units import E8

WATCHES: Final[Mapping[str, str]] = MappingProxyType(
    {
        symbol: terms.symbol
        for terms in PERPETUALS.values()
        for symbol in (terms.symbol, terms.index)
    }
)
"""The perpetual whose marks follow an instrument, by instrument."""

SettlementEnd = SettlementCompleted | SettlementFailed | SettlementCancelled


class MarginDesk:
    """Watches margins and the time of funding."""

    __slots__ = ("_floor", "_funds", "_state")

    def __init__(self, state: VenueState, floor: Floor, funds: MarginFunds) -> None:
        self._state = state
        self._floor = floor
        self._funds = funds

    def follow(self, tick: PriceTicked) -> bool:
        """Take in a tick; return whether margins must be looked at."""
        symbol = WATCHES.get(tick.instrument)
        if symbol is None:
            return False
        perpetuals = self._state.perpetuals
        perpetuals.follow(symbol, tick)
        return bool(perpetuals.exposed)

    def watch(self, cause: Event, answers: Answers) -> None:
        """Liquidate every account whose equity is below its maintenance margin.

        A liquidation may execute the orders of others, so the rest is looked at again; whoever
        was liquidated has neither orders nor a position left, so this ends.
        """
        state = self._state
        falling = True
        while falling:
            falling = False
            for account in state.perpetuals.accounts_exposed():
                margins_e8 = (equity_e8(state, account), maintenance_e8(state, account))
                if margins_e8[0] < margins_e8[1]:
                    falling = True
                    self._liquidate(cause, account, margins_e8, answers)

    def funded(self, event: SettlementEnd, answers: Answers) -> None:
        """Lock more margin for an account that had too little and now has funds again."""
        if event.asset == COLLATERAL:
            causes = (event.event_id, event.correlation_id)
            margined(answers, event.account, event.settlement_id, causes)

    def top_up(self, answers: Answers) -> None:
        """Lock more margin for accounts whose spot trading freed or brought collateral."""
        for account in self._state.sub_accounts.mixed:
            own = [fact for fact in answers.facts if getattr(fact, "account", None) == account]
            if own:
                causes = (own[-1].event_id, own[-1].correlation_id)
                margined(answers, account, own[-1].event_id, causes, "top-up")

    def funding_due_us(self) -> int | None:
        """Return when the next funding rate is due; None while no index was ever quoted."""
        return self._state.perpetuals.next_funding_us

    def fund(self, now_us: int, answers: Answers) -> None:
        """Set the rates that are due by `now_us` and settle them."""
        due = self._state.perpetuals.funding_due_us
        for symbol in list(due):
            while due[symbol] <= now_us:
                self._fund(symbol, answers)

    def _fund(self, symbol: str, answers: Answers) -> None:
        terms, perpetuals = PERPETUALS[symbol], self._state.perpetuals
        ended = perpetuals.funding_due_us[symbol] // terms.funding_interval_us - 1
        premium_e8 = perpetuals.marks[symbol].premium_e8(ended)
        event = rate_set(answers, symbol, funding_rate_e8(premium_e8, terms))
        causes = (event.event_id, event.correlation_id)
        for account in perpetuals.accounts_exposed():
            quantity_e8 = perpetuals.quantity_e8(account, symbol)
            payment_e8 = funding_payment_e8(quantity_e8, event.mark_price_e8, event.rate_e8)
            if payment_e8:
                paid(answers, account, payment_e8, ("FUNDING", event.event_id), causes)
        self.watch(event, answers)

    def _liquidate(
        self, cause: Event, account: str, margins_e8: tuple[int, int], answers: Answers
    ) -> None:
        state = self._state
        own = [order for order in state.orders.values() if order.account == account]
        for number, symbol in enumerate(state.perpetuals.held(account)):
            causes = liquidated(answers, cause, account, symbol, margins_e8)
            if not number:  # what the account still wishes is void before the first position goes
                cancel_all(answers, own, "LIQUIDATION", causes)
            order = closing_order(answers, account, symbol, causes)
            mark_e8 = state.perpetuals.marks[symbol].mark_price_e8
            self._funds.closing = order.order_id
            value_e8 = self._floor.execute_in_full(answers, order, mark_e8, causes)
            self._funds.closing = None
            self._charge(answers, account, symbol, value_e8, causes)

    def _charge(
        self, answers: Answers, account: str, symbol: str, value_e8: int, causes: Causes
    ) -> None:
        left_e8 = self._state.accounts.balance(account, COLLATERAL).available_e8
        rate_e8 = PERPETUALS[symbol].liquidation_fee_rate_e8
        fee_e8 = min(value_e8 * rate_e8 // E8, left_e8)
        if fee_e8:
            paid(answers, account, -fee_e8, ("LIQUIDATION", causes[0]), causes)
