"""Stablecoin depeg: a stablecoin is worth more or less than its dollar, and stays so."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.lasting import LastingDeviation
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.stablecoins import STABLECOINS
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US, format_e8


class StablecoinDepegLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stablecoin may be from its dollar, as a fraction, and what counts as lasting."""

    deviation_e8: int
    lasts_us: int


class StablecoinDepeg(Rule[StablecoinDepegLimit]):
    """Judged at every tick that prices a stablecoin in dollars.

    A feed that errs alone is told by `price_divergence`, whose triangles hold every pair quoted in
    the coin against the dollar.
    """

    name = "stablecoin_depeg"
    instruments = frozenset(STABLECOINS.values())

    def __init__(
        self, limit: StablecoinDepegLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._mids_e8 = state.market.mids_e8
        self._watched = {
            symbol: (coin, book.watch(self.name, coin, scale), LastingDeviation())
            for coin, symbol in STABLECOINS.items()
        }

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._judge}

    def _judge(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        coin, watch, lasting = self._watched[tick.instrument]
        limit = self.limit
        deviation_e8 = self._mids_e8[tick.instrument] - E8
        lasted_e8 = lasting.take(now_us, deviation_e8, tick.event_id, limit.lasts_us)
        if watch.holds(abs(lasted_e8), limit.deviation_e8):
            return NOTHING
        return self.found(
            watch,
            abs(lasted_e8),
            limit.deviation_e8,
            KIND.unit,
            lambda: (tick.event_id, lasting.event_id),
            lambda: (
                f"{coin} has been {format_e8(abs(lasted_e8) * 100, 2)} %"
                f" {'above' if lasted_e8 > 0 else 'below'} its dollar for"
                f" {limit.lasts_us // SECOND_US} s;"
                f" the limit is {format_e8(limit.deviation_e8 * 100, 2)} %"
            ),
        )


def _read(table: Table) -> StablecoinDepegLimit:
    return StablecoinDepegLimit(
        deviation_e8=table.number("deviation"), lasts_us=table.whole("lasts_s") * SECOND_US
    )


KIND: Final = RuleKind(
    rule=StablecoinDepeg,
    title="A stablecoin is worth more or less than its dollar, and stays so",
    watches="the deviation of each stablecoin's mid from one dollar that has lasted",
    limit="`deviation`, a fraction of the dollar, all through `lasts_s`",
    clears="below the `clear` share, when the way back has lasted as long",
    inputs="the tick, and the one whose deviation has lasted",
    unit="ratio",
    keys=("deviation", "lasts_s"),
    subjects=tuple(STABLECOINS),
    read=_read,
)
