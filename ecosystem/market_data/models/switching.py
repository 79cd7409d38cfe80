"""Regimes of volatility: a Markov chain of moods (Hamilton, 1989), with Merton's jumps on top.

Calm and wild times alternate, so large returns follow large ones, and their sizes stay correlated
for as long as regimes last: hours. The chain moves between neighbours and reads the chance that
all assets share, so assets with the same regimes are in the same mood, and their correlation is
that of their shocks. The weights are scaled so that the volatility over a long time is as asked.
"""

from collections.abc import Sequence
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.models.contract import (
    AssetModel,
    Regime,
    step_sigma_e12,
    still_drift_e12,
)
from ecosystem.market_data.models.jumping import diffusion_sigma_e12, jump_threshold, with_jump_e12

NAME: Final = "switching"

_WORD: Final = 1 << 32


class Switching:
    """A path whose volatility has moods; it begins in the middle one."""

    __slots__ = ("_drift_e12", "_jump", "_leaps_e12", "_moves", "_regime", "_sigmas_e12", "log_e12")

    def __init__(self, asset: AssetModel, interval_us: int) -> None:
        if not asset.regimes:
            raise InvalidInputError(f"{asset.asset}: no regimes found; at least one is allowed")
        shares = shares_of_time(asset.regimes)
        square = sum(s * r.weight * r.weight for s, r in zip(shares, asset.regimes, strict=True))
        sigma_e12 = diffusion_sigma_e12(asset, interval_us) / square**0.5
        self._sigmas_e12 = [sigma_e12 * regime.weight for regime in asset.regimes]
        self._leaps_e12 = [with_jump_e12(sigma, asset) for sigma in self._sigmas_e12]
        self._drift_e12 = still_drift_e12(step_sigma_e12(asset.volatility, interval_us))
        self._jump = jump_threshold(asset, interval_us)
        self._moves = _moves(asset.regimes, interval_us)
        self._regime = len(asset.regimes) // 2
        self.log_e12 = 0

    def advance(self, shock: float, bits: int) -> None:
        """Move on by one step."""
        regime = self._regime
        sigmas_e12 = self._leaps_e12 if bits >> 32 < self._jump else self._sigmas_e12
        self.log_e12 += self._drift_e12 + round(shock * sigmas_e12[regime])
        calmer, either = self._moves[regime]
        word = bits & 0xFFFF_FFFF
        if word < either:
            self._regime = regime - 1 if word < calmer else regime + 1


def shares_of_time(regimes: Sequence[Regime]) -> list[float]:
    """Return the share of time the market spends in each regime, in the long run."""
    shares = [1.0]
    for at in range(1, len(regimes)):
        # What goes up from a regime comes down to it again.
        up = _ways_out(at - 1, len(regimes)) / regimes[at - 1].mean_us
        down = _ways_out(at, len(regimes)) / regimes[at].mean_us
        shares.append(shares[-1] * up / down)
    total = sum(shares)
    return [share / total for share in shares]


def _ways_out(at: int, count: int) -> float:
    return 0.5 if 0 < at < count - 1 else 1.0


def _moves(regimes: Sequence[Regime], interval_us: int) -> list[tuple[int, int]]:
    last = len(regimes) - 1
    moves = []
    for at, regime in enumerate(regimes):
        leaves = min(_WORD, round(interval_us / regime.mean_us * _WORD)) if last else 0
        calmer = 0 if at == 0 else leaves if at == last else leaves // 2
        moves.append((calmer, leaves))
    return moves
