"""Records against the venue's word: what is in flight, what is a discrepancy, what is done."""

import pytest

from ecosystem.custodian.machine import Custodian
from ecosystem.custodian.reconciling import resolution_of
from ecosystem.events.settlements import ReconciliationCompleted
from ecosystem.units import E8, MINUTE_US
from tests.ecosystem.custodian.custody import (
    MOMENTUM,
    NOON_US,
    OKX,
    deposit,
    opened,
    run_until,
    stated,
)
from tests.ecosystem.custodian.fills import fill

LATER_US = NOON_US + MINUTE_US


def reconciled(custodian: Custodian, asset: str, until_us: int) -> list[ReconciliationCompleted]:
    """Return the comparisons of an asset at the first venue up to a moment."""
    return [
        fact
        for fact in run_until(custodian, until_us)
        if isinstance(fact, ReconciliationCompleted) and (fact.venue, fact.asset) == (OKX, asset)
    ]


def unexplained(custodian: Custodian, total: str) -> None:
    """Let the venue state a total that nothing explains."""
    event = stated(MOMENTUM, "USD", (total, 0), reason="UNLOCK", at_us=LATER_US)
    custodian.handle(event, LATER_US)


@pytest.mark.parametrize(
    ("usd_e8", "matches", "resolution"),
    [
        (0, True, "MATCHED"),
        (0, False, "AUTO_RESOLVED"),
        (100 * E8 - 1, False, "AUTO_RESOLVED"),
        (100 * E8, False, "RESOLVED_WITH_NOTE"),
        (1_000 * E8, False, "RESOLVED_WITH_NOTE"),
        (1_000 * E8 + 1, False, "UNDER_REVIEW"),
    ],
)
def test_the_worth_of_a_discrepancy_decides(usd_e8: int, matches: bool, resolution: str) -> None:
    assert resolution_of(usd_e8, matches) == resolution


@pytest.mark.parametrize(
    ("total", "resolution", "note"),
    [
        ("5050", "AUTO_RESOLVED", ""),
        ("4500", "RESOLVED_WITH_NOTE", "500.00000000 USD less at the venue than recorded"),
    ],
)
def test_a_resolved_discrepancy_is_told_once_and_then_matches(
    total: str, resolution: str, note: str
) -> None:
    custodian = opened()
    deposit(custodian, "5000")
    unexplained(custodian, total)
    found = reconciled(custodian, "USD", NOON_US + 20 * MINUTE_US)
    assert [one.resolution for one in found] == [resolution, "MATCHED", "MATCHED", "MATCHED"]
    assert found[0].note.startswith(note)
    assert found[0].discrepancy_e8 == found[0].venue_total_e8 - found[0].custodian_total_e8
    assert found[0].reconciliation_sequence + 1 == found[1].reconciliation_sequence


def test_a_large_discrepancy_stays_under_review_until_it_is_gone() -> None:
    custodian = opened()
    deposit(custodian, "5000")
    unexplained(custodian, "3500")
    found = reconciled(custodian, "USD", NOON_US + 10 * MINUTE_US)
    assert [one.resolution for one in found] == ["UNDER_REVIEW"] * 2
    assert {one.discrepancy_usd_e8 for one in found} == {1_500 * E8}
    unexplained(custodian, "5000")
    (last,) = reconciled(custodian, "USD", NOON_US + 15 * MINUTE_US)
    assert last.resolution == "MATCHED"


@pytest.mark.parametrize("fill_first", [True, False])
def test_an_execution_and_its_change_of_balance_match_whichever_comes_first(
    fill_first: bool,
) -> None:
    custodian = opened()
    deposit(custodian, "5000")
    at_us = NOON_US + 5 * MINUTE_US - 1_000
    bought = fill("BUY", "1", "100", fee="1", at_us=at_us)
    words = [
        stated(
            MOMENTUM,
            asset,
            (available, 0),
            change=change,
            reason="TRADE",
            reference_id=bought.trade_id,
            at_us=at_us,
        )
        for asset, available, change in (("BTC", "1", "1"), ("USD", "4899", "-101"))
    ]
    first, second = ([bought], words) if fill_first else (words, [bought])
    for event in first:
        custodian.handle(event, at_us)
    # One side knows and the other does not yet: in flight.
    (between,) = reconciled(custodian, "USD", NOON_US + 5 * MINUTE_US)
    assert between.resolution == "MATCHED"
    for event in second:
        custodian.handle(event, NOON_US + 5 * MINUTE_US + 1_000)
    after = reconciled(custodian, "USD", NOON_US + 15 * MINUTE_US)
    assert [one.resolution for one in after] == ["MATCHED"] * 2
    assert after[-1].venue_total_e8 == 4_899 * E8


def test_an_execution_the_venue_never_books_becomes_a_discrepancy() -> None:
    custodian = opened()
    deposit(custodian, "5000")
    custodian.handle(fill("BUY", "1", "1500", at_us=LATER_US), LATER_US)
    found = reconciled(custodian, "USD", NOON_US + 5 * MINUTE_US)
    assert [one.resolution for one in found] == ["UNDER_REVIEW"]
    assert found[0].discrepancy_e8 == 1_500 * E8
