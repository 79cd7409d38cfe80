"""Feed stale: an instrument's price has not been told for too long."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US, format_e8


class FeedStaleLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long an instrument may go without a good tick."""

    silence_us: int


class FeedStale(Rule[FeedStaleLimit]):
    """Judged as event time passes, whoever brings it, and at the tick that ends a silence.

    An instrument is watched from its first tick on.
    """

    name = "feed_stale"

    def __init__(
        self, limit: FeedStaleLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches = {symbol: book.watch(self.name, symbol, scale) for symbol in INSTRUMENTS}
        self._ticks = state.market.ticks
        self._silent: dict[str, PriceTicked] = {}
        """The last tick of each instrument that is silent."""
        self.heeds = self._silent
        self.due_us = 0

    def configure(self, limit: FeedStaleLimit, scale: SeverityScale) -> None:
        """Take in another limit, by which an instrument may be silent that was not."""
        super().configure(limit, scale)
        self.due_us = 0

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at ticks."""
        return {PriceTicked: self._spoken}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found of every instrument that is silent."""
        limit_us = self.limit.silence_us
        least_us = self.least_told_e8(limit_us)
        found: list[Finding] = []
        oldest_us = now_us
        for symbol, tick in self._ticks.items():
            told_us = tick.event_time_us
            if told_us <= now_us - least_us:
                self._silent[symbol] = tick
                found += self._judge(symbol, tick, now_us - told_us)
            elif told_us < oldest_us:
                oldest_us = told_us
        # None becomes silent before the one that was told longest ago; but what is silent grows
        # worse, and the first tick of another may come late.
        due_us = oldest_us + least_us
        settled = not self._silent and len(self._ticks) == len(self._watches)
        self.due_us = due_us if settled else min(due_us, now_us + limit_us // 20)
        return found

    def _spoken(self, tick: PriceTicked, now_us: int) -> Sequence[Finding]:
        if tick.instrument not in self._silent:
            return NOTHING
        before = self._silent.pop(tick.instrument)
        return self._judge(tick.instrument, before, 0)

    def _judge(self, symbol: str, tick: PriceTicked, silence_us: int) -> Sequence[Finding]:
        limit_us = self.limit.silence_us
        utilisation_e8 = silence_us * E8 // limit_us
        watch = self._watches[symbol]
        if watch.stays(utilisation_e8):
            return NOTHING
        finding = Finding(
            watch=watch,
            measured_e8=silence_us * E8 // SECOND_US,
            limit_e8=limit_us * E8 // SECOND_US,
            utilisation_e8=utilisation_e8,
            unit=KIND.unit,
            rule_version=self.version,
            inputs=(tick.event_id,),
            message=(
                f"{symbol} has no price since {format_e8(silence_us * E8 // SECOND_US, 1)} s;"
                f" the limit is {format_e8(limit_us * E8 // SECOND_US, 1)} s"
            ),
        )
        return (finding,)


def _read(table: Table) -> FeedStaleLimit:
    return FeedStaleLimit(silence_us=table.whole("silence_s") * SECOND_US)


KIND: Final = RuleKind(
    rule=FeedStale,
    title="An instrument's price has not been told for too long",
    watches="the event time since each instrument's last good tick",
    limit="`silence_s`, seconds without a tick",
    clears="with the next good tick",
    inputs="the last tick before the silence",
    unit="s",
    keys=("silence_s",),
    subjects=tuple(INSTRUMENTS),
    read=_read,
)
