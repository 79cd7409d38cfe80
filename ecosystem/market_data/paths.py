"""The prices nobody has touched: the random paths all seven instruments follow.

Four paths drive everything: the dollar prices of bitcoin, ether and tether, and the basis of the
perpetual. Bitcoin and ether are geometric Brownian motions with correlated steps (Black, Scholes,
1973); tether and the basis revert to their mean (Ornstein, Uhlenbeck, 1930). The crosses are
quotients of these four, so no riskless round trip through three instruments exists.

A path is a running sum of integers, its n-th step a pure function of the seed and n. So it can be
computed again from nothing, exactly: no recorded tick is needed, none is rounded twice, and a
restart costs a few microseconds for each step lived, about a second for three days of seconds.
"""

import math
from collections.abc import Sequence
from typing import Final

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.source import SourcePrice
from ecosystem.rng import Stream
from ecosystem.units import DAY_US, MINUTE_US

E12: Final = 1_000_000_000_000
"""Logarithms of prices are integers scaled by 1e12."""

BTC_VOLATILITY: Final = 0.60
ETH_VOLATILITY: Final = 0.75
"""Standard deviations of a year's log return."""
CORRELATION: Final = 0.70
"""Between the steps of bitcoin and ether."""
TETHER_DEVIATION: Final = 0.000_15
BASIS_DEVIATION: Final = 0.000_2
"""Stationary standard deviations of the two paths that revert to their mean."""
REVERSION_US: Final = 20 * MINUTE_US
"""Time in which a path that reverts forgets all but 1/e of a deviation."""

_YEAR_US: Final = 365 * DAY_US


def exp_e12(reference_e8: int, log_e12: int) -> int:
    """Return `reference_e8` moved by a log return, rounded to the nearest integer."""
    return round(reference_e8 * math.exp(log_e12 / E12))


def step_sigma_e12(volatility: float, interval_us: int) -> float:
    """Return the standard deviation of one step of a path with this yearly volatility."""
    return volatility * math.sqrt(interval_us / _YEAR_US) * E12


class PricePaths:
    """The log prices after some number of steps; at step 0 all stand at their reference."""

    __slots__ = (
        "_basis_sigma",
        "_btc_drift",
        "_btc_sigma",
        "_draws",
        "_eth_drift",
        "_eth_sigma",
        "_reversion_steps",
        "_tether_sigma",
        "basis_e12",
        "btc_e12",
        "eth_e12",
        "step",
        "tether_e12",
    )

    def __init__(self, seed: int, interval_us: int) -> None:
        names = ("bitcoin", "ether", "tether", "basis")
        self._draws = tuple(Stream(seed, "market-data", "path", name) for name in names)
        self._btc_sigma = step_sigma_e12(BTC_VOLATILITY, interval_us)
        self._eth_sigma = step_sigma_e12(ETH_VOLATILITY, interval_us)
        # The drift that makes the expected price, not the expected logarithm, stand still.
        self._btc_drift = round(-self._btc_sigma * self._btc_sigma / E12 / 2)
        self._eth_drift = round(-self._eth_sigma * self._eth_sigma / E12 / 2)
        self._reversion_steps = max(1, REVERSION_US // interval_us)
        spread = math.sqrt(2 / self._reversion_steps) * E12
        self._tether_sigma = TETHER_DEVIATION * spread
        self._basis_sigma = BASIS_DEVIATION * spread
        self.step = 0
        self.btc_e12 = self.eth_e12 = self.tether_e12 = self.basis_e12 = 0

    def advance_to(self, step: int) -> None:
        """Move on to `step`; the state depends on the step alone, not on the calls before."""
        bitcoin, ether, tether, basis = self._draws
        own = math.sqrt(1 - CORRELATION * CORRELATION)
        reversion = self._reversion_steps
        for number in range(self.step + 1, step + 1):
            common = bitcoin.normal(number)
            z_eth = CORRELATION * common + own * ether.normal(number)
            self.btc_e12 += self._btc_drift + round(common * self._btc_sigma)
            self.eth_e12 += self._eth_drift + round(z_eth * self._eth_sigma)
            self.tether_e12 += round(tether.normal(number) * self._tether_sigma) - (
                self.tether_e12 // reversion
            )
            self.basis_e12 += round(basis.normal(number) * self._basis_sigma) - (
                self.basis_e12 // reversion
            )
        self.step = max(self.step, step)

    def prices(self, step: int) -> Sequence[SourcePrice]:
        """Return the seven mid prices at `step`; spreads and volumes are not the paths' to know."""
        if step < self.step:
            self.step = 0
            self.btc_e12 = self.eth_e12 = self.tether_e12 = self.basis_e12 = 0
        self.advance_to(step)
        mids = mid_prices_e8(self.btc_e12, self.eth_e12, self.tether_e12, self.basis_e12)
        return [SourcePrice(mid_e8) for mid_e8 in mids]


def moved_price(price: SourcePrice, log_e12: int) -> SourcePrice:
    """Return a price moved by a log return."""
    mid_e8 = exp_e12(price.mid_price_e8, log_e12)
    last_e8 = price.last_price_e8
    return SourcePrice(
        mid_e8,
        price.spread_e8,
        price.volume_e8,
        None if last_e8 is None else exp_e12(last_e8, log_e12),
        price.bid_quantity_e8,
        price.ask_quantity_e8,
    )


_BTC_E8: Final = INSTRUMENTS["BTC-USD"].reference_price_e8
_ETH_E8: Final = INSTRUMENTS["ETH-USD"].reference_price_e8
_USDT_E8: Final = INSTRUMENTS["USDT-USD"].reference_price_e8


def mid_prices_e8(
    btc_e12: int, eth_e12: int, tether_e12: int, basis_e12: int
) -> tuple[int, int, int, int, int, int, int]:
    """Return the mid prices of the seven instruments, in the order of `INSTRUMENTS`."""
    btc_e8 = exp_e12(_BTC_E8, btc_e12)
    eth_e8 = exp_e12(_ETH_E8, eth_e12)
    tether_e8 = exp_e12(_USDT_E8, tether_e12)
    return (
        btc_e8,
        eth_e8,
        tether_e8,
        btc_e8 * 100_000_000 // tether_e8,
        eth_e8 * 100_000_000 // tether_e8,
        eth_e8 * 100_000_000 // btc_e8,
        exp_e12(btc_e8, basis_e12),
    )
