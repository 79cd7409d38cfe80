"""Geometric Brownian motion: independent normal log returns (Black, Scholes, 1973)."""

from typing import Final

from ecosystem.market_data.models.contract import AssetModel, step_sigma_e12, still_drift_e12

NAME: Final = "brownian"


class Brownian:
    """A path without memory, tails or moods."""

    __slots__ = ("_drift_e12", "_sigma_e12", "log_e12")

    def __init__(self, asset: AssetModel, interval_us: int) -> None:
        self._sigma_e12 = step_sigma_e12(asset.volatility, interval_us)
        self._drift_e12 = still_drift_e12(self._sigma_e12)
        self.log_e12 = 0

    def advance(self, shock: float, bits: int) -> None:
        """Move on by one step."""
        self.log_e12 += self._drift_e12 + round(shock * self._sigma_e12)
