"""The audit layer can be removed, and nothing on the production plane is another byte."""

from pathlib import Path

import pytest

from tests.end_to_end.runs import content, plan_of, run, short_crash, unwatched
from tse.running.environment import Environment
from tse.running.world_run import WorldOptions, run_world

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]


def test_alerts_are_the_same_bytes_without_the_auditor(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = short_crash(tmp_path)
    judged, unjudged = (plan_of(scenario, seed=5) for _ in range(2))
    _, findings = run(environment, judged)
    assert findings.report.alerts_count > 0
    completed, nothing = run_world(environment, unjudged, WorldOptions(audit=False), unwatched)
    assert nothing is None
    assert completed.monitor_status == "ANSWERED"
    with_auditor, without = (
        content(environment.clients(plan.run_id)) for plan in (judged, unjudged)
    )
    alerts = [record for record in with_auditor if record[0] == "risk-alerts"]
    assert len(alerts) > 90  # a heartbeat for each slice, and alerts
    assert [record for record in without if record[0] == "risk-alerts"] == alerts
    assert without == with_auditor
