"""What a venue tells about accounts, balances and positions, for whoever asks at its door."""

import msgspec

from ecosystem.events.words import AccountKind, AccountState
from ecosystem.exchange.margin.measures import collateral_e8, equity_e8
from ecosystem.exchange.margin.requirements import (
    initial_margin_e8,
    leverage_e8,
    liquidation_price_e8,
    maintenance_margin_e8,
)
from ecosystem.exchange.margin.terms import COLLATERAL, PERPETUALS
from ecosystem.exchange.state import VenueState
from ecosystem.units import E8


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account; a master account is its own master."""

    account: str
    master_account: str
    kind: AccountKind
    state: AccountState
    trades: tuple[str, ...]
    """The kinds of instrument it may trade."""


class BalanceView(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds of one asset; available plus locked is total."""

    asset: str
    available_e8: int
    locked_e8: int
    total_e8: int
    margin_e8: int
    """The part of the locked funds that is margin."""


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """A position in a perpetual, marked; prices and amounts in its quote asset."""

    instrument: str
    quantity_e8: int
    """Negative when short."""
    entry_price_e8: int
    mark_price_e8: int
    index_price_e8: int
    notional_e8: int
    unrealised_pnl_e8: int
    initial_margin_e8: int
    maintenance_margin_e8: int
    equity_e8: int
    """Of the whole account: margin is shared by all its positions."""
    liquidation_price_e8: int | None
    """The mark price beyond which the account is liquidated; None when there is none."""
    leverage_e8: int | None
    """Notional over equity; None without equity."""


def accounts(state: VenueState) -> list[AccountView]:
    """Return all accounts in the order in which they were opened."""
    return [
        AccountView(
            account=account.name,
            master_account=account.master,
            kind=account.kind,
            state=account.state,
            trades=tuple(sorted(account.trades)),
        )
        for account in state.sub_accounts
    ]


def balances(state: VenueState, account: str) -> list[BalanceView]:
    """Return what an account holds, by asset; empty when it never held anything."""
    margin_e8 = state.perpetuals.margin_e8(account)
    return [
        BalanceView(
            asset=asset,
            available_e8=held.available_e8,
            locked_e8=held.locked_e8,
            total_e8=held.available_e8 + held.locked_e8,
            margin_e8=margin_e8 if asset == COLLATERAL else 0,
        )
        for owner, asset, held in sorted(state.accounts, key=lambda one: one[1])
        if owner == account
    ]


def positions(state: VenueState, account: str) -> list[PositionView]:
    """Return an account's open positions, by instrument."""
    return [_position(state, account, symbol) for symbol in state.perpetuals.held(account)]


def _position(state: VenueState, account: str, symbol: str) -> PositionView:
    perpetuals, terms = state.perpetuals, PERPETUALS[symbol]
    position, marks = perpetuals.position(account, symbol), perpetuals.marks[symbol]
    equity = equity_e8(state, account)
    quantity_e8, mark_e8 = position.quantity_e8, marks.mark_price_e8
    return PositionView(
        instrument=symbol,
        quantity_e8=quantity_e8,
        entry_price_e8=position.entry_price_e8,
        mark_price_e8=mark_e8,
        index_price_e8=marks.index_price_e8,
        notional_e8=abs(quantity_e8) * mark_e8 // E8,
        unrealised_pnl_e8=position.unrealised_e8(mark_e8),
        initial_margin_e8=initial_margin_e8(position.cost_e8, terms),
        maintenance_margin_e8=maintenance_margin_e8(quantity_e8, mark_e8, terms),
        equity_e8=equity,
        liquidation_price_e8=liquidation_price_e8(position, collateral_e8(state, account), terms),
        leverage_e8=leverage_e8(quantity_e8, mark_e8, equity),
    )
