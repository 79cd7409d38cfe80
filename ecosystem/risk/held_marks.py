"""The ticks behind the marks of all that is held."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from ecosystem.events.words import EventId
from ecosystem.risk.derivatives import Derivatives

_Ids = Mapping[str, EventId]
_Pick = Callable[[_Ids], Sequence[EventId]]


class HeldMarks:
    """Takes out the ids of what is held and has a mark; which that is changes with positions.

    Args:
        assets: every asset that can have a mark, in the order in which their ids are told.
        mark_ids: the tick behind the mark of each asset that has one.
    """

    __slots__ = ("_assets", "_derivatives", "_mark_ids", "_of_assets", "_of_derivatives")

    def __init__(self, assets: Sequence[str], mark_ids: _Ids, derivatives: Derivatives) -> None:
        self._assets = assets
        self._mark_ids = mark_ids
        self._derivatives = derivatives
        self._of_assets = self._of_derivatives = _picked([])

    def hold(self, positions_e8: Mapping[str, int]) -> None:
        """Take in what is held of each asset, and of each derivative."""
        held = (one for one in self._assets if positions_e8.get(one) and one in self._mark_ids)
        self._of_assets = _picked(list(held))
        marked = self._derivatives.mark_ids
        gross_e8 = sorted(self._derivatives.gross_e8.items())
        self._of_derivatives = _picked([one for one, size in gross_e8 if size and one in marked])

    def ids(self) -> tuple[EventId, ...]:
        """Return the ids of now, those of assets before those of derivatives."""
        return (*self._of_assets(self._mark_ids), *self._of_derivatives(self._derivatives.mark_ids))


def _picked(names: Sequence[str]) -> _Pick:
    # Of a single name `itemgetter` makes no tuple.
    return itemgetter(*names) if len(names) > 1 else lambda ids: [ids[name] for name in names]
