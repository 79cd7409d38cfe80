"""The rule about value at risk: at each severity, over random markets, and once a minute."""

import itertools
from collections.abc import Sequence
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.risk.rules.value_at_risk import KIND, ValueAtRiskLimit
from ecosystem.risk.value_at_risk import RETURNS_MIN
from ecosystem.risk.watch import Finding
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, tick
from tests.ecosystem.risk.rules.firms import Firm, balance_of
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig


class Minutes:
    """A firm whose bitcoin has a price each minute, and the rule that judges then."""

    def __init__(self, limit_e8: int) -> None:
        self.rig = Rig(KIND, ValueAtRiskLimit(var99_e8=limit_e8), limit_version=7)
        self.firm = Firm(self.rig, {"BTC": 100 * E8})
        self.firm.hold("BTC", E8)
        self.minute = 0
        self.rig.state.advance(at(0))

    def pass_with(self, *prices_e8: int) -> list[Finding]:
        """Let minutes pass, each with a price; return what was found."""
        found: list[Finding] = []
        for price_e8 in prices_e8:
            self.firm.mark("BTC", price_e8)
            self.minute += 1
            now_us = at(60 * self.minute)
            self.rig.state.advance(now_us)
            for finding in self.rig.wait(now_us):
                self.rig.book.decide(finding, tick(60 * self.minute, 1))
                found.append(finding)
        return found


def swings(count: int, up: int = 101 * E8) -> Sequence[int]:
    return [up if number % 2 == 0 else 100 * E8 for number in range(count)]


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    measured = Minutes(10**6 * E8)
    measured.pass_with(*swings(RETURNS_MIN))
    estimate = measured.rig.state.value_at_risk.estimate()
    assert estimate is not None
    # A limit of which the measured value is the share: exact for the severity, cut for the share.
    limit_e8 = estimate.var99_e8 * E8 // share_e8
    minutes = Minutes(limit_e8)
    found = minutes.pass_with(*swings(RETURNS_MIN))
    expected = severity_of(estimate.var99_e8 * E8 // limit_e8)
    assert bool(found) == (expected is not None)
    if found:
        told = found[0].watch.told
        assert isinstance(told, RiskAlertRaised)
        assert (told.rule, told.subject, told.severity) == (KIND.name, "portfolio", expected)
        assert (told.measured_e8, told.limit_e8) == (estimate.var99_e8, limit_e8)
        assert (told.unit, told.limit_version) == ("USD", 7)
    if expected != severity:
        assert share_e8 in (49_999_999, 74_999_999, 89_999_999, 99_999_999)


@settings(max_examples=30)
@given(
    prices=st.lists(st.integers(90, 110), min_size=RETURNS_MIN, max_size=60),
    limit=st.integers(10, 2_000),
)
def test_the_rule_measures_the_greater_of_two_naive_computations(
    prices: list[int], limit: int
) -> None:
    minutes = Minutes(limit * E8)
    found = minutes.pass_with(*(price * E8 for price in prices))
    path = [100, *prices]
    returns = [after / before - 1 for before, after in itertools.pairwise(path)]
    deviation = sqrt(sum(one * one for one in returns) / len(returns))
    rank = max(1, len(returns) - -(-len(returns) * 99 // 100) + 1)
    worst = sorted(returns)[rank - 1]
    expected = max(-worst, 2.32634787 * deviation) * prices[-1] * sqrt(1_440)
    (watch,) = minutes.rig.book.watches()
    assert watch.utilisation_e8 / E8 * limit == pytest.approx(expected, abs=0.01)
    assert not found or found[0].inputs


def test_nothing_is_judged_before_there_are_returns_enough() -> None:
    minutes = Minutes(1)
    assert minutes.pass_with(*swings(RETURNS_MIN - 1)) == []
    assert len(minutes.pass_with(102 * E8)) == 1


def test_a_wild_market_is_told_once_a_minute_at_most_and_resolved_with_a_smaller_position() -> None:
    minutes = Minutes(200 * E8)
    assert minutes.pass_with(*swings(RETURNS_MIN)) == []
    (finding,) = minutes.pass_with(90 * E8)
    assert finding.message.startswith("in one day of a hundred more than ")
    assert "of 31 one-minute returns); the limit is 200.00 USD" in finding.message
    assert finding.inputs[-1] == balance_of("BTC")
    assert len(finding.inputs) <= 64
    assert minutes.rig.wait(at(60 * minutes.minute + 59)) == []
    minutes.firm.hold("BTC", E8 // 100)
    minutes.pass_with(90 * E8)
    assert minutes.rig.book.active_count() == 0


def test_a_calm_market_is_quiet() -> None:
    minutes = Minutes(200 * E8)
    assert minutes.pass_with(*(100 * E8 + number % 3 * 10**6 for number in range(200))) == []
