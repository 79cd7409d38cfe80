"""Price shock: an instrument's price moved too far in too short a time."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

_Quote = tuple[int, int, EventId]
"""Event time, mid and tick."""


class _Window:
    __slots__ = ("highs", "lows", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        # Each holds the candidates for its extreme: from the oldest, the extreme, inwards.
        self.highs: deque[_Quote] = deque()
        self.lows: deque[_Quote] = deque()


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
        self._windows = {
            symbol: _Window(book.watch(self.name, symbol, scale)) for symbol in INSTRUMENTS
        }

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        symbol, limit = tick.instrument, self.limit
        mid_e8, window = self._mids_e8[symbol], self._windows[symbol]
        highs, lows = window.highs, window.lows
        quote = (now_us, mid_e8, tick.event_id)
        while highs and highs[-1][1] <= mid_e8:
            highs.pop()
        highs.append(quote)
        while lows and lows[-1][1] >= mid_e8:
            lows.pop()
        lows.append(quote)
        since_us = now_us - limit.window_us
        while highs[0][0] < since_us:
            highs.popleft()
        while lows[0][0] < since_us:
            lows.popleft()
        high_e8, low_e8 = highs[0][1], lows[0][1]
        fall_e8 = (high_e8 - mid_e8) * E8 // high_e8
        rise_e8 = (mid_e8 - low_e8) * E8 // low_e8
        move_e8 = fall_e8 if fall_e8 >= rise_e8 else rise_e8
        utilisation_e8 = move_e8 * E8 // limit.move_e8
        if window.watch.stays(utilisation_e8):
            return NOTHING
        return (self._finding(window, move_e8, utilisation_e8, fell=fall_e8 >= rise_e8),)

    def _finding(
        self, window: _Window, move_e8: int, utilisation_e8: int, *, fell: bool
    ) -> Finding:
        extreme = window.highs[0] if fell else window.lows[0]
        return Finding(
            watch=window.watch,
            measured_e8=move_e8,
            limit_e8=self.limit.move_e8,
            utilisation_e8=utilisation_e8,
            unit=KIND.unit,
            rule_version=self.version,
            inputs=(extreme[2],),
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
