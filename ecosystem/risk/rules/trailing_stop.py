"""Trailing stop: the price of what is held fell too far from the best it had meanwhile."""

from collections.abc import Mapping, Sequence
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
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, format_e8


class TrailingStopLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest move of a price against a position, as a fraction of its best."""

    move_e8: int


class _Held:
    """The best price of an asset since it is held as it is: long, short or not at all."""

    __slots__ = ("best_e8", "best_id", "side", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.side = 0
        self.best_e8 = 0
        self.best_id = EventId(bytes(16))


class TrailingStop(Rule[TrailingStopLimit]):
    """Judged at every tick that marks an asset."""

    name = "trailing_stop"
    instruments = frozenset(MARKED_BY)

    def __init__(
        self, limit: TrailingStopLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._held = {symbol: _Held(self.watch(asset)) for symbol, asset in MARKED_BY.items()}
        self._delta_e8 = state.exposure.delta_e8
        self._marks_e8 = state.portfolio.marks_e8

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        held = self._held[tick.instrument]
        asset = MARKED_BY[tick.instrument]
        delta_e8, mid_e8 = self._delta_e8(asset), self._marks_e8[asset]
        side = (delta_e8 > 0) - (delta_e8 < 0)
        turned = side != held.side or not held.best_e8
        if turned or (mid_e8 - held.best_e8) * side > 0:
            held.side, held.best_e8, held.best_id = side, mid_e8, tick.event_id
        move_e8 = (held.best_e8 - mid_e8) * side * E8 // held.best_e8
        limit_e8 = self.limit.move_e8
        if held.watch.stays(move_e8 * E8 // limit_e8):
            return NOTHING
        return self.found(
            held.watch,
            move_e8,
            limit_e8,
            KIND.unit,
            lambda: (tick.event_id, held.best_id),
            lambda: (
                f"{asset}, held {'long' if side > 0 else 'short' if side else 'no more'}, is"
                f" {format_e8(move_e8 * 100, 2)} % from its best price;"
                f" the limit is {format_e8(limit_e8 * 100, 2)} %"
            ),
        )


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
