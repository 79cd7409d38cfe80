"""Position limit: the firm owns, or owes, too much of one asset."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.instruments import ASSETS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, format_e8


class PositionBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an asset may be owned, and owed; both positive."""

    long_e8: int
    short_e8: int


class PositionLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of each asset that has any."""

    bounds: Mapping[str, PositionBounds]


class PositionLimitRule(Rule[PositionLimit]):
    """Judged at every change of a balance."""

    name = "position_limit"

    def __init__(
        self, limit: PositionLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches = {asset: book.watch(self.name, asset, scale) for asset in limit.bounds}

    def configure(self, limit: PositionLimit, scale: SeverityScale) -> None:
        """Take in other bounds; an asset that has none any more is not judged any more."""
        super().configure(limit, scale)
        self._watches = {asset: self.book.watch(self.name, asset, scale) for asset in limit.bounds}

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at balances."""
        return {BalanceChanged: self._judge}

    def _judge(self, balance: BalanceChanged, now_us: int) -> Sequence[Finding]:
        asset = balance.asset
        bounds = self.limit.bounds.get(asset)
        if bounds is None:
            return NOTHING
        position_e8 = self.state.portfolio.positions_e8.get(asset, 0)
        limit_e8 = bounds.long_e8 if position_e8 >= 0 else -bounds.short_e8
        utilisation_e8 = position_e8 * E8 // limit_e8
        watch = self._watches[asset]
        if watch.stays(utilisation_e8):
            return NOTHING
        finding = Finding(
            watch=watch,
            measured_e8=position_e8,
            limit_e8=limit_e8,
            utilisation_e8=utilisation_e8,
            unit=asset,
            rule_version=self.version,
            inputs=self.state.portfolio.balance_ids(asset),
            message=(
                f"the firm {'owns' if position_e8 >= 0 else 'owes'}"
                f" {format_e8(abs(position_e8), 4)} {asset};"
                f" the limit is {format_e8(abs(limit_e8), 4)}"
            ),
        )
        return (finding,)


def _read(table: Table) -> PositionLimit:
    bounds = {}
    for asset in ASSETS:
        if table.has(asset):
            bound = table.table(asset)
            bound.only(("long", "short"))
            bounds[asset] = PositionBounds(
                long_e8=bound.number("long"), short_e8=bound.number("short")
            )
    return PositionLimit(bounds=bounds)


KIND: Final = RuleKind(
    rule=PositionLimitRule,
    title="The firm owns, or owes, too much of one asset",
    watches="each bounded asset's position, netted over venues and custody",
    limit="`long` for what is owned, `short` for what is owed, by asset",
    clears="below the `clear` share",
    inputs="the balances of the asset, everywhere",
    unit="the asset",
    keys=ASSETS,
    subjects=ASSETS,
    read=_read,
)
