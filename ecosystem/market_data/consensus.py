"""One price of several sources: who is fresh, who is an outlier, and what the others agree on.

Outliers are told by the median and the median absolute deviation (MAD), not by mean and standard
deviation: of n numbers none can lie more than (n - 1) / sqrt(n) population standard deviations
from their mean (Shiffler: Maximum Z scores and outliers, The American Statistician 42, 1988),
which is 1.15 for three sources, so that a liar among three is never "beyond 2 sigma". The MAD
scaled to a standard deviation tells it at once (Iglewicz, Hoaglin: How to detect and handle
outliers, 1993). Two sources that differ cannot be told apart; then nobody is believed.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.source import SourcePrice
from ecosystem.units import E8, SECOND_US

SIGMAS: Final = 2
MAD_TO_SIGMA_E4: Final = 14_826
"""The standard deviation of a normal distribution in terms of its MAD, scaled by 1e4."""


class SourceQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one source says of one instrument."""

    source: str
    seen_at_us: int
    """When it was true: the source's own time, or that of its arrival if it has none."""
    bid_price_e8: int
    ask_price_e8: int
    last_price_e8: int | None = None

    @property
    def mid_price_e8(self) -> int:
        """The middle between bid and ask, scaled by 1e8."""
        return (self.bid_price_e8 + self.ask_price_e8) // 2


class ConsensusTerms(msgspec.Struct, frozen=True, kw_only=True):
    """When sources count, and when they agree."""

    weights: Mapping[str, int]
    """Of each source; the heavier, the more its price counts."""
    stale_us: int = 30 * SECOND_US
    sources_min: int = 2
    """Sources that must agree."""
    agree_within_e8: int = E8 // 100
    """The greatest distance between sources that agree, as a fraction of the price."""
    tolerance_e8: int = 5 * E8 // 10_000
    """A source this near to the median is no outlier, however close the others are to it."""

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0:
            raise InvalidInputError(f"weights {dict(self.weights)}: numbers above 0 are allowed")
        if not 1 <= self.sources_min <= len(self.weights):
            raise InvalidInputError(
                f"sources_min {self.sources_min}; 1 to {len(self.weights)}, the sources, is allowed"
            )


class Consensus(msgspec.Struct, frozen=True, kw_only=True):
    """What the sources agree on, and who had no part in it."""

    price: SourcePrice | None
    """None when they do not agree, or too few of them speak."""
    agreeing: tuple[str, ...]
    outliers: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    """Older than allowed, or from the future by as much."""
    silent: tuple[str, ...] = ()
    """Have said nothing yet."""
    wrong: tuple[str, ...] = ()
    """Said what no market is: prices of nothing or less, or a bid above the ask."""

    @property
    def unanimous(self) -> bool:
        """Whether every source took part."""
        return not (self.outliers or self.stale or self.silent or self.wrong)


def consensus(quotes: Sequence[SourceQuote], now_us: int, terms: ConsensusTerms) -> Consensus:
    """Return what sources agree on at `now_us`, each of them with its latest quote or none.

    The price is the mean of bid and of ask over those that agree, by weight; the last trade is
    that of the heaviest of them. Neither the order of the quotes nor the scale of the weights
    makes a difference.
    """
    spoken = {quote.source: quote for quote in quotes if quote.source in terms.weights}
    wrong = {name for name, quote in spoken.items() if not _possible(quote)}
    stale = {
        name
        for name, quote in spoken.items()
        if name not in wrong and abs(now_us - quote.seen_at_us) > terms.stale_us
    }
    fresh = {
        name: quote for name, quote in spoken.items() if name not in wrong and name not in stale
    }
    outliers = _outliers({name: quote.mid_price_e8 for name, quote in fresh.items()}, terms)
    agreeing = {name: quote for name, quote in fresh.items() if name not in outliers}
    return Consensus(
        price=_agreed(agreeing, terms),
        agreeing=_ordered(agreeing, terms),
        outliers=_ordered(outliers, terms),
        stale=_ordered(stale, terms),
        silent=_ordered(set(terms.weights) - set(spoken), terms),
        wrong=_ordered(wrong, terms),
    )


def _possible(quote: SourceQuote) -> bool:
    last_e8 = quote.last_price_e8
    return 0 < quote.bid_price_e8 <= quote.ask_price_e8 and (last_e8 is None or last_e8 > 0)


def _outliers(mids_e8: Mapping[str, int], terms: ConsensusTerms) -> set[str]:
    if len(mids_e8) < 3:
        return set()
    median_e8 = _median(list(mids_e8.values()))
    mad_e8 = _median([abs(mid_e8 - median_e8) for mid_e8 in mids_e8.values()])
    limit_e8 = max(
        SIGMAS * mad_e8 * MAD_TO_SIGMA_E4 // 10_000, median_e8 * terms.tolerance_e8 // E8
    )
    return {name for name, mid_e8 in mids_e8.items() if abs(mid_e8 - median_e8) > limit_e8}


def _agreed(agreeing: Mapping[str, SourceQuote], terms: ConsensusTerms) -> SourcePrice | None:
    if len(agreeing) < terms.sources_min:
        return None
    mids_e8 = [quote.mid_price_e8 for quote in agreeing.values()]
    if max(mids_e8) - min(mids_e8) > min(mids_e8) * terms.agree_within_e8 // E8:
        return None
    weights = {name: terms.weights[name] for name in agreeing}
    total = sum(weights.values())
    bid_e8 = sum(quote.bid_price_e8 * weights[name] for name, quote in agreeing.items()) // total
    ask_e8 = sum(quote.ask_price_e8 * weights[name] for name, quote in agreeing.items()) // total
    heaviest = min(agreeing, key=lambda name: (-weights[name], name))
    return SourcePrice(
        mid_price_e8=(bid_e8 + ask_e8) // 2,
        spread_e8=ask_e8 - bid_e8,
        last_price_e8=agreeing[heaviest].last_price_e8,
    )


def _median(values: list[int]) -> int:
    values = sorted(values)
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) // 2


def _ordered(names: Collection[str], terms: ConsensusTerms) -> tuple[str, ...]:
    return tuple(name for name in sorted(terms.weights) if name in names)
