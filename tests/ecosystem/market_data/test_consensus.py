"""Consensus: one price of several sources, and nobody believed who should not be."""

import random
from math import sqrt
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.consensus import (
    Consensus,
    ConsensusTerms,
    SourceQuote,
    consensus,
)
from ecosystem.units import E8, SECOND_US

NOW_US = 1_767_571_200 * SECOND_US


def quote(source: str, mid: float, *, age_s: float = 0, spread: float = 2.0) -> SourceQuote:
    return SourceQuote(
        source=source,
        seen_at_us=NOW_US - round(age_s * SECOND_US),
        bid_price_e8=round((mid - spread / 2) * E8),
        ask_price_e8=round((mid + spread / 2) * E8),
        last_price_e8=round(mid * E8),
    )


def agreed(*quotes: SourceQuote, sources_min: int = 2, **weights: int) -> Consensus:
    terms = ConsensusTerms(weights=weights or {"a": 1, "b": 1, "c": 1}, sources_min=sources_min)
    return consensus(quotes, NOW_US, terms)


def test_sources_that_agree_make_the_mean_by_weight_and_the_heaviest_tells_the_last_trade() -> None:
    found = agreed(quote("a", 60_000), quote("b", 60_006), quote("c", 60_012), a=1, b=1, c=4)
    assert found.unanimous
    assert found.price is not None
    assert found.price.mid_price_e8 == 60_009 * E8
    assert found.price.spread_e8 == 2 * E8
    assert found.price.last_price_e8 == 60_012 * E8


def test_a_liar_among_three_is_dropped_though_it_cannot_be_beyond_two_sigma() -> None:
    mids = [60_000.0, 60_003.0, 66_000.0]
    assert abs(mids[2] - fmean(mids)) / pstdev(mids) < sqrt(2) + 1e-9 < 2
    found = agreed(*(quote(name, mid) for name, mid in zip("abc", mids, strict=True)))
    assert (found.agreeing, found.outliers) == (("a", "b"), ("c",))
    assert found.price is not None
    assert found.price.mid_price_e8 == 60_001_50_000_000


def test_of_two_that_differ_neither_is_believed() -> None:
    found = agreed(quote("a", 60_000), quote("b", 66_000))
    assert found.price is None
    assert found.silent == ("c",)


def test_two_camps_of_two_agree_on_nothing() -> None:
    mids = {"a": 60_000, "b": 60_001, "c": 66_000, "d": 66_001}
    quotes = [quote(name, mid) for name, mid in mids.items()]
    found = agreed(*quotes, a=1, b=1, c=1, d=1)
    assert found.price is None


def test_when_a_source_dies_the_others_go_on_until_too_few_are_left() -> None:
    found = agreed(quote("a", 60_000), quote("b", 60_001), quote("c", 60_000, age_s=31))
    assert found.stale == ("c",)
    assert found.price is not None
    alone = agreed(quote("a", 60_000), quote("b", 60_001, age_s=31), quote("c", 1, age_s=90))
    assert alone.price is None
    content = agreed(quote("a", 60_000), sources_min=1)
    assert content.price is not None


@pytest.mark.parametrize(("age_s", "stale"), [(30, False), (30.1, True), (-30, False), (-31, True)])
def test_a_quote_of_the_future_is_as_doubtful_as_an_old_one(age_s: float, stale: bool) -> None:
    found = agreed(quote("a", 100), quote("b", 100, age_s=age_s), quote("c", 100))
    assert (found.stale == ("b",)) == stale


def test_what_no_market_says_makes_no_sense() -> None:
    crossed = quote("a", 60_000, spread=-2)
    nothing = quote("b", 0, spread=0)
    found = agreed(crossed, nothing, quote("c", 60_000))
    assert found.wrong == ("a", "b")
    assert found.price is None


def test_a_source_nobody_asked_is_not_heard() -> None:
    found = agreed(quote("a", 100), quote("b", 100), quote("x", 500), quote("y", 500))
    assert found.price is not None
    assert found.price.mid_price_e8 == 100 * E8


@pytest.mark.parametrize(
    ("weights", "sources_min"), [({}, 1), ({"a": 0}, 1), ({"a": 1}, 2), ({"a": 1}, 0)]
)
def test_terms_that_nobody_can_meet_are_refused(weights: dict[str, int], sources_min: int) -> None:
    with pytest.raises(InvalidInputError, match="allowed"):
        ConsensusTerms(weights=weights, sources_min=sources_min)


QUOTES = st.lists(
    st.builds(
        quote,
        st.sampled_from("abcde"),
        st.floats(0.5, 2.0),
        age_s=st.sampled_from([0, 10, 40]),
        spread=st.sampled_from([0.0, 0.001, -0.1]),
    ),
    max_size=5,
    unique_by=lambda one: one.source,
)


@given(quotes=QUOTES, scale=st.integers(2, 9), chance=st.randoms(use_true_random=False))
def test_every_source_has_one_part_and_neither_order_nor_scale_of_weights_matters(
    quotes: list[SourceQuote], scale: int, chance: random.Random
) -> None:
    weights = {"a": 5, "b": 4, "c": 3, "d": 2, "e": 1}
    found = consensus(quotes, NOW_US, ConsensusTerms(weights=weights))
    parts = [*found.agreeing, *found.outliers, *found.stale, *found.silent, *found.wrong]
    assert sorted(parts) == list("abcde")
    shuffled = list(quotes)
    chance.shuffle(shuffled)
    scaled = {name: scale * weight for name, weight in weights.items()}
    again = consensus(shuffled, NOW_US, ConsensusTerms(weights=scaled))
    assert again == found
    if found.price is not None:
        kept = [one for one in quotes if one.source in found.agreeing]
        assert len(kept) >= 2
        mid_e8 = found.price.mid_price_e8
        assert min(one.mid_price_e8 for one in kept) - 1 <= mid_e8
        assert mid_e8 <= max(one.mid_price_e8 for one in kept) + 1
        assert found.price.spread_e8 is not None
        assert found.price.spread_e8 >= 0
