"""Every verdict, on the real log."""

from pathlib import Path

import pytest

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from replay.rederive import rederive
from tests.end_to_end.runs import plan_of, records, run, short_crash
from tse.running.environment import Environment
from tse.running.plans import world_plan
from tse.running.verdicts import chain_line
from tse.running.world_run import WorldOptions

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
NERVOUS = Path(__file__).with_name("nervous-limits.toml")


def test_a_market_crash_is_detected_and_proven(environment: Environment) -> None:
    completed, findings = run(environment, plan_of("market-crash"))
    report = findings.report
    assert (report.verdict, completed.status, completed.monitor_status) == (
        "PASS",
        "COMPLETED",
        "ANSWERED",
    )
    assert {r.rule for r in report.expectations} == {"price_shock", "drawdown"}
    assert all(r.outcome == "PASS" for r in report.expectations)
    assert report.unlinked_events_count == 0
    by_alert = {timeline.alert_event_id: timeline for timeline in findings.timelines}
    for result in report.expectations:
        assert result.alert_event_id is not None
        kinds = chain_line(by_alert[result.alert_event_id]).split(" -> ")
        assert kinds[:3] == ["injection", "InjectionScheduled", "InjectionApplied"]
        assert "PriceTicked" in kinds
        assert kinds[-1] in ("RiskAlertRaised", "RiskAlertEscalated")
    outcome = rederive(environment.clients(report.run_id), report.run_id, lambda progress: None)
    assert outcome.identical, outcome.difference
    assert (outcome.verdict, outcome.compared["risk-alerts"] > 360) == ("PASS", True)


def test_without_a_monitor_the_crash_is_missed(environment: Environment, tmp_path: Path) -> None:
    completed, findings = run(
        environment, plan_of(short_crash(tmp_path)), WorldOptions(monitor=False)
    )
    assert (findings.report.verdict, completed.monitor_status) == ("MISSED", "ABSENT")


def test_an_alert_without_an_injection_is_a_false_alarm(environment: Environment) -> None:
    plan = world_plan("quiet", 1, limits=NERVOUS)
    _, findings = run(environment, plan)
    assert findings.report.verdict == "FALSE_ALARM"
    raised = [
        record.event
        for record in records(environment.clients(plan.run_id), ["risk-alerts"])
        if isinstance(record.event, RiskAlertRaised)
    ]
    assert raised
    assert {alert.alert_event_id for alert in findings.report.unlinked_alerts} >= {
        alert.event_id for alert in raised
    }


def test_an_injection_that_changes_nothing_is_invalid(
    environment: Environment, tmp_path: Path
) -> None:
    _, findings = run(environment, plan_of(short_crash(tmp_path, change="0%", effect="0%")))
    assert findings.report.verdict == "INVALID"
    assert [result.applied_count for result in findings.report.injections] == [0]


@pytest.mark.slow
def test_ten_seeds_give_ten_passes(environment: Environment) -> None:
    verdicts = {
        seed: run(environment, plan_of("market-crash", seed))[1].report.verdict
        for seed in range(1, 11)
    }
    assert verdicts == dict.fromkeys(range(1, 11), "PASS")


@pytest.mark.slow
def test_twins_of_full_length_raise_no_alert_of_high_severity(environment: Environment) -> None:
    for seed in (1, 2, 3):
        plan = plan_of("market-crash", seed, twin=True)
        assert run(environment, plan)[1].report.verdict == "PASS"
        severities = [
            record.event.severity
            for record in records(environment.clients(plan.run_id), ["risk-alerts"])
            if isinstance(record.event, RiskAlertRaised | RiskAlertEscalated)
        ]
        assert {"HIGH", "CRITICAL"}.isdisjoint(severities)
