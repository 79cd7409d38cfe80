"""The prices nobody has touched: the random paths all seven instruments follow.

Four paths drive everything: the dollar prices of bitcoin, ether and tether, and the basis of the
perpetual. The crosses are quotients of these, so no riskless round trip through three instruments
exists. A path is a running sum of integers, its n-th step a pure function of the seed and n, so it
can be computed again from nothing, exactly: no recorded tick is needed and none is rounded twice.
A restart computes it again, which costs about a second for each day and a half of seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.arithmetic import exp_e12, normals
from ecosystem.market_data.models.contract import AssetModel, PriceModel
from ecosystem.market_data.models.correlation import Correlations, cholesky, correlation_matrix
from ecosystem.market_data.models.table import ASSETS, BASIS, CORRELATIONS, MODELS
from ecosystem.market_data.source import SourcePrice
from ecosystem.rng import Stream
from ecosystem.units import E8

PATHS: Final = ("BTC", "ETH", "USDT", BASIS)
STEPS_AHEAD: Final = 20
"""The chance of so many steps is drawn in one go."""


class ModelSource:
    """Seeded models as a source of prices; at step 0 all stand at their reference."""

    __slots__ = (
        "_ahead",
        "_ahead_from",
        "_draws",
        "_factories",
        "_market",
        "_paths",
        "_rows",
        "step",
    )

    def __init__(
        self,
        seed: int,
        interval_us: int,
        *,
        assets: Sequence[AssetModel] = ASSETS,
        correlations: Correlations = CORRELATIONS,
        models: Mapping[str, Callable[[AssetModel, int], PriceModel]] = MODELS,
    ) -> None:
        """Begin at step 0.

        Raises:
            InvalidInputError: other assets than those of `PATHS`, an unknown model, or
                correlations that cannot be.
        """
        names = tuple(row.asset for row in assets)
        if names != PATHS:
            raise InvalidInputError(f"assets {names} found; {PATHS} are allowed, in this order")
        if unknown := {row.model for row in assets} - models.keys():
            raise InvalidInputError(
                f"models {sorted(unknown)} found; {', '.join(models)} are allowed"
            )
        self._factories = [(models[row.model], row, interval_us) for row in assets]
        factor = cholesky(correlation_matrix(names, correlations))
        self._rows = [[(k, w) for k, w in enumerate(row) if w] for row in factor]
        self._draws = [Stream(seed, "market-data", "path", name) for name in names]
        self._market = Stream(seed, "market-data", "path", "market")
        self._ahead: list[tuple[int, tuple[float, ...]]] = []
        self._ahead_from = 0
        self._begin()

    def _begin(self) -> None:
        self.step = 0
        self._paths = [make(row, interval_us) for make, row, interval_us in self._factories]

    @property
    def logs_e12(self) -> tuple[int, ...]:
        """The log prices at the step reached, in the order of `PATHS`."""
        return tuple(path.log_e12 for path in self._paths)

    def prices(self, step: int) -> Sequence[SourcePrice]:
        """Return the seven mid prices at `step`; spreads and volumes are not theirs to know."""
        if step < self.step:
            self._begin()
        while self.step < step:
            self._advance()
        btc_e12, eth_e12, tether_e12, basis_e12 = self.logs_e12
        mids = mid_prices_e8(btc_e12, eth_e12, tether_e12, basis_e12)
        return [SourcePrice(mid_e8) for mid_e8 in mids]

    def _advance(self) -> None:
        number = self.step = self.step + 1
        at = number - self._ahead_from
        if not 0 <= at < len(self._ahead):
            self._ahead_from, at = number, 0
            self._ahead = self._drawn(number, number + STEPS_AHEAD)
        bits, shocks = self._ahead[at]
        for path, shock in zip(self._paths, shocks, strict=True):
            path.advance(shock, bits)

    def _drawn(self, first: int, end: int) -> list[tuple[int, tuple[float, ...]]]:
        """Return the chance of some steps: the bits of the market, and a shock for each path."""
        draws = [normals(stream, first, end) for stream in self._draws]
        columns = []
        for row in self._rows:
            shocks = [0.0] * (end - first)
            for at, weight in row:
                shocks = [
                    shock + weight * draw for shock, draw in zip(shocks, draws[at], strict=True)
                ]
            columns.append(shocks)
        return list(zip(self._market.run(first, end), zip(*columns, strict=True), strict=True))


_BTC_E8: Final = INSTRUMENTS["BTC-USD"].reference_price_e8
_ETH_E8: Final = INSTRUMENTS["ETH-USD"].reference_price_e8
_USDT_E8: Final = INSTRUMENTS["USDT-USD"].reference_price_e8


def mid_prices_e8(
    btc_e12: int, eth_e12: int, tether_e12: int, basis_e12: int
) -> tuple[int, int, int, int, int, int, int]:
    """Return the mid prices of the seven instruments, in the order of `INSTRUMENTS`."""
    btc_e8 = round(_BTC_E8 * exp_e12(btc_e12))
    eth_e8 = round(_ETH_E8 * exp_e12(eth_e12))
    tether_e8 = round(_USDT_E8 * exp_e12(tether_e12))
    return (
        btc_e8,
        eth_e8,
        tether_e8,
        btc_e8 * E8 // tether_e8,
        eth_e8 * E8 // tether_e8,
        eth_e8 * E8 // btc_e8,
        round(btc_e8 * exp_e12(basis_e12)),
    )
