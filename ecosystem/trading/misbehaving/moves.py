"""Moves of a price: how far it has gone since the beginning of a window."""

from ecosystem.trading.contract import E8


class MoveWatch:
    """Compares a price with the one the window began with.

    The window begins anew when it is over, and after every move that was large enough.
    """

    __slots__ = ("_move_e8", "_reference_e8", "_since_us", "_window_us", "moved", "moves_count")

    def __init__(self, move_e8: int, window_us: int) -> None:
        self._move_e8 = move_e8
        self._window_us = window_us
        self._reference_e8 = 0
        self._since_us = 0
        self.moved = 0
        """What the last price completed: 1 a rise, -1 a fall, 0 nothing."""
        self.moves_count = 0

    def price(self, price_e8: int, time_us: int) -> None:
        """Take in a price."""
        self.moved = 0
        if not self._reference_e8 or time_us - self._since_us > self._window_us:
            self._begin(price_e8, time_us)
            return
        change_e8 = (price_e8 - self._reference_e8) * E8 // self._reference_e8
        if abs(change_e8) > self._move_e8:
            self.moved = 1 if change_e8 > 0 else -1
            self.moves_count += 1
            self._begin(price_e8, time_us)

    def _begin(self, price_e8: int, time_us: int) -> None:
        self._reference_e8, self._since_us = price_e8, time_us
