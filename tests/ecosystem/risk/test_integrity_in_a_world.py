"""Whole worlds: each disruption of the feed is told by what it altered; quiet books agree."""

from pathlib import Path

import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.fills import OrderFilled
from ecosystem.risk.monitor import RiskEngine
from producers.test_coordinator.scenario_file import load_scenario
from tests.ecosystem.risk.facts import Placed, limits
from tests.ecosystem.trading.worlds import Running

OURS = ("data_quality", "feed_gap", "unsettled_exposure", "reconciliation_break")
SCENARIO = """
title: One disruption
description: A minute of peace, then a feed that is not well.
duration: {duration}
method:{method}
"""
METHOD = """
  - inject: feed-disruption
    name: disruption
    target: market-data
    at: 1m
    for: 4m
    with: {{mode: {mode}, instruments: [{instrument}]}}
"""


def world(directory: Path, *, duration: str, method: str = " []") -> Running:
    path = directory / "one-world.yaml"
    path.write_text(SCENARIO.format(duration=duration, method=method))
    return Running(load_scenario(path), seed=1).run()


def of_ours(running: Running) -> list[RiskAlertRaised | RiskAlertEscalated]:
    return [
        alert
        for alert in running.alerts
        if isinstance(alert, RiskAlertRaised | RiskAlertEscalated) and alert.rule in OURS
    ]


@pytest.mark.parametrize(
    ("mode", "rule", "worst"),
    [
        ("loss", "feed_gap", "LOW"),
        ("gaps", "feed_gap", "MEDIUM"),
        ("duplicates", "data_quality", "MEDIUM"),
        ("reordering", "data_quality", "MEDIUM"),
        ("stale", "data_quality", "CRITICAL"),
        ("crossed", "data_quality", "CRITICAL"),
        ("decimals", "data_quality", "CRITICAL"),
    ],
)
def test_a_disruption_is_told_by_the_events_it_altered(
    tmp_path: Path, mode: str, rule: str, worst: str
) -> None:
    method = METHOD.format(mode=mode, instrument="ETH-BTC")
    running = world(tmp_path, duration="6m", method=method)
    altered = {
        one.altered_event_id
        for one in running.of(InjectionApplied)
        if isinstance(one, InjectionApplied)
    }
    line = "market-data/ETH-BTC"
    found = [one for one in of_ours(running) if (one.rule, one.subject) == (rule, line)]
    assert all(altered & set(one.inputs) for one in found)
    assert worst in {one.severity for one in found}
    assert found[0].event_time_us >= running.plan.starts_at_us + 60_000_000
    if worst != "CRITICAL":
        assert "CRITICAL" not in {one.severity for one in found}


def test_wrong_decimals_of_what_the_firm_is_marked_by_move_no_mark(tmp_path: Path) -> None:
    method = METHOD.format(mode="decimals", instrument="BTC-USD")
    running = world(tmp_path, duration="6m", method=method)
    assert running.monitor.quality.counts()["PRICE_JUMPED"] > 20
    rules = {getattr(alert, "rule", "") for alert in running.alerts}
    assert not rules & {"drawdown", "daily_loss", "price_shock"}
    assert running.monitor.portfolio.drawdown_e8() < 500_000


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Running:
    return world(tmp_path_factory.mktemp("quiet"), duration="25m")


def test_a_quiet_world_has_no_defect_and_its_books_agree(quiet: Running) -> None:
    assert quiet.monitor.quality.counts() == {}
    assert of_ours(quiet) == []
    assert quiet.of(OrderFilled)
    assert not any(
        leg.difference_e8 for leg in quiet.monitor.state.reconciliation.differing.values()
    )


def test_a_world_whose_log_has_lost_a_fill_does_not_reconcile(quiet: Running) -> None:
    lost = next(event for event in quiet.production() if isinstance(event, OrderFilled))
    engine = RiskEngine(limits())
    records = [
        Placed(type(event).__name__, 0, offset, event)
        for offset, event in enumerate(quiet.production())
        if event.event_id != lost.event_id
    ]
    told = [
        alert
        for alert in engine.process_slice(records)
        if isinstance(alert, RiskAlertRaised) and alert.rule == "reconciliation_break"
    ]
    assert told
    assert {alert.subject.rpartition("/")[0] for alert in told} == {f"{lost.venue}/{lost.account}"}
    after_us = min(alert.event_time_us for alert in told) - lost.event_time_us
    assert 60_000_000 <= after_us <= 121_000_000
