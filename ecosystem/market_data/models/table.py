"""The default market: which model each asset follows, with which parameters, and how correlated.

Calibrated for quiet days: years of 50 % and 65 % volatility, three moods, and six small jumps a
day make tails as fat as real ones (excess kurtosis of minutes about 3, of seconds above 10), while
a move of 1.8 % within five minutes, where severe alerts begin, is a matter of years.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.market_data.models import brownian, jumping, reverting, switching
from ecosystem.market_data.models.contract import AssetModel, PriceModel, Regime
from ecosystem.market_data.models.correlation import Correlations
from ecosystem.units import MINUTE_US

MODELS: Final[Mapping[str, Callable[[AssetModel, int], PriceModel]]] = MappingProxyType(
    {
        brownian.NAME: brownian.Brownian,
        reverting.NAME: reverting.Reverting,
        jumping.NAME: jumping.Jumping,
        switching.NAME: switching.Switching,
    }
)
"""Every model by name; each is made of a row of the table and the length of a step."""

BASIS: Final = "BASIS"
"""The premium of the perpetual over the spot price, which has a model like an asset."""

MOODS: Final = (
    Regime(weight=0.6, mean_us=60 * MINUTE_US),
    Regime(weight=1.0, mean_us=30 * MINUTE_US),
    Regime(weight=1.6, mean_us=15 * MINUTE_US),
)
"""Calm, ordinary and busy; four ninths, four ninths and one ninth of the time."""

ASSETS: Final = (
    AssetModel(
        asset="BTC",
        model=switching.NAME,
        volatility=0.50,
        jumps_per_day=6,
        jump_deviation=0.002,
        regimes=MOODS,
    ),
    AssetModel(
        asset="ETH",
        model=switching.NAME,
        volatility=0.65,
        jumps_per_day=6,
        jump_deviation=0.0025,
        regimes=MOODS,
    ),
    AssetModel(asset="USDT", model=reverting.NAME, deviation=0.000_15, reversion_us=20 * MINUTE_US),
    AssetModel(asset=BASIS, model=reverting.NAME, deviation=0.000_2, reversion_us=20 * MINUTE_US),
)
"""The four paths all seven instruments are made of; the dollar is what they are priced in."""

CORRELATIONS: Final[Correlations] = MappingProxyType(
    {("BTC", "ETH"): 0.70, ("BTC", BASIS): 0.15, ("ETH", BASIS): 0.10}
)
"""Of the steps."""
