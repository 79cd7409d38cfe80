"""Faults of the feed on the real log: the chain reaches the injection, also for an absence."""

import pytest

from tests.end_to_end.runs import plan_of, run
from tse.running.environment import Environment
from tse.running.verdicts import chain_line

pytestmark = [pytest.mark.infra, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("scenario", ["feed-disruption", "volatility-spike"])
def test_faults_of_the_feed_are_seen_and_proven(environment: Environment, scenario: str) -> None:
    _, findings = run(environment, plan_of(scenario))
    report = findings.report
    assert report.verdict == "PASS", report.reason
    assert (report.unlinked_events_count, report.duplicate_events_count) == (0, 0)
    assert all(result.effect_time_us is not None for result in report.injections)
    by_alert = {timeline.alert_event_id: timeline for timeline in findings.timelines}
    for result in report.expectations:
        assert result.alert_event_id is not None
        kinds = chain_line(by_alert[result.alert_event_id]).split(" -> ")
        assert kinds[:3] == ["injection", "InjectionScheduled", "InjectionApplied"]
