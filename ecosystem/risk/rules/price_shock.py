"""Price shock: an instrument's price moved too far in too short a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import CRITICAL, QUIET, Finding, Watch
from ecosystem.risk.windows import Extremes, Sighted
from ecosystem.units import E8, SECOND_US, format_e8

_CEILING_E8: Final = 2**63
"""Above every price."""


class _Move(NamedTuple):
    """The fall from the highest price or the rise from the lowest, whichever is greater."""

    size_e8: int
    extreme: Sighted
    fell: bool


class _Window:
    """The extremes of one instrument's price, and the prices at which nothing can follow."""

    __slots__ = ("ceiling_e8", "extremes", "floor_e8", "level", "until_us", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.extremes = Extremes()
        self.level = QUIET
        """The level of the watch for which floor and ceiling are."""
        self.unsettle()
        self.until_us = 0
        """When it is looked at all the same, so that what waits stays little."""

    def unsettle(self) -> None:
        """Let no price be between floor and ceiling, so that each is looked at."""
        self.floor_e8, self.ceiling_e8 = 1, 0

    def settle(self, now_us: int, width_us: int, least_e8: int) -> None:
        """Set floor and ceiling by the extremes of now; that these grow old only calms.

        While the price stays between both it moves too little, whatever it does there.
        """
        high, low = self.extremes.since(now_us - width_us)
        high_e8, low_e8 = high[1], low[1]
        self.level, self.until_us = QUIET, now_us + width_us
        # As far beyond both extremes as leaves a move from floor to ceiling just too small.
        room_e8 = (least_e8 * low_e8 - (high_e8 - low_e8) * E8 - 1) // (2 * E8 + least_e8)
        if room_e8 >= 0:
            self.floor_e8, self.ceiling_e8 = low_e8 - room_e8, high_e8 + room_e8
            return
        self.floor_e8 = max(low_e8, high_e8 * (E8 - least_e8) // E8 + 1)
        self.ceiling_e8 = min(high_e8, -(-low_e8 * (E8 + least_e8) // E8) - 1)

    def hold(self, move: _Move, width_us: int, least_e8: int) -> None:
        """Set floor and ceiling where a move of the highest severity stays above what clears it.

        It does until its extreme has left the window.
        """
        at_us, extreme_e8, _ = move.extreme
        least_way_e8 = -(-least_e8 * extreme_e8 // E8)
        self.level, self.until_us = CRITICAL, at_us + width_us + 1
        if move.fell:
            self.floor_e8, self.ceiling_e8 = 0, extreme_e8 - least_way_e8
        else:
            self.floor_e8, self.ceiling_e8 = extreme_e8 + least_way_e8, _CEILING_E8


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
        self._judges = {symbol: self._judge_of(symbol) for symbol in INSTRUMENTS}

    def configure(self, limit: PriceShockLimit, scale: SeverityScale) -> None:
        """Take in another limit; another window counts from what is still remembered."""
        super().configure(limit, scale)
        self._least_e8 = self.least_told_e8(limit.move_e8)
        for window in self._windows.values():
            window.unsettle()

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def judges_ticks_of(self, symbol: str) -> Judge:
        """Return what is judged after each tick of one instrument."""
        return self._judges[symbol]

    def _judge_of(self, symbol: str) -> Judge:
        window, mids_e8, look = self._windows[symbol], self._mids_e8, self._look
        watch, keep = window.watch, window.extremes.keep

        def judge(tick: PriceTicked, now_us: int) -> Sequence[Finding]:
            mid_e8 = mids_e8[symbol]
            keep((now_us, mid_e8, tick))
            between = window.floor_e8 <= mid_e8 <= window.ceiling_e8
            if between and now_us < window.until_us and watch.level == window.level:
                return NOTHING
            return look(symbol, window, now_us)

        return judge

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        return self._judges[tick.instrument](tick, now_us)

    def _look(self, symbol: str, window: _Window, now_us: int) -> Sequence[Finding]:
        watch, limit = window.watch, self.limit
        if watch.level == QUIET:
            window.settle(now_us, limit.window_us, self._least_e8)
            if window.floor_e8 <= self._mids_e8[symbol] <= window.ceiling_e8:
                return NOTHING
        else:
            window.unsettle()
        move = self._move(window)
        if watch.holds(move.size_e8, limit.move_e8):
            if watch.level == CRITICAL:
                window.hold(move, limit.window_us, watch.bounds_e8()[0])
            return NOTHING
        return self.found(
            watch,
            move.size_e8,
            limit.move_e8,
            KIND.unit,
            lambda: (move.extreme[2].event_id,),
            lambda: (
                f"{symbol} {'fell' if move.fell else 'rose'}"
                f" {format_e8(move.size_e8 * 100, 2)} % within {limit.window_us // SECOND_US} s;"
                f" the limit is {format_e8(limit.move_e8 * 100, 2)} %"
            ),
        )

    def _move(self, window: _Window) -> _Move:
        at_us, mid_e8, _ = window.extremes.last
        high, low = window.extremes.since(at_us - self.limit.window_us)
        fall_e8 = (high[1] - mid_e8) * E8 // high[1]
        rise_e8 = (mid_e8 - low[1]) * E8 // low[1]
        if fall_e8 >= rise_e8:
            return _Move(fall_e8, high, fell=True)
        return _Move(rise_e8, low, fell=False)

    def _utilisation_e8(self, window: _Window) -> int:
        return self._move(window).size_e8 * E8 // self.limit.move_e8 if window.extremes else 0


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
