"""What the portfolio is exposed to: delta, gross and net exposure, leverage, concentration.

Delta of an underlying is what is owned of it, wherever it is, and what derivatives add: a unit of a
linear perpetual moves with its underlying one for one (Hull, Options, Futures and Other
Derivatives, the chapter on the Greek letters). In USD it is worth what the underlying is.

Exposure follows the gross method of Regulation (EU) No 231/2013, Article 7: the sum of the absolute
values of all positions, derivatives as the equivalent position in their underlying, nothing netted
between instruments, cash in the base currency left out; a stablecoin is not cash in the base
currency, so it counts. Leverage is exposure divided by net asset value, Article 6, which is our
equity.

Concentration of an underlying is its delta in USD as a share of the equity, not of the gross
exposure: the question is how much of the firm's capital hangs on one price. Leverage raises that
share and cash lowers it, while the share of a gross exposure would stay as it is if every position
were doubled. Spot and perpetual of one underlying net, since one price moves both.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.units import E8

ASSETS_EXPOSED: Final = tuple(MARKED_BY.values())
"""The underlyings: every asset that has a price in USD."""
_NO_EQUITY_E8: Final = 10**6 * E8
"""A ratio to an equity that is gone: beyond every limit."""


class Exposures(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All exposures of one moment; amounts in USD unless their name says otherwise."""

    valued: bool
    """Whether every asset that is held has a mark; before, a share of the equity says nothing."""
    deltas_e8: Mapping[str, int]
    """By underlying, in its own units; negative when short."""
    deltas_usd_e8: Mapping[str, int]
    instruments_usd_e8: Mapping[str, int]
    """By instrument: an asset that is owned counts for the one that marks it."""
    gross_e8: int
    equity_e8: int
    profit_e16: int
    """What the equity has gained beyond deposits, in USD."""

    @property
    def net_e8(self) -> int:
        """All deltas added up, those of short positions taken off."""
        return sum(self.deltas_usd_e8.values())

    def leverage_e8(self) -> int:
        """Return gross exposure divided by equity, a ratio; 0 before all is valued."""
        return self._ratio_e8(self.gross_e8)

    def concentration_e8(self, asset: str) -> int:
        """Return the delta of an underlying as a share of the equity; 0 before all is valued."""
        return self._ratio_e8(abs(self.deltas_usd_e8.get(asset, 0)))

    def delta_total_e8(self) -> int:
        """Return the sum of all deltas in USD without their signs: none offsets another."""
        return sum(map(abs, self.deltas_usd_e8.values()))

    def _ratio_e8(self, amount_e8: int) -> int:
        if not amount_e8 or not self.valued:
            return 0
        return amount_e8 * E8 // self.equity_e8 if self.equity_e8 > 0 else _NO_EQUITY_E8


class Held(msgspec.Struct, frozen=True, gc=False):
    """What is held of one instrument, or of the asset it marks; its mark is that of the asset."""

    symbol: str
    asset: str
    quantity_e8: int
    gross_e8: int
    """Long and short added up."""


class Positions(msgspec.Struct, frozen=True, gc=False):
    """What is held while no position changes."""

    revision: int
    held: Sequence[Held]
    deltas_e8: Mapping[str, int]
    valued: bool


class Exposure:
    """Computes the exposures of a portfolio, only when somebody asks."""

    __slots__ = (
        "_judged",
        "_judged_deposits_e16",
        "_judged_equity_e16",
        "_judged_positions",
        "_judged_revision",
        "_portfolio",
        "_positions",
        "_revision",
        "_told",
        "judged_marks_e8",
    )

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._revision = self._judged_revision = -1
        self._told: Exposures | None = None
        self._judged: Exposures | None = None
        self._positions = self._judged_positions = Positions(-1, (), {}, True)
        self.judged_marks_e8: Mapping[str, int] = {}
        """The marks by which `judged` is measured."""
        self._judged_equity_e16 = self._judged_deposits_e16 = 0

    def now(self) -> Exposures:
        """Return the exposures as the portfolio stands; what has no mark counts as nothing."""
        portfolio = self._portfolio
        if self._told is None or self._revision != portfolio.revision:
            self._told = _measured(
                self.positions(), portfolio.marks_e8, portfolio.equity_e16, portfolio.deposits_e16
            )
            self._revision = portfolio.revision
        return self._told

    def settle(self) -> None:
        """Keep the portfolio as it stands, where it has changed, for `judged` to measure."""
        portfolio = self._portfolio
        if self._judged_revision != portfolio.revision:
            self._judged_revision, self._judged = portfolio.revision, None
            self._judged_positions = self.positions()
            self.judged_marks_e8 = portfolio.marks_e8.copy()
            self._judged_equity_e16 = portfolio.equity_e16
            self._judged_deposits_e16 = portfolio.deposits_e16

    def judged(self) -> Exposures:
        """Return the exposures as they were when last settled; none before."""
        if self._judged is None:
            self._judged = _measured(
                self._judged_positions,
                self.judged_marks_e8,
                self._judged_equity_e16,
                self._judged_deposits_e16,
            )
        return self._judged

    def positions(self) -> Positions:
        """Return what is held, the same object while no position changes."""
        revision = self._portfolio.positions_revision
        if self._positions.revision != revision:
            self._positions = self._hold(revision)
        return self._positions

    def delta_e8(self, asset: str) -> int:
        """Return the delta of one underlying in its own units."""
        portfolio = self._portfolio
        derived_e8 = portfolio.derivatives.deltas_e8.get(asset, 0)
        return portfolio.positions_e8.get(asset, 0) + derived_e8

    def _hold(self, revision: int) -> Positions:
        portfolio, derivatives = self._portfolio, self._portfolio.derivatives
        held = [
            Held(symbol, asset, held_e8, abs(held_e8))
            for symbol, asset in MARKED_BY.items()
            if (held_e8 := portfolio.positions_e8.get(asset, 0))
        ]
        valued = all(one.asset in portfolio.marks_e8 for one in held)
        held += [
            Held(symbol, UNDERLYINGS[symbol], quantity_e8, derivatives.gross_e8[symbol])
            for symbol, quantity_e8 in derivatives.quantities_e8.items()
        ]
        deltas_e8 = {asset: self.delta_e8(asset) for asset in ASSETS_EXPOSED}
        return Positions(revision, held, deltas_e8, valued)


def _measured(
    positions: Positions, marks_e8: Mapping[str, int], equity_e16: int, deposits_e16: int
) -> Exposures:
    gross_e16 = 0
    instruments_e8: dict[str, int] = {}
    for one in positions.held:
        mark_e8 = marks_e8.get(one.asset, 0)
        instruments_e8[one.symbol] = one.quantity_e8 * mark_e8 // E8
        gross_e16 += one.gross_e8 * mark_e8
    return Exposures(
        valued=positions.valued,
        deltas_e8=positions.deltas_e8,
        deltas_usd_e8={
            asset: delta_e8 * marks_e8.get(asset, 0) // E8
            for asset, delta_e8 in positions.deltas_e8.items()
        },
        instruments_usd_e8=instruments_e8,
        gross_e8=gross_e16 // E8,
        equity_e8=equity_e16 // E8,
        profit_e16=equity_e16 - deposits_e16,
    )
