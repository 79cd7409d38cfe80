"""The live market as a source of the feed: what sources agree on, laid over the model.

Other than a model or a recording it cannot be asked twice: what was seen at a step was seen then.
Its answers stand on the log and nowhere else; for steps that have passed it has none, so a feed
that was away is silent about the time it was away.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ecosystem.market_data.consensus import Consensus, consensus
from ecosystem.market_data.overlay import Overlay
from ecosystem.market_data.source import PriceSource, SourcePrice, SourceState
from ecosystem.units import SECOND_US
from producers.market_data.live_sources.board import QuoteBoard
from producers.market_data.live_sources.settings import LiveSourceSettings

PASSED_US: Final = 5 * SECOND_US
"""A step that is older was not seen."""
_UNSEEN: Final = SourceState("DOWN", "the feed was away")


class LiveSource:
    """A `PriceSource` over live sources.

    Args:
        model: gives the prices of what no source knows.
        at_us: the time of a step.
        now_us: the time on the wall.
    """

    def __init__(
        self,
        settings: LiveSourceSettings,
        board: QuoteBoard,
        model: PriceSource,
        at_us: Callable[[int], int],
        now_us: Callable[[], int],
    ) -> None:
        self._board = board
        self._model = model
        self._at_us = at_us
        self._now_us = now_us
        self._terms = {symbol: settings.terms(symbol) for symbol in settings.instruments}
        self._overlay = Overlay(self._terms)
        self._step = -1
        self._prices: Sequence[SourcePrice | None] = ()
        self._state = _UNSEEN

    def prices(self, step: int) -> Sequence[SourcePrice | None]:
        """Return the price of each instrument at `step`, in the order of `INSTRUMENTS`."""
        self._look(step)
        return self._prices

    def state(self, step: int) -> SourceState:
        """Return how the sources stand at `step`."""
        self._look(step)
        return self._state

    def _look(self, step: int) -> None:
        if step == self._step:
            return
        self._step = step
        now_us = self._now_us()
        model = self._model.prices(step)
        if now_us - self._at_us(step) > PASSED_US:
            self._prices, self._state = [None] * len(model), _UNSEEN
            return
        found = {
            symbol: consensus(self._board.quotes(symbol), now_us, terms)
            for symbol, terms in self._terms.items()
        }
        given = {symbol: one.price for symbol, one in found.items()}
        self._overlay.follow(given)
        self._prices = self._overlay.prices(model, given)
        self._state = state_of(found)


def state_of(found: Mapping[str, Consensus]) -> SourceState:
    """Return how a feed stands whose instruments have these agreements.

    It is up while all sources agree on everything, down while none agree on anything, and
    degraded in between; the reason names who is missing.
    """
    without = [symbol for symbol, one in found.items() if one.price is None]
    missing = sorted(
        {
            f"{name} {what}"
            for one in found.values()
            for what, names in (
                ("differs", one.outliers),
                ("is stale", one.stale),
                ("is silent", one.silent),
                ("makes no sense", one.wrong),
            )
            for name in names
        }
    )
    if without:
        said = ", ".join(missing) or "sources differ"
        reason = f"no consensus on {', '.join(without)}: {said}"
        return SourceState("DOWN" if len(without) == len(found) else "DEGRADED", reason)
    if missing:
        return SourceState("DEGRADED", ", ".join(missing))
    return SourceState("UP", "all sources agree")
