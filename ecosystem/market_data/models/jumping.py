"""Jump diffusion: a Brownian motion that leaps when news comes (Merton, 1976).

News comes as a Poisson process that all assets share. Diffusion and jump of one step are both
normal, so their sum is one normal draw of the larger variance: the correlation of the assets holds
in the jumps too, and no draw more is needed.
"""

import math
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.arithmetic import E12
from ecosystem.market_data.models.contract import AssetModel, step_sigma_e12, still_drift_e12
from ecosystem.units import DAY_US

NAME: Final = "jumping"

_WORD: Final = 1 << 32


class Jumping:
    """A path with rare leaps; `volatility` is that of leaps and diffusion together."""

    __slots__ = ("_drift_e12", "_leap_e12", "_sigma_e12", "_threshold", "log_e12")

    def __init__(self, asset: AssetModel, interval_us: int) -> None:
        self._threshold = jump_threshold(asset, interval_us)
        self._sigma_e12 = diffusion_sigma_e12(asset, interval_us)
        self._leap_e12 = with_jump_e12(self._sigma_e12, asset)
        self._drift_e12 = still_drift_e12(step_sigma_e12(asset.volatility, interval_us))
        self.log_e12 = 0

    def advance(self, shock: float, bits: int) -> None:
        """Move on by one step."""
        sigma_e12 = self._leap_e12 if bits >> 32 < self._threshold else self._sigma_e12
        self.log_e12 += self._drift_e12 + round(shock * sigma_e12)


def jump_threshold(asset: AssetModel, interval_us: int) -> int:
    """Return below which value of the upper 32 bits of chance there is a jump in a step."""
    return round(asset.jumps_per_day * interval_us / DAY_US * _WORD)


def diffusion_sigma_e12(asset: AssetModel, interval_us: int) -> float:
    """Return the standard deviation of a step without a jump: what jumps leave of the volatility.

    Raises:
        InvalidInputError: the jumps alone are more volatile than the asset is to be.
    """
    sigma_e12 = step_sigma_e12(asset.volatility, interval_us)
    jump_e12 = asset.jump_deviation * E12
    rest = sigma_e12 * sigma_e12 - asset.jumps_per_day * interval_us / DAY_US * jump_e12 * jump_e12
    if rest < 0:
        raise InvalidInputError(
            f"{asset.asset}: {asset.jumps_per_day} jumps a day of {asset.jump_deviation} found;"
            f" jumps within the volatility {asset.volatility} are allowed"
        )
    return math.sqrt(rest)


def with_jump_e12(sigma_e12: float, asset: AssetModel) -> float:
    """Return the standard deviation of a step with a jump."""
    jump_e12 = asset.jump_deviation * E12
    return math.sqrt(sigma_e12 * sigma_e12 + jump_e12 * jump_e12)
