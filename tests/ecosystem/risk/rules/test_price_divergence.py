"""Price divergence: basis, triangles and venues, at each severity and over random paths."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.rules.price_divergence import (
    FRESH_US,
    KIND,
    RELATIONS,
    PriceDivergenceLimit,
)
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, deep_book, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LASTS_S, EVERY_S = 30, 10
MIDS_E8 = {
    "BTC-USD": 60_000 * E8,
    "ETH-USD": 3_000 * E8,
    "USDT-USD": E8,
    "BTC-USDT": 60_000 * E8,
    "ETH-USDT": 3_000 * E8,
    "ETH-BTC": E8 // 20,
    "BTC-USD-PERP": 60_000 * E8,
}
FIRST = {relation.subject: relation.factors[0] for relation in RELATIONS}


def rule(apart_e8: int = E8) -> Rig:
    limit = PriceDivergenceLimit(
        apart_e8=apart_e8, lasts_us=LASTS_S * SECOND_US, every_us=EVERY_S * SECOND_US
    )
    return Rig(KIND, limit)


def priced(seconds: float, instrument: str, mid_e8: int) -> PriceTicked:
    return tick(seconds, 0, instrument, bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)


def look(rig: Rig, seconds: int, mids_e8: dict[str, int], *others: Event) -> list[Finding]:
    """Let the prices be these, and the rule look."""
    rig.take(*(priced(seconds, *mid) for mid in mids_e8.items()), *others)
    return rig.wait(at(seconds))


def hold(rig: Rig, since_s: int, until_s: int, mids_e8: dict[str, int]) -> Sequence[Event]:
    told = [
        rig.book.decide(finding, clock(seconds, seconds))
        for seconds in range(since_s, until_s, EVERY_S)
        for finding in look(rig, seconds, mids_e8)
    ]
    return [event for event in told if event is not None]


def only(findings: Sequence[Finding], subject: str) -> Finding | None:
    assert all(finding.watch.subject == subject for finding in findings)
    assert len(findings) <= 1
    return findings[0] if findings else None


@LEVELS
@pytest.mark.parametrize("subject", FIRST)
def test_severity_of_what_is_apart(subject: str, share_e8: int, severity: str | None) -> None:
    # The second price is one, so that a unit of the first is a unit of the fraction.
    mids_e8 = dict.fromkeys(MIDS_E8, E8) | {FIRST[subject]: E8 + share_e8}
    divergence = rule()
    assert look(divergence, 0, mids_e8) == []
    finding = only(look(divergence, LASTS_S, mids_e8), subject)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = divergence.book.decide(finding, clock(LASTS_S, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == (KIND.name, subject)
        assert (alert.severity, alert.measured_e8) == (severity, share_e8)
        assert (alert.limit_e8, alert.unit) == (E8, "ratio")


@LEVELS
def test_severity_of_a_venue_apart_from_the_feed(share_e8: int, severity: str | None) -> None:
    divergence = rule(apart_e8=E8 // 4)
    apart_e8 = share_e8 // 4
    for seconds in (0, LASTS_S):
        quoted = deep_book(seconds, E8 + apart_e8, half_e8=0, instrument="ETH-USD", asks_e8=(E8,))
        findings = look(divergence, seconds, {"ETH-USD": E8}, quoted)
    finding = only(findings, "exchange-okx/ETH-USD")
    expected = severity_of(apart_e8 * 4)
    assert expected == severity or share_e8 % 4
    assert (finding is None) == (expected is None)
    if finding is not None:
        assert finding.measured_e8 == apart_e8
        assert finding.inputs[:2] == (quoted.event_id, priced(LASTS_S, "ETH-USD", 0).event_id)


def test_prices_that_belong_together_are_quiet_wherever_they_go() -> None:
    divergence = rule(apart_e8=E8 // 100)
    moved = {
        symbol: mid_e8 * 9 // 10 if symbol in ("BTC-USD", "BTC-USDT", "BTC-USD-PERP") else mid_e8
        for symbol, mid_e8 in MIDS_E8.items()
    } | {"ETH-BTC": E8 // 18}
    assert hold(divergence, 0, 100, MIDS_E8) == []
    assert hold(divergence, 100, 200, moved) == []


def test_a_premium_is_told_when_it_lasts_and_is_over_when_it_is_gone_as_long() -> None:
    divergence = rule(apart_e8=E8 // 100)
    apart = MIDS_E8 | {"BTC-USD-PERP": 60_900 * E8}
    assert hold(divergence, 0, 100, MIDS_E8) == []
    assert hold(divergence, 100, 130, apart) == []
    (raised,) = hold(divergence, 130, 200, apart)
    assert isinstance(raised, RiskAlertRaised)
    assert (raised.subject, raised.severity) == ("BTC-USD-PERP/BTC-USD", "CRITICAL")
    assert raised.event_time_us == at(130)
    assert raised.message == (
        "BTC-USD-PERP/BTC-USD has been 1.50 % above one for 30 s; the limit is 1.00 %"
    )
    assert hold(divergence, 200, 230, MIDS_E8) == []
    (over,) = hold(divergence, 230, 300, MIDS_E8)
    assert isinstance(over, RiskAlertResolved)


def test_a_single_print_is_not_told() -> None:
    divergence = rule(apart_e8=E8 // 100)
    assert hold(divergence, 0, 100, MIDS_E8) == []
    assert hold(divergence, 100, 110, MIDS_E8 | {"ETH-BTC": 5 * E8}) == []
    assert hold(divergence, 110, 200, MIDS_E8) == []


def test_a_depeg_moves_no_triangle_but_a_feed_that_errs_alone_does() -> None:
    divergence = rule(apart_e8=E8 // 100)
    depeg = {
        "USDT-USD": E8 * 95 // 100,
        "BTC-USDT": 60_000 * E8 * 100 // 95,
        "ETH-USDT": 3_000 * E8 * 100 // 95,
    }
    assert hold(divergence, 0, 100, MIDS_E8 | depeg) == []
    told = hold(divergence, 100, 200, MIDS_E8 | {"USDT-USD": E8 * 95 // 100})
    subjects = {alert.subject for alert in told if isinstance(alert, RiskAlertRaised)}
    assert subjects == {"BTC-USDT*USDT-USD/BTC-USD", "ETH-USDT*USDT-USD/ETH-USD"}


def test_all_prices_compared_are_named_the_first_of_them_first() -> None:
    divergence = rule(apart_e8=E8 // 100)
    apart = MIDS_E8 | {"ETH-BTC": E8 // 19}
    hold(divergence, 0, 30, apart)
    finding = only(look(divergence, 30, apart), "ETH-BTC*BTC-USD/ETH-USD")
    assert finding is not None
    legs = ("ETH-BTC", "BTC-USD", "ETH-USD")
    assert finding.inputs[:3] == tuple(priced(30, leg, 0).event_id for leg in legs)


@pytest.mark.parametrize("silent", ["BTC-USDT", "USDT-USD", "BTC-USD"])
def test_a_price_is_not_compared_with_one_that_is_old(silent: str) -> None:
    divergence = rule(apart_e8=E8 // 100)
    apart = MIDS_E8 | {"BTC-USDT": 61_000 * E8}
    old_s = FRESH_US // SECOND_US + 1
    look(divergence, 0, apart)
    spoken = {symbol: mid_e8 for symbol, mid_e8 in apart.items() if symbol != silent}
    found = look(divergence, old_s, spoken)
    assert "BTC-USDT*USDT-USD/BTC-USD" not in [one.watch.subject for one in found]
    assert only(look(divergence, old_s + EVERY_S, apart), "BTC-USDT*USDT-USD/BTC-USD") is not None


def test_a_book_with_an_empty_side_and_the_feeds_own_are_not_compared() -> None:
    divergence = rule(apart_e8=E8 // 100)
    for seconds in (0, 30, 60):
        empty = deep_book(seconds, 61_000 * E8, asks_e8=())
        fed = deep_book(seconds, 61_000 * E8, venue="market-data")
        assert look(divergence, seconds, {"BTC-USD": 60_000 * E8}, empty, fed) == []


@given(
    path=st.lists(
        st.tuples(st.integers(1, 3), st.integers(E8 * 97 // 100, E8 * 103 // 100)), max_size=25
    )
)
def test_it_measures_the_least_that_was_apart_all_the_while(path: list[tuple[int, int]]) -> None:
    divergence = rule(apart_e8=E8 // 50)
    told: list[tuple[int, int]] = []
    seconds = lasted_e8 = 0
    for steps, mid_e8 in [(0, E8), *path]:
        # Nobody speaks for longer than a price is fresh, so every look counts.
        seconds += steps * EVERY_S
        told.append((seconds, mid_e8 - E8))
        mids_e8 = {"BTC-USD-PERP": mid_e8, "BTC-USD": E8}
        finding = only(look(divergence, seconds, mids_e8), "BTC-USD-PERP/BTC-USD")
        ends_s = [*(at_s for at_s, _ in told[1:]), seconds + 1]
        held = [
            value
            for (_, value), end_s in zip(told, ends_s, strict=True)
            if end_s > seconds - LASTS_S
        ]
        if seconds >= LASTS_S:
            lasted_e8 = min(max(lasted_e8, min(held)), max(held))
        expected = severity_of(abs(lasted_e8) * 50)
        assert (finding is None) == (expected is None)
        if finding is not None:
            assert finding.measured_e8 == abs(lasted_e8)
