"""What every model of an asset's price is given, and what it must tell."""

import math
from typing import Final, Protocol

import msgspec

from ecosystem.market_data.arithmetic import E12
from ecosystem.units import DAY_US

_YEAR_US: Final = 365 * DAY_US


class Regime(msgspec.Struct, frozen=True):
    """A state of the market: how volatile it is, relative to others, and how long it lasts."""

    weight: float
    mean_us: int
    """Mean time until the market leaves for a neighbouring regime."""


class AssetModel(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: an asset, the model of its price, and the parameters of that model."""

    asset: str
    model: str
    volatility: float = 0.0
    """Standard deviation of a year's log return, jumps and regimes included."""
    jumps_per_day: float = 0.0
    jump_deviation: float = 0.0
    """Standard deviation of the log return of one jump."""
    regimes: tuple[Regime, ...] = ()
    """From the calmest to the wildest."""
    deviation: float = 0.0
    """Stationary standard deviation of a path that reverts to its mean."""
    reversion_us: int = 0
    """Time in which a path that reverts forgets all but 1/e of a deviation."""


class PriceModel(Protocol):
    """The log price of one asset, one step after the other, from 0 at step 0."""

    log_e12: int

    def advance(self, shock: float, bits: int) -> None:
        """Move on by one step.

        Args:
            shock: a standard normal draw, correlated with those of the other assets.
            bits: 64 bits of chance that all assets share: what hits them hits them together.
        """
        ...


def step_sigma_e12(volatility: float, interval_us: int) -> float:
    """Return the standard deviation of one step of a path with this yearly volatility."""
    return volatility * math.sqrt(interval_us / _YEAR_US) * E12


def still_drift_e12(sigma_e12: float) -> int:
    """Return the drift that makes the expected price, not the expected logarithm, stand still."""
    return round(-sigma_e12 * sigma_e12 / E12 / 2)
