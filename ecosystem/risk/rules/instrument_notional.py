"""Instrument notional: the position in one instrument is worth too much."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.exposure import Exposures
from ecosystem.risk.headroom import ExposureRule
from ecosystem.risk.portfolio import MARKED_BY
from ecosystem.risk.rule import RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8

SUBJECTS: Final = (*MARKED_BY, *UNDERLYINGS)


class InstrumentNotionalLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest worth of the position in one instrument, in USD."""

    notional_e8: int


class InstrumentNotional(ExposureRule[InstrumentNotionalLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "instrument_notional"

    def __init__(
        self,
        limit: InstrumentNotionalLimit,
        scale: SeverityScale,
        state: RiskState,
        book: AlertBook,
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches = {symbol: self.watch(symbol) for symbol in SUBJECTS}

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the worth of the instrument nearest to a bound may move."""
        exposed_e8 = exposures.instruments_usd_e8
        return min(
            watch.room_e8(abs(exposed_e8.get(symbol, 0))) for symbol, watch in self._watches.items()
        )

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found in each instrument."""
        found: list[Finding] = []
        limit_e8, exposed_e8 = self.limit.notional_e8, exposures.instruments_usd_e8
        for symbol, watch in self._watches.items():
            # What is closed is worth nothing, and an alert about it is over.
            notional_e8 = abs(exposed_e8.get(symbol, 0))
            if watch.holds(notional_e8, limit_e8):
                continue
            found += self.found(
                watch,
                notional_e8,
                limit_e8,
                KIND.unit,
                partial(self._inputs, symbol),
                partial(_message, symbol, notional_e8, limit_e8),
            )
        return found

    def _inputs(self, symbol: str) -> Sequence[EventId]:
        portfolio = self.state.portfolio
        if (asset := MARKED_BY.get(symbol)) is not None:
            return (*portfolio.mark_ids((asset,)), *portfolio.balance_ids(asset))
        return (
            *portfolio.mark_ids((UNDERLYINGS[symbol],)),
            *portfolio.derivatives.position_ids(symbol),
        )


def _message(symbol: str, notional_e8: int, limit_e8: int) -> str:
    return (
        f"the position in {symbol} is worth {format_e8(notional_e8, 2)} USD;"
        f" the limit is {format_e8(limit_e8, 2)} USD"
    )


def _read(table: Table) -> InstrumentNotionalLimit:
    return InstrumentNotionalLimit(notional_e8=table.number("notional_usd"))


KIND: Final = RuleKind(
    rule=InstrumentNotional,
    title="The position in one instrument is worth too much",
    watches=(
        "each derivative position, netted over venues, and each asset but USD, which counts for"
        " the instrument that marks it; a derivative is worth what its underlying is"
    ),
    limit="`notional_usd`",
    clears="below the `clear` share",
    inputs="the tick behind the mark, and the positions or the balances",
    unit="USD",
    keys=("notional_usd",),
    subjects=SUBJECTS,
    read=_read,
)
