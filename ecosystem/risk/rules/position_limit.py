"""Position limit: the firm owns, or owes, too much of one asset."""

from typing import Final

from ecosystem.risk.alerts import AlertBook, Finding
from ecosystem.risk.limits import PositionLimit
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8, format_e8


class PositionLimitRule:
    """Watches each bounded asset's position, netted over venues and custody.

    Limit: `long` for what is owned, `short` for what is owed. Severity: position over the limit
    of its sign. Clears below the `clear` share. Cooldown as configured.
    Inputs: the balances of the asset, everywhere.
    """

    name: Final = "position_limit"
    version: Final = 1

    __slots__ = ("_bounds", "_watches")

    def __init__(self, limit: PositionLimit, book: AlertBook) -> None:
        self._bounds = limit.bounds
        self._watches = {asset: book.watch(self.name, asset, limit.scale) for asset in self._bounds}

    def judge(self, portfolio: Portfolio, asset: str) -> Finding | None:
        """Return what was found in the position of `asset`, or None when all is quiet."""
        bounds = self._bounds.get(asset)
        if bounds is None:
            return None
        position_e8 = portfolio.positions_e8.get(asset, 0)
        limit_e8 = bounds.long_e8 if position_e8 >= 0 else -bounds.short_e8
        utilisation_e8 = position_e8 * E8 // limit_e8
        watch = self._watches[asset]
        if watch.stays(utilisation_e8):
            return None
        return Finding(
            watch=watch,
            measured_e8=position_e8,
            limit_e8=limit_e8,
            utilisation_e8=utilisation_e8,
            unit=asset,
            rule_version=self.version,
            inputs=portfolio.balance_ids(asset),
            message=(
                f"the firm {'owns' if position_e8 >= 0 else 'owes'}"
                f" {format_e8(abs(position_e8), 4)} {asset};"
                f" the limit is {format_e8(abs(limit_e8), 4)}"
            ),
        )
