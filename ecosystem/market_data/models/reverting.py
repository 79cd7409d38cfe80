"""Mean reversion (Ornstein, Uhlenbeck, 1930): for stablecoins and the basis of perpetuals."""

import math
from typing import Final

from ecosystem.market_data.arithmetic import E12
from ecosystem.market_data.models.contract import AssetModel

NAME: Final = "reverting"


class Reverting:
    """A path that is drawn back to its mean, at which it begins."""

    __slots__ = ("_sigma_e12", "_steps", "log_e12")

    def __init__(self, asset: AssetModel, interval_us: int) -> None:
        self._steps = max(1, asset.reversion_us // interval_us)
        self._sigma_e12 = asset.deviation * math.sqrt(2 / self._steps) * E12
        self.log_e12 = 0

    def advance(self, shock: float, bits: int) -> None:
        """Move on by one step."""
        self.log_e12 += round(shock * self._sigma_e12) - self.log_e12 // self._steps
