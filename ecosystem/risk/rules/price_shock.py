"""Price shock: an instrument's price moved too far in too short a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import QUIET, Finding, Watch
from ecosystem.risk.windows import Extremes, Sighted
from ecosystem.units import E8, SECOND_US, format_e8


class _Window:
    """The extremes of one instrument's price, and the prices at which nothing can follow.

    Between floor and ceiling the price is no new extreme and from neither extreme too far off.
    """

    __slots__ = ("ceiling_e8", "extremes", "floor_e8", "high", "low", "until_us", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.extremes = Extremes()
        self.high: Sighted
        self.low: Sighted
        self.floor_e8, self.ceiling_e8 = 1, 0
        self.until_us = 0
        """When the older of both extremes leaves the window."""

    def settle(self, now_us: int, width_us: int, least_e8: int) -> None:
        self.high, self.low = high, low = self.extremes.since(now_us - width_us)
        self.until_us = min(high[0], low[0]) + width_us
        self.floor_e8 = max(low[1], high[1] * (E8 - least_e8) // E8 + 1)
        self.ceiling_e8 = min(high[1], -(-low[1] * (E8 + least_e8) // E8) - 1)

    def moves_e8(self) -> tuple[int, int]:
        """Return the fall from the highest price and the rise from the lowest, as fractions."""
        if not self.extremes:
            return 0, 0
        high_e8, low_e8, mid_e8 = self.high[1], self.low[1], self.extremes.last[1]
        return (high_e8 - mid_e8) * E8 // high_e8, (mid_e8 - low_e8) * E8 // low_e8


class PriceShockLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest move of a price inside a window, as a fraction."""

    move_e8: int
    window_us: int


class PriceShock(Rule[PriceShockLimit]):
    """Judged at every tick."""

    name = "price_shock"

    def __init__(
        self, limit: PriceShockLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._mids_e8 = state.market.mids_e8
        self._windows = {symbol: _Window(self.watch(symbol)) for symbol in INSTRUMENTS}
        for window in self._windows.values():
            window.watch.measured_by(partial(self._utilisation_e8, window))
        self._least_e8 = self.least_told_e8(limit.move_e8)

    def configure(self, limit: PriceShockLimit, scale: SeverityScale) -> None:
        """Take in another limit; another window counts from what is still remembered."""
        super().configure(limit, scale)
        self._least_e8 = self.least_told_e8(limit.move_e8)
        for window in self._windows.values():
            window.floor_e8, window.ceiling_e8 = 1, 0

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        symbol = tick.instrument
        mid_e8, window = self._mids_e8[symbol], self._windows[symbol]
        window.extremes.keep((now_us, mid_e8, tick))
        quiet = window.watch.level == QUIET
        if quiet and window.floor_e8 <= mid_e8 <= window.ceiling_e8 and now_us <= window.until_us:
            return NOTHING
        window.settle(now_us, self.limit.window_us, self._least_e8)
        if quiet and window.floor_e8 <= mid_e8 <= window.ceiling_e8:
            return NOTHING
        utilisation_e8 = self._utilisation_e8(window)
        if window.watch.stays(utilisation_e8):
            return NOTHING
        return (self._finding(window, utilisation_e8),)

    def _utilisation_e8(self, window: _Window) -> int:
        return max(window.moves_e8()) * E8 // self.limit.move_e8

    def _finding(self, window: _Window, utilisation_e8: int) -> Finding:
        fall_e8, rise_e8 = window.moves_e8()
        fell, move_e8 = fall_e8 >= rise_e8, max(fall_e8, rise_e8)
        extreme = window.high if fell else window.low
        return Finding(
            watch=window.watch,
            measured_e8=move_e8,
            limit_e8=self.limit.move_e8,
            utilisation_e8=utilisation_e8,
            unit=KIND.unit,
            rule_version=self.version,
            inputs=(extreme[2].event_id,),
            message=(
                f"{window.watch.subject} {'fell' if fell else 'rose'}"
                f" {format_e8(move_e8 * 100, 2)} % within {self.limit.window_us // SECOND_US} s;"
                f" the limit is {format_e8(self.limit.move_e8 * 100, 2)} %"
            ),
        )


def _read(table: Table) -> PriceShockLimit:
    return PriceShockLimit(
        move_e8=table.number("move"), window_us=table.whole("window_s") * SECOND_US
    )


KIND: Final = RuleKind(
    rule=PriceShock,
    title="An instrument's price moved too far in too short a time",
    watches="each instrument's mid against the highest and lowest of a sliding window",
    limit="`move`, a fraction of the extreme, within `window_s`",
    clears="below the `clear` share, so at the latest when the extreme has left the window",
    inputs="the tick, and the tick of the extreme it is measured from",
    unit="ratio",
    keys=("move", "window_s"),
    subjects=tuple(INSTRUMENTS),
    read=_read,
)
