"""A venue on which perpetuals are traded: two masters, accounts of every kind, short words."""

from collections.abc import Mapping
from typing import Final

from ecosystem.events.accounts import (
    AccountOpenRequested,
    AccountStateChangeRequested,
    AccountTransferRequested,
)
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import AccountKind, AccountState, EventId, Side
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8
from ecosystem.exchange.machine import Exchange
from ecosystem.exchange.margin.views import PositionView, positions
from ecosystem.firm import VENUE
from ecosystem.instruments import ASSETS
from ecosystem.units import E8
from ecosystem.venues import VENUES
from tests.ecosystem.exchange.venue import Venue, kinds, new_exchange

PERP: Final = "BTC-USD-PERP"
FUT: Final = "firm-futures"
MAR: Final = "firm-margin"
SPOT: Final = "firm-spot"
OTHER: Final = "rival-futures"
MAKER: Final = "rival-maker"
"""Rich enough to stand in the book at any price, so that executions have the price of the test."""
KINDS: Final[Mapping[str, AccountKind]] = {
    FUT: "FUTURES",
    MAR: "MARGIN",
    OTHER: "FUTURES",
    MAKER: "FUTURES",
}
MASTERS: Final[Mapping[str, str]] = {OTHER: "rival", MAKER: "rival"}
BALANCES_E8: Final[Mapping[str, Mapping[str, int]]] = {
    FUT: {"USD": 10_000 * E8},
    MAR: {"USD": 20_000 * E8, "BTC": E8},
    OTHER: {"USD": 10_000 * E8},
    MAKER: {"USD": 10_000_000 * E8},
    SPOT: {"USD": 5_000 * E8, "BTC": E8},
}


def new_venue(venue: str = VENUE, house_e8: Mapping[str, int] = HOUSE_HOLDINGS_E8) -> Exchange:
    """Return such an exchange, not opened yet."""
    return new_exchange(BALANCES_E8, house_e8, VENUES[venue], KINDS, MASTERS)


class PerpVenue(Venue):
    """An open venue with a perpetual quoted at the index."""

    def __init__(self, exchange: Exchange | None = None, price: int = 60_000) -> None:
        super().__init__(exchange or new_venue())
        if price:
            self.quote(price)

    def quote(self, price: int, basis: int = 0, *, index_first: bool = True) -> list[Event]:
        """Let index and perpetual be quoted a dollar wide, and return what follows."""
        quotes = [("BTC-USD", price), (PERP, price + basis)]
        return [
            fact
            for symbol, middle in (quotes if index_first else reversed(quotes))
            for fact in self.tick(f"{middle - 0.5}", f"{middle + 0.5}", symbol)
        ]

    def trade(
        self, side: Side, quantity: str, price: str | None = None, account: str = FUT
    ) -> list[Event]:
        """Wish an order in the perpetual."""
        return self.deliver(self.wish(side, quantity, price, account))

    def rest(self, side: Side, quantity: str, price: str) -> None:
        """Let somebody rich stand in the book, before the house at the same price."""
        assert kinds(self.trade(side, quantity, price, MAKER))[0] == "OrderAccepted"

    def bought(self, quantity: str, price: str) -> list[Event]:
        """Let the futures account buy at a price, from somebody rich."""
        self.rest("SELL", quantity, price)
        return self.trade("BUY", quantity)

    def wish(
        self,
        side: Side,
        quantity: str,
        price: str | None = None,
        account: str = FUT,
        *,
        reduce_only: bool = False,
    ) -> OrderSubmitted:
        """Return a wish for an order in the perpetual."""
        return self.order(side, quantity, price, account, instrument=PERP, reduce_only=reduce_only)

    def root(self) -> dict[str, EventId | int]:
        """Return the envelope of a root event of now."""
        self.now_us += 1_000
        event_id = self.new_id()
        return {
            "event_id": event_id,
            "correlation_id": event_id,
            "causation_id": event_id,
            "event_time_us": self.now_us,
        }

    def transfer_request(
        self, account: str, to_account: str, asset: str, amount_e8: int
    ) -> AccountTransferRequested:
        """Return a wish to move funds."""
        return AccountTransferRequested(
            **self.root(),  # type: ignore[arg-type] # the four of the envelope
            venue=self.exchange.name,
            account=account,
            to_account=to_account,
            asset=asset,
            amount_e8=amount_e8,
        )

    def state_request(self, account: str, state: AccountState) -> AccountStateChangeRequested:
        """Return a wish for another state."""
        return AccountStateChangeRequested(
            **self.root(),  # type: ignore[arg-type] # the four of the envelope
            venue=self.exchange.name,
            account=account,
            state=state,
            reason="asked for",
        )

    def open_request(
        self, account: str, master: str = "firm", kind: AccountKind = "SPOT"
    ) -> AccountOpenRequested:
        """Return a wish for a further account."""
        return AccountOpenRequested(
            **self.root(),  # type: ignore[arg-type] # the four of the envelope
            venue=self.exchange.name,
            account=account,
            master_account=master,
            kind=kind,
        )

    def position(self, account: str = FUT) -> PositionView | None:
        """Return an account's position; None when it is flat."""
        return next(iter(positions(self.exchange.state, account)), None)

    def wake(self) -> list[Event]:
        """Let the time come at which the venue is next due, and return what it says then."""
        due_us = self.exchange.due_us()
        assert due_us is not None
        self.now_us = max(self.now_us, due_us)
        facts = list(self.exchange.wake(due_us))
        self.facts += facts
        return facts


def own(facts: list[Event], account: str = FUT) -> list[Event]:
    """Return the facts of one account."""
    return [fact for fact in facts if getattr(fact, "account", None) == account]


def value_e8(exchange: Exchange, asset: str) -> int:
    """Return all there is of an asset at a venue, whoever has it."""
    state = exchange.state
    at_accounts_e8 = sum(
        held.available_e8 + held.locked_e8
        for _, held_asset, held in state.accounts
        if held_asset == asset
    )
    pool_e8 = 0
    if asset == "USD":
        pool_e8 = state.perpetuals.clearing_e8 + state.perpetuals.insurance_e8
    return at_accounts_e8 + state.house.holdings_e8[asset] + state.house.fees_e8[asset] + pool_e8


def values_e8(exchange: Exchange) -> dict[str, int]:
    """Return all there is at a venue, by asset."""
    return {asset: value_e8(exchange, asset) for asset in ASSETS}
