"""What an account's margin stands at: equity, what is free, what is required and what must be."""

from ecosystem.exchange.margin.requirements import maintenance_margin_e8, required_e8
from ecosystem.exchange.margin.terms import COLLATERAL, PERPETUALS
from ecosystem.exchange.state import VenueState


def collateral_e8(state: VenueState, account: str) -> int:
    """Return what an account has to lose in its perpetuals, unrealised profit aside.

    What is locked for spot orders and settlements has another use and is no collateral.
    """
    available_e8 = state.accounts.balance(account, COLLATERAL).available_e8
    return available_e8 + state.perpetuals.margin_e8(account)


def equity_e8(state: VenueState, account: str) -> int:
    """Return an account's collateral with unrealised profit."""
    return collateral_e8(state, account) + state.perpetuals.unrealised_e8(account)


def free_collateral_e8(state: VenueState, account: str) -> int:
    """Return what an account may still use or take away; negative when losses have used it up."""
    available_e8 = state.accounts.balance(account, COLLATERAL).available_e8
    return available_e8 + min(0, state.perpetuals.unrealised_e8(account))


def required_margin_e8(state: VenueState, account: str) -> int:
    """Return the margin that positions and open orders of an account need together."""
    perpetuals = state.perpetuals
    return sum(
        required_e8(
            perpetuals.position(account, symbol),
            perpetuals.open_orders(account, symbol),
            terms,
            state.fees[symbol].taker_e8,
        )
        for symbol, terms in PERPETUALS.items()
    )


def maintenance_e8(state: VenueState, account: str) -> int:
    """Return the margin that an account must keep for all its positions."""
    perpetuals = state.perpetuals
    return sum(
        maintenance_margin_e8(
            perpetuals.quantity_e8(account, symbol),
            perpetuals.marks[symbol].mark_price_e8,
            PERPETUALS[symbol],
        )
        for symbol in perpetuals.held(account)
    )


def withdrawable_e8(state: VenueState, account: str, asset: str) -> int:
    """Return what an account may take away: what is free, less unrealised losses."""
    if asset == COLLATERAL:
        return max(0, free_collateral_e8(state, account))
    return state.accounts.balance(account, asset).available_e8
