"""Stablecoin exposure: too much of the firm is in a stablecoin that is off its peg.

On its peg a coin is cash, and nothing is measured. Beyond that the share of the equity that may be
in it shrinks as its price leaves the dollar: twice as far off means half as much. So what the
deviation costs the firm, holding times deviation, has one bound however far the price goes:
`share` times `tolerated` of the equity.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.lasting import LastingDeviation
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.stablecoins import COIN_OF, STABLECOINS
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import QUIET, Finding, Watch
from ecosystem.units import E8, SECOND_US, format_e8

SHARE_E8_MAX: Final = 100 * E8
"""What is held against no equity at all, or next to none, is told as this."""


class StablecoinExposureLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the equity may be in a stablecoin, as a fraction, and when that shrinks."""

    share_e8: int
    tolerated_e8: int
    """A lasting deviation up to which the coin is on its peg."""
    lasts_us: int

    def allowed_e8(self, deviation_e8: int) -> int:
        """Return the share of the equity that is allowed at a deviation of either sign."""
        return self.share_e8 * self.tolerated_e8 // max(abs(deviation_e8), self.tolerated_e8) or 1


class StablecoinExposure(Rule[StablecoinExposureLimit]):
    """Follows the peg at ticks; judged whenever it or the worth of the portfolio has moved."""

    name = "stablecoin_exposure"
    instruments = frozenset(COIN_OF)

    def __init__(
        self,
        limit: StablecoinExposureLimit,
        scale: SeverityScale,
        state: RiskState,
        book: AlertBook,
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._pegs = {
            coin: (book.watch(self.name, coin, scale), LastingDeviation()) for coin in STABLECOINS
        }
        self._calm_at = -1
        """The revision of alerts at which every coin was found on its peg, if none has left it."""

    def configure(self, limit: StablecoinExposureLimit, scale: SeverityScale) -> None:
        """Take in another limit, by which a coin may be off its peg that was not."""
        super().configure(limit, scale)
        self._calm_at = -1

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is followed at ticks."""
        return {PriceTicked: self._follow}

    def _follow(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        _, lasting = self._pegs[COIN_OF[tick.instrument]]
        before_e8 = lasting.value_e8
        deviation_e8 = self.state.market.mids_e8[tick.instrument] - E8
        if lasting.take(now_us, deviation_e8, tick.event_id, self.limit.lasts_us) != before_e8:
            # The portfolio need not have moved for less of it to be allowed.
            self.state.moved_by = tick
            self._calm_at = -1
        return NOTHING

    def judge_whole(self) -> Sequence[Finding]:
        """Return what was found of each stablecoin, once all that the firm owns has a mark."""
        portfolio = self.state.portfolio
        if self._calm_at == self.book.revision:
            return NOTHING
        if not portfolio.positions_e8.keys() <= portfolio.marks_e8.keys():
            return NOTHING
        found: list[Finding] = []
        calm = True
        for coin, (watch, lasting) in self._pegs.items():
            off_peg = abs(lasting.value_e8) > self.limit.tolerated_e8
            share_e8 = utilisation_e8 = 0
            if off_peg:
                share_e8 = self._share_e8(coin)
                utilisation_e8 = share_e8 * E8 // self.limit.allowed_e8(lasting.value_e8)
            calm = calm and not off_peg and watch.level == QUIET
            if not watch.stays(utilisation_e8):
                found += self._found(coin, watch, lasting, share_e8)
        self._calm_at = self.book.revision if calm else -1
        return found

    def _share_e8(self, coin: str) -> int:
        portfolio = self.state.portfolio
        held_e16 = abs(portfolio.positions_e8.get(coin, 0)) * portfolio.marks_e8[coin]
        equity_e8 = portfolio.equity_e8
        return min(held_e16 // equity_e8, SHARE_E8_MAX) if equity_e8 > 0 else SHARE_E8_MAX

    def _found(
        self, coin: str, watch: Watch, lasting: LastingDeviation, share_e8: int
    ) -> Sequence[Finding]:
        deviation_e8 = lasting.value_e8
        allowed_e8 = self.limit.allowed_e8(deviation_e8)
        return self.found(
            watch,
            share_e8,
            allowed_e8,
            KIND.unit,
            lambda: self._inputs(coin, lasting),
            lambda: (
                f"{format_e8(share_e8 * 100, 2)} % of the equity are in {coin}, which is"
                f" {format_e8(abs(deviation_e8) * 100, 2)} % off its dollar;"
                f" the limit is {format_e8(allowed_e8 * 100, 2)} %"
            ),
        )

    def _inputs(self, coin: str, lasting: LastingDeviation) -> Sequence[EventId]:
        tick = self.state.market.ticks.get(STABLECOINS[coin])
        priced = () if tick is None else (tick.event_id,)
        lasted = (lasting.event_id,) if lasting.event_id else ()
        return (*priced, *lasted, *self.state.portfolio.balance_ids(coin))


def _read(table: Table) -> StablecoinExposureLimit:
    return StablecoinExposureLimit(
        share_e8=table.number("share"),
        tolerated_e8=table.number("tolerated"),
        lasts_us=table.whole("lasts_s") * SECOND_US,
    )


KIND: Final = RuleKind(
    rule=StablecoinExposure,
    title="Too much of the firm is in a stablecoin that is off its peg",
    watches=(
        "the share of the equity that is held, or owed, in each stablecoin that has been off its"
        " dollar by more than `tolerated` all through `lasts_s`"
    ),
    limit=(
        "`share` of the equity at a deviation of `tolerated`, and in inverse proportion to the"
        " deviation beyond that, so that holding times deviation has one bound"
    ),
    clears="below the `clear` share: as the coin is sold, or finds its peg again",
    inputs="the last tick of the coin, the one whose deviation has lasted, and its balances",
    unit="ratio of equity",
    keys=("share", "tolerated", "lasts_s"),
    subjects=tuple(STABLECOINS),
    read=_read,
)
