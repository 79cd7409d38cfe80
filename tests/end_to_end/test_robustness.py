"""What must not stop a run, or change what it says."""

from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest

from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.dead_letters import RecordDeadLettered
from producers.world.host import Interrupted, Progress
from replay.rederive import rederive
from tests.end_to_end.runs import plan_of, records, run, short_crash, unwatched
from tse.running.environment import Environment
from tse.running.findings import NoReportError, await_findings
from tse.running.processes import Processes
from tse.running.services import AUDIT, start_audit
from tse.running.world_run import WorldOptions, run_world

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]
GARBAGE = b"\x00\x00\x00\xff\xffthis is no record of ours, though it is long enough to be one"


def test_an_undecodable_record_becomes_one_dead_letter_and_nothing_stops(
    environment: Environment, tmp_path: Path
) -> None:
    plan = plan_of(short_crash(tmp_path))
    intruder = environment.clients(plan.run_id)
    placed: list[tuple[str, int]] = []

    def intrude(progress: Progress) -> None:
        if progress.slices_done == 20:
            appender = intruder.appender("custodian")
            for topic, partition in (("settlements", 0), ("scenario-injections", 0)):
                appender.append_raw(topic, partition, b"odd", GARBAGE)
                placed.append((topic, partition))
            appender.flush()

    _, findings = run(environment, plan, on_progress=intrude)
    assert len(placed) == 2
    assert findings.report.verdict == "PASS"
    letters = [
        record.event
        for record in records(intruder, ["dead-letters"])
        if isinstance(record.event, RecordDeadLettered)
    ]
    assert sorted((x.origin_topic, x.origin_partition, x.steward) for x in letters) == [
        ("scenario-injections", 0, "audit-correlator"),
        ("settlements", 0, "risk-monitor"),
    ]
    assert {(x.record_key, x.record_value) for x in letters} == {(b"odd", GARBAGE)}
    assert all("schema id" in x.cause for x in letters)
    beats = [
        r.event for r in records(intruder, ["risk-alerts"]) if isinstance(r.event, RiskHeartbeat)
    ]
    assert beats[-1].undecodable_count == 1
    assert beats[-1].slice_sequence == 89


def judged(report: AuditReported) -> dict[str, object]:
    """Return what a repetition of the run must repeat of its report: all but ids and wall time."""
    fields = msgspec.structs.asdict(report)
    own = {"event_id", "correlation_id", "causation_id", "run_id", "events_digest", "injections"}
    kept = {name: value for name, value in fields.items() if name not in own}
    kept["expectations"] = [
        (r.name, r.outcome, r.condition_time_us, r.alert_event_id, r.event_latency_us)
        for r in report.expectations
    ]
    return kept


def test_an_auditor_killed_and_restarted_gives_the_same_report(
    environment: Environment, tmp_path: Path
) -> None:
    scenario = short_crash(tmp_path)
    kept, killed = plan_of(scenario, seed=5), plan_of(scenario, seed=5)
    _, undisturbed = run(environment, kept)
    run_world(environment, killed, WorldOptions(audit=False), unwatched)
    clients = environment.clients(killed.run_id)
    for patience_s in (0.8, 1.6, 2.2, 2.6, 3.0):
        with Processes(tmp_path / "logs") as auditor:
            start_audit(auditor, environment, killed.run_id)
            with suppress(NoReportError):
                await_findings(clients, killed.run_id, auditor.check, patience_s)
            auditor.kill(AUDIT)
    with Processes(tmp_path / "logs") as auditor:
        start_audit(auditor, environment, killed.run_id)
        findings = await_findings(clients, killed.run_id, auditor.check)
    assert judged(findings.report) == judged(undisturbed.report)
    reports = records(clients, ["audit-reports"])
    assert {record.event for record in reports} == {findings.report}
    outcome = rederive(clients, killed.run_id, lambda progress: None)
    assert outcome.identical, outcome.difference


def test_an_interrupted_run_is_reported_as_aborted(
    environment: Environment, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.slices_done == 30:
            raise Interrupted("the user had enough")

    completed, findings = run(environment, plan_of(short_crash(tmp_path)), on_progress=stop)
    assert (completed.status, completed.reason) == ("ABORTED", "the user had enough")
    assert findings.report.verdict == "ABORTED"


def test_nothing_of_a_run_keeps_running(environment: Environment, tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    run(environment, plan_of(short_crash(tmp_path)))
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
