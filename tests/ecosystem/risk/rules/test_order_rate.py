"""Order rate: at each severity, over random bursts, and quiet again when the burst is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.risk.rules.order_rate import KIND, OrderRateLimit
from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock
from tests.ecosystem.risk.rules.orders import ACCOUNT, submitted
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = OrderRateLimit(orders=100, window_us=60 * SECOND_US)


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
        (5_000, "CRITICAL"),
    ],
)
def test_severity_at_each_number_of_orders(count: int, severity: str | None) -> None:
    rig = Rig(KIND, LIMIT)
    orders = [submitted(number, 10 + number / 1_000) for number in range(count)]
    found = rig.take(*orders)
    for finding in found:
        rig.book.decide(finding, orders[-1])
    level = rig.rule.watch(ACCOUNT).level
    assert (SEVERITIES[level] if level >= 0 else None) == severity


def test_an_alert_names_the_latest_orders() -> None:
    rig = Rig(KIND, LIMIT)
    orders = [submitted(number, number) for number in range(50)]
    (finding,) = rig.take(*orders)
    assert finding.inputs == tuple(order.event_id for order in reversed(orders[-16:]))
    assert finding.message == "firm-momentum submitted 50 orders within 60 s; the limit is 100"


def test_it_is_over_when_the_orders_have_left_the_window_though_none_follows() -> None:
    rig = Rig(KIND, LIMIT)
    orders = [submitted(number, 10) for number in range(60)]
    raised = [rig.book.decide(finding, orders[-1]) for finding in rig.take(*orders)]
    assert isinstance(raised[0], RiskAlertRaised)
    (over,) = rig.wait(at(70))
    assert isinstance(rig.book.decide(over, clock(70, 1)), RiskAlertResolved)
    assert rig.wait(at(10_000)) == []


@given(
    bursts=st.lists(
        st.tuples(
            st.integers(0, 90), st.integers(1, 60), st.sampled_from([ACCOUNT, "firm-reversion"])
        ),
        max_size=12,
    )
)
def test_the_measure_is_the_number_of_orders_within_the_window(
    bursts: list[tuple[int, int, str]],
) -> None:
    rig = Rig(KIND, LIMIT)
    seconds, number, seen = 0, 0, list[tuple[int, str]]()
    for gap, count, account in bursts:
        seconds += gap
        for _ in range(count):
            number += 1
            seen.append((seconds, account))
            rig.take(submitted(number, seconds, account=account))
        within = sum(1 for at_s, who in seen if who == account and at_s > seconds - 60)
        watch = rig.rule.watch(account)
        assert watch.utilisation_e8 == within * E8 // 100
