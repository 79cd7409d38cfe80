"""Headroom: how far prices may carry the portfolio before a rule about exposure need look again.

While no position changes, let `x` be what is held of each instrument, long and short added up,
times how far its mark has moved, all added up. No exposure in USD, and not the equity, has then
moved by more than `x`. A rule that was just judged can say how much of that it bears, in whole
numbers, so nothing it would have found in between is missed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.breaker import CircuitBreaker
from ecosystem.risk.exposure import Exposures
from ecosystem.risk.rule import Limit, Rule
from ecosystem.risk.state import RiskState
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8

NO_ROOM: Final = -1
_NONE: Final = (-1, -1, -1)
ROUNDING_E8: Final = 100
"""Each of the few amounts in a measure is rounded by less than one; they are fewer than this."""


class ExposureRule(Rule[Limit], ABC):
    """A rule whose measures are amounts of exposure or loss in USD, or ratios of one to the equity.

    Its watches measure when asked, since it need not be judged at each move of the portfolio.
    """

    def watch(self, subject: str) -> Watch:
        """Return the rule's watch over a subject, new or known."""
        watch = super().watch(subject)
        watch.measured_by(partial(self._utilisation_e8, watch))
        return watch

    def judge_whole(self) -> Sequence[Finding]:
        """Return what was found in the portfolio as it stands."""
        exposure = self.state.exposure
        exposure.settle()
        return self.judge_exposures(exposure.judged())

    @abstractmethod
    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found in these exposures."""

    @abstractmethod
    def room_e8(self, exposures: Exposures) -> int:
        """Return how far these may move, in USD, and nothing follow; below 0 when it may now."""

    def _utilisation_e8(self, watch: Watch) -> int:
        self.judge_exposures(self.state.exposure.judged())
        return watch.last_utilisation_e8


class Headroom:
    """Follows how far the marks have moved since the rules and the breaker were judged."""

    __slots__ = ("_book", "_breaker", "_revisions", "_room_e16", "_state", "_weighed")

    def __init__(self, state: RiskState, book: AlertBook, breaker: CircuitBreaker) -> None:
        self._state = state
        self._book = book
        self._breaker = breaker
        self._revisions = _NONE
        """Of the positions, the alerts and the breaker for which there is room."""
        self._room_e16 = 0
        self._weighed: Sequence[tuple[Mapping[str, int], str, int, int]] = ()
        """Where each mark is told, its name, how much hangs on it, and where it was."""

    def lasts(self) -> bool:
        """Return whether no rule about exposure can find anything yet, nor the breaker open."""
        if self._now() != self._revisions:
            return False
        moved_e16 = 0
        for marks_e8, name, weight_e8, mark_e8 in self._weighed:
            moved_e16 += weight_e8 * abs(marks_e8[name] - mark_e8)
        return moved_e16 <= self._room_e16

    def _now(self) -> tuple[int, int, int]:
        portfolio = self._state.portfolio
        return portfolio.positions_revision, self._book.revision, self._breaker.revision

    def measure(self, rules: Sequence[ExposureRule[Any]]) -> None:
        """Take in that all of the rules were just judged, and that the breaker is about to be."""
        portfolio, exposure = self._state.portfolio, self._state.exposure
        self._revisions = _NONE
        exposures = exposure.judged()
        room_e8 = min([self._breaker.room_e8(), *(rule.room_e8(exposures) for rule in rules)])
        if room_e8 < ROUNDING_E8:
            return
        self._room_e16 = (room_e8 - ROUNDING_E8) * E8
        weights: dict[str, int] = {}
        for held in exposure.positions().held:
            weights[held.asset] = weights.get(held.asset, 0) + held.gross_e8
        marks_e8, contracts = portfolio.marks_e8, portfolio.derivatives
        self._weighed = [
            *_weighed(marks_e8, exposure.judged_marks_e8, weights),
            *_weighed(contracts.marks_e8, contracts.marks_e8, contracts.gross_e8),
        ]
        self._revisions = self._now()


def _weighed(
    marks_e8: Mapping[str, int], before_e8: Mapping[str, int], weights_e8: Mapping[str, int]
) -> Sequence[tuple[Mapping[str, int], str, int, int]]:
    # What has no mark yet counts for nothing, and its first one is a change of positions.
    return [
        (marks_e8, name, weight_e8, before_e8[name])
        for name, weight_e8 in weights_e8.items()
        if weight_e8 and name in before_e8
    ]


def room_of_ratio_e8(watch: Watch, amount_e8: int, exposures: Exposures) -> int:
    """Return how far an amount and the equity may each move, and the watch of their ratio hold."""
    equity_e8 = exposures.equity_e8
    if equity_e8 <= 0:
        return NO_ROOM
    from_e8, below_e8 = watch.bounds_e8()
    # The ratio stays below while (amount + x) * E8 < below * (equity - x).
    room_e8 = (below_e8 * equity_e8 - amount_e8 * E8 - 1) // (E8 + below_e8)
    if from_e8 > 0:
        # And not under it while (amount - x) * E8 >= from * (equity + x).
        room_e8 = min(room_e8, (amount_e8 * E8 - from_e8 * equity_e8) // (E8 + from_e8))
    return room_e8
