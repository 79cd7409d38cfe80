"""A venue to test with: wishes in short words, a clock that moves on, and every fact on record."""

from collections.abc import Mapping

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import (
    AccountKind,
    Direction,
    EventId,
    OrderType,
    Side,
    TimeInForce,
)
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8
from ecosystem.exchange.machine import Exchange
from ecosystem.firm import VENUE
from ecosystem.units import E8, SECOND_US, parse_e8
from ecosystem.venues import VENUES, VenueTerms

STARTS_AT_US = 1_767_571_200_000_000
ALICE = "firm-momentum"
BOB = "firm-reversion"
BALANCES_E8: Mapping[str, Mapping[str, int]] = {
    account: {"BTC": 2 * E8, "ETH": 40 * E8, "USD": 30_000 * E8, "USDT": 10_000 * E8}
    for account in (ALICE, BOB)
}


def new_exchange(
    balances_e8: Mapping[str, Mapping[str, int]] = BALANCES_E8,
    house_e8: Mapping[str, int] = HOUSE_HOLDINGS_E8,
    terms: VenueTerms = VENUES[VENUE],
    account_kinds: Mapping[str, AccountKind] | None = None,
    masters: Mapping[str, str] | None = None,
) -> Exchange:
    """Return an exchange that has not opened yet."""
    return Exchange(
        run_key=bytes(32),
        seed=7,
        starts_at_us=STARTS_AT_US,
        terms=terms,
        opening_balances_e8=balances_e8,
        house_holdings_e8=house_e8,
        book_interval_us=None,
        account_kinds=account_kinds or {},
        masters=masters or {},
    )


class Venue:
    """An open exchange, with helpers that return the facts that followed."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange or new_exchange()
        self.now_us = STARTS_AT_US
        self.facts: list[Event] = list(self.exchange.wake(self.now_us))
        self.ticks: dict[str, PriceTicked] = {}
        self.past_ticks: list[PriceTicked] = []
        self._number = 0

    def new_id(self) -> EventId:
        """Return an id nobody has used."""
        self._number += 1
        return EventId(self._number.to_bytes(16, "big"))

    def deliver(self, event: Event) -> list[Event]:
        """Hand an event over and return what follows from it."""
        facts = list(self.exchange.handle(event, self.now_us))
        self.facts += facts
        return facts

    def order(
        self,
        side: Side,
        quantity: str,
        price: str | None = None,
        account: str = ALICE,
        *,
        instrument: str = "BTC-USD",
        order_type: OrderType | None = None,
        time_in_force: TimeInForce = "GTC",
        post_only: bool = False,
        reduce_only: bool = False,
        stop_price: str | None = None,
        order_id: EventId | None = None,
        venue: str = "exchange-okx",
    ) -> OrderSubmitted:
        """Return a wish for an order: market without a price, limit with one."""
        self.now_us += 1_000
        event_id = self.new_id()
        return OrderSubmitted(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self.now_us,
            order_id=order_id or event_id,
            venue=venue,
            account=account,
            instrument=instrument,
            side=side,
            order_type=order_type or ("LIMIT" if price else "MARKET"),
            time_in_force=time_in_force,
            quantity_e8=parse_e8(quantity),
            limit_price_e8=parse_e8(price) if price else None,
            stop_price_e8=parse_e8(stop_price) if stop_price else None,
            post_only=post_only,
            reduce_only=reduce_only,
        )

    def cancel(
        self, order_id: EventId, account: str = ALICE, instrument: str = "BTC-USD"
    ) -> list[Event]:
        """Wish an order to be cancelled."""
        return self.deliver(self.cancel_request(order_id, account, instrument))

    def cancel_request(
        self, order_id: EventId, account: str = ALICE, instrument: str = "BTC-USD"
    ) -> OrderCancelRequested:
        """Return a wish for a cancel."""
        self.now_us += 1_000
        event_id = self.new_id()
        return OrderCancelRequested(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self.now_us,
            order_id=order_id,
            venue=self.exchange.name,
            account=account,
            instrument=instrument,
        )

    def replace(
        self,
        order_id: EventId,
        quantity: str,
        price: str,
        account: str = ALICE,
        *,
        stop_price: str | None = None,
    ) -> list[Event]:
        """Wish for other terms of a BTC-USD order; price 0 is none."""
        request = self.replace_request(order_id, quantity, price, account, stop_price=stop_price)
        return self.deliver(request)

    def replace_request(
        self,
        order_id: EventId,
        quantity: str,
        price: str,
        account: str = ALICE,
        instrument: str = "BTC-USD",
        *,
        stop_price: str | None = None,
    ) -> OrderReplaceRequested:
        """Return a wish for other terms of an order."""
        self.now_us += 1_000
        event_id = self.new_id()
        return OrderReplaceRequested(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self.now_us,
            order_id=order_id,
            venue=self.exchange.name,
            account=account,
            instrument=instrument,
            quantity_e8=parse_e8(quantity),
            limit_price_e8=parse_e8(price),
            stop_price_e8=parse_e8(stop_price) if stop_price else None,
        )

    def tick(self, bid: str, ask: str, instrument: str = "BTC-USD") -> list[Event]:
        """Let the feed quote, a second later."""
        self.now_us += SECOND_US
        event_id = self.new_id()
        self.ticks[instrument] = PriceTicked(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self.now_us,
            feed="market-data",
            instrument=instrument,
            feed_sequence=self._number,
            bid_price_e8=parse_e8(bid),
            ask_price_e8=parse_e8(ask),
            last_price_e8=parse_e8(bid),
            bid_quantity_e8=E8,
            ask_quantity_e8=E8,
            volume_e8=E8,
        )
        self.past_ticks.append(self.ticks[instrument])
        return self.deliver(self.ticks[instrument])

    def instruct(
        self, account: str, asset: str, amount_e8: int, direction: Direction = "TO_CUSTODY"
    ) -> SettlementInstructed:
        """Instruct a settlement and return the instruction."""
        event = self.settlement(account, asset, amount_e8, direction)
        self.deliver(event)
        return event

    def settlement(
        self, account: str, asset: str, amount_e8: int, direction: Direction = "TO_CUSTODY"
    ) -> SettlementInstructed:
        """Return the instruction of a settlement."""
        self.now_us += 1_000
        event_id = self.new_id()
        return SettlementInstructed(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self.now_us,
            settlement_id=event_id,
            venue=self.exchange.name,
            account=account,
            custody_account="custody-firm",
            asset=asset,
            amount_e8=amount_e8,
            kind="CRYPTO_INTERNAL",
            due_time_us=self.now_us + 300 * SECOND_US,
            direction=direction,
            approvals_needed=0,
        )

    def complete(self, settlement: SettlementInstructed) -> list[Event]:
        """Let a settlement complete."""
        return self.deliver(self.completion(settlement))

    def completion(self, settlement: SettlementInstructed) -> SettlementCompleted:
        """Return the completion of a settlement."""
        self.now_us += 1_000
        return SettlementCompleted(
            event_id=self.new_id(),
            correlation_id=settlement.correlation_id,
            causation_id=settlement.event_id,
            event_time_us=self.now_us,
            settlement_id=settlement.settlement_id,
            venue=settlement.venue,
            account=settlement.account,
            custody_account=settlement.custody_account,
            asset=settlement.asset,
            amount_e8=settlement.amount_e8,
            direction=settlement.direction,
        )

    def fail(self, settlement: SettlementInstructed) -> list[Event]:
        """Let a settlement fail."""
        return self.deliver(self.failure(settlement))

    def failure(self, settlement: SettlementInstructed) -> SettlementFailed:
        """Return the failure of a settlement."""
        self.now_us += 1_000
        return SettlementFailed(
            event_id=self.new_id(),
            correlation_id=settlement.correlation_id,
            causation_id=settlement.event_id,
            event_time_us=self.now_us,
            settlement_id=settlement.settlement_id,
            venue=settlement.venue,
            account=settlement.account,
            custody_account=settlement.custody_account,
            asset=settlement.asset,
            amount_e8=settlement.amount_e8,
            reason="for a test",
            direction=settlement.direction,
        )

    def cancellation(self, settlement: SettlementInstructed) -> SettlementCancelled:
        """Return the cancellation of a settlement."""
        self.now_us += 1_000
        return SettlementCancelled(
            event_id=self.new_id(),
            correlation_id=settlement.correlation_id,
            causation_id=settlement.event_id,
            event_time_us=self.now_us,
            settlement_id=settlement.settlement_id,
            venue=settlement.venue,
            account=settlement.account,
            custody_account=settlement.custody_account,
            asset=settlement.asset,
            amount_e8=settlement.amount_e8,
            reason="for a test",
            direction=settlement.direction,
        )

    def status(self, order: OrderSubmitted) -> str | None:
        """Return the status of an order."""
        return self.exchange.state.status_of(order.order_id)

    def held(self, account: str, asset: str) -> tuple[int, int]:
        """Return available and locked funds."""
        balance = self.exchange.state.accounts.balance(account, asset)
        return balance.available_e8, balance.locked_e8


def kinds(facts: list[Event]) -> list[str]:
    """Return the names of facts, with the reason of balance changes."""
    return [
        f"{type(fact).__name__} {fact.reason}"
        if isinstance(fact, BalanceChanged)
        else type(fact).__name__
        for fact in facts
    ]
