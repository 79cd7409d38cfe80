"""Price shock: an instrument's price moved too far in too short a time."""

from collections import deque
from typing import Final

from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook, Finding, Watch
from ecosystem.risk.limits import PriceShockLimit
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


class PriceShock:
    """Watches each instrument's mid against the highest and lowest of a sliding window.

    Limit: `move`, a fraction of the extreme. Severity: move over limit. Clears below the `clear`
    share, so at the latest when the extreme has left the window. Cooldown as configured.
    Inputs: the tick, and the tick of the extreme it is measured from.
    """

    name: Final = "price_shock"
    version: Final = 1

    __slots__ = ("_limit_e8", "_window_us", "_windows")

    def __init__(self, limit: PriceShockLimit, book: AlertBook) -> None:
        self._limit_e8 = limit.move_e8
        self._window_us = limit.window_us
        self._windows = {
            symbol: _Window(book.watch(self.name, symbol, limit.scale)) for symbol in INSTRUMENTS
        }

    def judge(self, tick: PriceTicked, mid_e8: int) -> Finding | None:
        """Return what was found at a tick of a known instrument, or None when all is quiet."""
        now_us = tick.event_time_us
        window = self._windows[tick.instrument]
        highs, lows = window.highs, window.lows
        quote = (now_us, mid_e8, tick.event_id)
        while highs and highs[-1][1] <= mid_e8:
            highs.pop()
        highs.append(quote)
        while lows and lows[-1][1] >= mid_e8:
            lows.pop()
        lows.append(quote)
        since_us = now_us - self._window_us
        while highs[0][0] < since_us:
            highs.popleft()
        while lows[0][0] < since_us:
            lows.popleft()
        high_e8, low_e8 = highs[0][1], lows[0][1]
        fall_e8 = (high_e8 - mid_e8) * E8 // high_e8
        rise_e8 = (mid_e8 - low_e8) * E8 // low_e8
        move_e8 = max(fall_e8, rise_e8)
        utilisation_e8 = move_e8 * E8 // self._limit_e8
        if window.watch.stays(utilisation_e8):
            return None
        return self._finding(window, move_e8, utilisation_e8, fell=fall_e8 >= rise_e8)

    def _finding(
        self, window: _Window, move_e8: int, utilisation_e8: int, *, fell: bool
    ) -> Finding:
        extreme = window.highs[0] if fell else window.lows[0]
        return Finding(
            watch=window.watch,
            measured_e8=move_e8,
            limit_e8=self._limit_e8,
            utilisation_e8=utilisation_e8,
            unit="ratio",
            rule_version=self.version,
            inputs=(extreme[2],),
            message=(
                f"{window.watch.subject} {'fell' if fell else 'rose'}"
                f" {format_e8(move_e8 * 100, 2)} % within {self._window_us // SECOND_US} s;"
                f" the limit is {format_e8(self._limit_e8 * 100, 2)} %"
            ),
        )
