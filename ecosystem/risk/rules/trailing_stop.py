"""Trailing stop: the price of what is held fell too far from the best it had meanwhile."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.exposure import ASSETS_EXPOSED
from ecosystem.risk.portfolio import MARKED_BY
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import QUIET, Finding, Watch
from ecosystem.units import E8, format_e8


class TrailingStopLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest move of a price against a position, as a fraction of its best."""

    move_e8: int


class _Held:
    """The best price of an asset since it is held as it is: long, short or not at all."""

    __slots__ = ("asset", "best_e8", "best_id", "positions_revision", "side", "stop_e8", "watch")

    def __init__(self, asset: str, watch: Watch) -> None:
        self.asset = asset
        self.watch = watch
        self.positions_revision = -1
        """Of the portfolio in which its side was last looked at."""
        self.side = 0
        self.best_e8 = 0
        self.best_id = EventId(bytes(16))
        self.stop_e8 = 0
        """Side times price: above it nothing can be told without an alert."""

    def begin(self, side: int, mid_e8: int, tick_id: EventId, least_e8: int) -> None:
        """Take in the best price yet."""
        self.side, self.best_e8, self.best_id = side, mid_e8, tick_id
        self.stop_e8 = side * mid_e8 - -(-least_e8 * mid_e8 // E8)

    def move_e8(self, mid_e8: int) -> int:
        """Return how far a price is from the best one, as a fraction."""
        return (self.best_e8 - mid_e8) * self.side * E8 // self.best_e8 if self.best_e8 else 0


class TrailingStop(Rule[TrailingStopLimit]):
    """Judged at every tick that marks an asset."""

    name = "trailing_stop"
    instruments = frozenset(MARKED_BY)

    def __init__(
        self, limit: TrailingStopLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._portfolio = state.portfolio
        self._delta_e8 = state.exposure.delta_e8
        self._mids_e8 = state.market.mids_e8
        self._held = {
            symbol: _Held(asset, self.watch(asset)) for symbol, asset in MARKED_BY.items()
        }
        for symbol, held in self._held.items():
            held.watch.measured_by(partial(self._utilisation_e8, symbol))
        self._least_e8 = self.least_told_e8(limit.move_e8)
        self._judges = {symbol: self._judge_of(symbol) for symbol in self._held}

    def configure(self, limit: TrailingStopLimit, scale: SeverityScale) -> None:
        """Take in another limit; what was the best price stays."""
        super().configure(limit, scale)
        self._least_e8 = self.least_told_e8(limit.move_e8)
        for held in self._held.values():
            held.begin(held.side, held.best_e8, held.best_id, self._least_e8)

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def judges_ticks_of(self, symbol: str) -> Judge | None:
        """Return what is judged after each tick of one instrument, or None."""
        return self._judges.get(symbol)

    def _judge_of(self, symbol: str) -> Judge:
        held, mids_e8, portfolio = self._held[symbol], self._mids_e8, self._portfolio
        watch = held.watch

        def judge(tick: PriceTicked, now_us: int) -> Sequence[Finding]:
            mid_e8, side = mids_e8[symbol], held.side
            revision = portfolio.positions_revision
            if held.positions_revision != revision:
                held.positions_revision = revision
                delta_e8 = self._delta_e8(held.asset)
                side = (delta_e8 > 0) - (delta_e8 < 0)
            if side != held.side or not held.best_e8 or (mid_e8 - held.best_e8) * side > 0:
                held.begin(side, mid_e8, tick.event_id, self._least_e8)
            if side * mid_e8 > held.stop_e8 and watch.level == QUIET:
                return NOTHING
            move_e8 = held.move_e8(mid_e8)
            if watch.holds(move_e8, self.limit.move_e8):
                return NOTHING
            return self._compare(tick, held, move_e8)

        return judge

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        return self._judges[tick.instrument](tick, now_us)

    def _compare(self, tick: PriceTicked, held: _Held, move_e8: int) -> Sequence[Finding]:
        side, limit_e8 = held.side, self.limit.move_e8
        return self.found(
            held.watch,
            move_e8,
            limit_e8,
            KIND.unit,
            lambda: (tick.event_id, held.best_id),
            lambda: (
                f"{held.asset}, held {'long' if side > 0 else 'short' if side else 'no more'}, is"
                f" {format_e8(move_e8 * 100, 2)} % from its best price;"
                f" the limit is {format_e8(limit_e8 * 100, 2)} %"
            ),
        )

    def _utilisation_e8(self, symbol: str) -> int:
        move_e8 = self._held[symbol].move_e8(self._mids_e8.get(symbol, 0))
        return move_e8 * E8 // self.limit.move_e8


def _read(table: Table) -> TrailingStopLimit:
    return TrailingStopLimit(move_e8=table.number("move"))


KIND: Final = RuleKind(
    rule=TrailingStop,
    title="The price of what is held fell too far from the best it had meanwhile",
    watches=(
        "each asset's mid against its highest since the firm is long of it, or its lowest since it"
        " is short, holdings and derivatives netted, as seen at the ticks"
    ),
    limit="`move`, a fraction of the best price",
    clears="below the `clear` share, or when the position is closed or turned",
    inputs="the tick, and the tick of the best price",
    unit="ratio",
    keys=("move",),
    subjects=ASSETS_EXPOSED,
    read=_read,
)
