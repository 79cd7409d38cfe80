"""Repeated execution: the same trade over and over, at each severity and over random trades."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.words import Side
from ecosystem.risk.rules.repeated_execution import KIND, RepeatedExecutionLimit
from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock
from tests.ecosystem.risk.rules.orders import ACCOUNT, executed
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = RepeatedExecutionLimit(repeats=100, window_us=60 * SECOND_US)


@pytest.mark.parametrize(
    ("count", "severity"),
    [
        (49, None),
        (50, "LOW"),
        (51, "LOW"),
        (74, "LOW"),
        (75, "MEDIUM"),
        (76, "MEDIUM"),
        (89, "MEDIUM"),
        (90, "HIGH"),
        (91, "HIGH"),
        (99, "HIGH"),
        (100, "CRITICAL"),
        (101, "CRITICAL"),
    ],
)
def test_severity_at_each_number_of_alike_executions(count: int, severity: str | None) -> None:
    rig = Rig(KIND, LIMIT)
    fills = [executed(number, 10 + number / 1_000) for number in range(count)]
    decided = [rig.book.decide(finding, fills[-1]) for finding in rig.take(*fills)]
    alerts = [alert for alert in decided if alert is not None]
    level = rig.rule.watch(ACCOUNT).level
    assert (SEVERITIES[level] if level >= 0 else None) == severity
    if severity == "LOW":
        (alert,) = alerts
        assert isinstance(alert, RiskAlertRaised)
        assert alert.message.startswith("firm-momentum executed 50 alike orders to buy BTC-USD")
        assert set(alert.inputs) <= {fill.event_id for fill in fills}


def test_parts_of_one_order_count_as_one() -> None:
    rig = Rig(KIND, LIMIT)
    assert rig.take(*(executed(1, 10, part=part) for part in range(500))) == []


@pytest.mark.parametrize(
    ("quantities_e8", "alike"),
    [((E8, E8 + E8 // 200), True), ((E8, E8 + E8 // 5), False), ((E8, 10 * E8), False)],
)
def test_sizes_are_alike_when_their_first_two_digits_are(
    quantities_e8: tuple[int, int], alike: bool
) -> None:
    rig = Rig(KIND, LIMIT)
    found = rig.take(
        *(executed(number, 10, quantity_e8=quantities_e8[number % 2]) for number in range(60))
    )
    assert bool(found) is alike


def test_it_is_over_when_the_executions_have_left_the_window() -> None:
    rig = Rig(KIND, LIMIT)
    fills = [executed(number, 10) for number in range(60)]
    for finding in rig.take(*fills):
        rig.book.decide(finding, fills[-1])
    (over,) = rig.wait(at(70))
    assert isinstance(rig.book.decide(over, clock(70, 1)), RiskAlertResolved)
    assert rig.wait(at(10_000)) == []


@given(
    trades=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["BUY", "SELL"]), st.integers(1, 3)),
        max_size=60,
    )
)
def test_a_mixture_of_trades_is_counted_by_its_most_frequent(
    trades: list[tuple[int, Side, int]],
) -> None:
    rig = Rig(KIND, RepeatedExecutionLimit(repeats=10, window_us=60 * SECOND_US))
    seconds, seen = 0, list[tuple[int, tuple[Side, int]]]()
    for number, (gap, side, lots) in enumerate(trades):
        seconds += gap
        seen.append((seconds, (side, lots)))
        found = rig.take(executed(number, seconds, side=side, quantity_e8=lots * E8))
        counts = Counter(way for at_s, way in seen if at_s > seconds - 60)
        most = max(counts.values())
        if counts[side, lots] >= 5:
            assert rig.rule.watch(ACCOUNT).utilisation_e8 == most * E8 // 10
            assert found
        else:
            assert not found or found[0].measured_e8 == most * E8
