"""What the doors show of the engine: pure functions of its state."""

import msgspec

from ecosystem.events.control.words import StrategyState
from ecosystem.trading.performance import Performance
from ecosystem.trading.portfolio import Profit
from ecosystem.trading.seats import Seat
from ecosystem.trading.state import TradingState


class StrategyView(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy and what it is doing."""

    name: str
    account: str
    implementation: str
    state: StrategyState
    instruments: tuple[str, ...]
    venues: tuple[str, ...]
    open_orders_count: int
    orders_count: int
    """Submitted since the engine began."""
    strengths_e8: dict[str, int]
    """The last signal, by instrument."""


class PerformanceView(msgspec.Struct, frozen=True, kw_only=True):
    """How a strategy has done since the engine began; amounts in USD scaled by 1e8."""

    strategy: str
    realised_e8: int
    unrealised_e8: int
    fees_e8: int
    total_e8: int
    trades_closed_count: int
    """Executions that closed something."""
    win_rate: float | None
    """Share of those that realised a profit, fees left out; None before the first."""
    sharpe: float | None
    """Annual, from profits per minute; None with fewer than thirty."""
    drawdown_e8: int
    """The greatest fall of the profit from its maximum."""
    samples_count: int


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy has bought less sold, somewhere."""

    strategy: str
    account: str
    venue: str
    instrument: str
    quantity_e8: int
    average_price_e8: int | None
    """Average cost of the open quantity; None when nothing is open."""
    realised_e16: int
    """In units of the quote asset, scaled by 1e16, before fees."""
    unrealised_e16: int | None


class PnlView(msgspec.Struct, frozen=True, kw_only=True):
    """The profit of all trading, and of each strategy's, in USD scaled by 1e8."""

    realised_e8: int
    unrealised_e8: int
    fees_e8: int
    total_e8: int
    by_strategy: dict[str, Profit]


class TalliesView(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for the meters."""

    orders_count: int
    trades_count: dict[str, int]
    """Executions by side."""
    withheld_count: dict[str, int]
    """Orders kept in the house, by check."""
    breakers_open: tuple[str, ...]


def strategies(state: TradingState) -> tuple[StrategyView, ...]:
    """Return every strategy, those of faults included, in the order in which they came."""
    return tuple(
        StrategyView(
            name=seat.name,
            account=seat.account,
            implementation=seat.implementation,
            state=_state_of(seat, state.time_us),
            instruments=tuple(seat.strategy.instruments),
            venues=tuple(seat.strategy.venues),
            open_orders_count=len(seat.orders),
            orders_count=seat.orders_count,
            strengths_e8=dict(seat.strengths_e8),
        )
        for seat in state.seats.values()
    )


def _state_of(seat: Seat, now_us: int) -> StrategyState:
    if seat.injection is None:
        return seat.state
    return "RUNNING" if seat.injection.is_active(now_us) else "STOPPED"


def performance(state: TradingState, strategy: str) -> PerformanceView | None:
    """Return how a strategy has done; None when there is no such strategy."""
    if strategy not in state.seats and strategy not in state.portfolio.strategies():
        return None
    profit = state.portfolio.profit(strategy, state.market)
    closes = wins = 0
    for _, position in state.portfolio.of(strategy):
        closes += position.closes_count
        wins += position.wins_count
    kept = state.performances.get(strategy) or Performance()
    return PerformanceView(
        strategy=strategy,
        realised_e8=profit.realised_e8,
        unrealised_e8=profit.unrealised_e8,
        fees_e8=profit.fees_e8,
        total_e8=profit.total_e8,
        trades_closed_count=closes,
        win_rate=wins / closes if closes else None,
        sharpe=kept.sharpe(),
        drawdown_e8=kept.drawdown_e8,
        samples_count=kept.count,
    )


def positions(state: TradingState) -> tuple[PositionView, ...]:
    """Return every position there is or was, in order of the first executions."""
    found = []
    for key, position in state.portfolio.positions.items():
        mid_e8 = state.market.mid_e8(key.instrument)
        quantity_e8 = position.quantity_e8
        found.append(
            PositionView(
                strategy=key.strategy,
                account=key.account,
                venue=key.venue,
                instrument=key.instrument,
                quantity_e8=quantity_e8,
                average_price_e8=position.cost_e16 // quantity_e8 if quantity_e8 else None,
                realised_e16=position.realised_e16,
                unrealised_e16=None if mid_e8 is None else position.unrealised_e16(mid_e8),
            )
        )
    return tuple(found)


def pnl(state: TradingState) -> PnlView:
    """Return the profit of all trading, attributed to those who made it."""
    by_strategy = {
        strategy: state.portfolio.profit(strategy, state.market)
        for strategy in state.portfolio.strategies()
    }
    return PnlView(
        realised_e8=sum(profit.realised_e8 for profit in by_strategy.values()),
        unrealised_e8=sum(profit.unrealised_e8 for profit in by_strategy.values()),
        fees_e8=sum(profit.fees_e8 for profit in by_strategy.values()),
        total_e8=sum(profit.total_e8 for profit in by_strategy.values()),
        by_strategy=by_strategy,
    )


def tallies(state: TradingState) -> TalliesView:
    """Return what was counted since the engine began."""
    return TalliesView(
        orders_count=state.tallies.orders_count,
        trades_count={str(side): n for side, n in state.tallies.trades_count.items()},
        withheld_count=dict(state.tallies.withheld_count),
        breakers_open=tuple(state.halts.breakers),
    )
