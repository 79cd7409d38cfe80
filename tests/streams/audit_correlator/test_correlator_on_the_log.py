"""Tap and stream job on a real broker, as processes that can be killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.dead_letters import RecordDeadLettered
from eventlog.kafka_offsets import committed_offsets
from streams.audit_correlator.report.load import ReportLog
from streams.audit_correlator.report.page import render_html
from tests.brokers import Broker
from tests.streams.audit_correlator.log_runs import ROOT, RunOnLog

pytestmark = pytest.mark.infra

TAP = "streams.audit_correlator.tap"
JOB = "streams.audit_correlator"
LATE_JOB = "tests.streams.audit_correlator.job_with_late_fetches"
SERVICE = "streams.audit_correlator.service"
BOUND_S = 60.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {BOUND_S:.0f} s"
        time.sleep(0.05)


@contextmanager
def running(run: RunOnLog, folder: Path, *modules: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **run.environment(folder)},
            cwd=ROOT,
        )
        for module in modules
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def reports(run: RunOnLog) -> list[AuditReported]:
    return [e for e in run.events("audit-reports") if isinstance(e, AuditReported)]


def as_bytes(events: Sequence[msgspec.Struct]) -> list[bytes]:
    return sorted(msgspec.msgpack.encode(event) for event in events)


def assert_judged_as_offline(run: RunOnLog, *completed: RunCompleted) -> None:
    wait_until(lambda: len(reports(run)) == len(completed), f"{len(completed)} reports")
    offline = [run.judged_offline(one) for one in completed]
    assert as_bytes(reports(run)) == as_bytes([report for _, report in offline])
    expected_lines = [line for lines, _ in offline for line in lines]
    assert expected_lines
    assert as_bytes(run.events("audit-timelines")) == as_bytes(expected_lines)


def test_runs_on_the_same_topics_are_judged_one_by_one(
    broker: Broker, namespace: str, tmp_path: Path
) -> None:
    run = RunOnLog(broker, namespace)
    with running(run, tmp_path, SERVICE) as (service,):
        first = run.write("first", 400)
        wait_until(lambda: len(reports(run)) == 1, "the first report")
        second = run.write("second", 300)
        assert_judged_as_offline(run, first, second)
        service.send_signal(signal.SIGTERM)
        assert service.wait(BOUND_S) == 0
    assert [report.verdict for report in reports(run)] == ["PASS", "PASS"]
    log = ReportLog(broker.admin, run.namespace, run.catalogue, run.codec)
    content = log.content("second")
    (line,) = content.timelines
    assert line.run_id == "second"
    assert {hop.hop_event_id for hop in line.hops} == set(content.records)
    assert "PASS" in render_html(content)
    with pytest.raises(InvalidInputError, match="judged runs: first, second"):
        log.content("third")
    assert len(run.records("audit-reports")) == 2


def test_an_undecodable_record_is_dead_lettered_once_and_nothing_stops(
    broker: Broker, namespace: str, tmp_path: Path
) -> None:
    run = RunOnLog(broker, namespace)
    bad = [b"", b"\1\2\3", b"\0\0\0\0\1" + bytes(60), b"\0\xff\xff\xff\xff" + bytes(60)]
    for value in bad:
        run.appender.append_raw("risk-alerts", 0, b"key", value)
        run.appender.append_raw("prices", 0, b"key", value[:5] + b"\xff" * 58)  # another's to tell
    with running(run, tmp_path, TAP):
        completed = run.write("run", 50)
        wait_until(lambda: len(run.records("dead-letters")) == len(bad), "dead letters")
    with running(run, tmp_path, SERVICE):
        assert_judged_as_offline_without_the_bad(run, completed)
    letters = [e for e in run.events("dead-letters") if isinstance(e, RecordDeadLettered)]
    assert len(run.records("dead-letters")) == len(bad)
    assert [letter.record_value for letter in letters] == bad
    assert {(x.origin_topic, x.origin_offset) for x in letters} == {
        ("risk-alerts", offset) for offset in range(len(bad))
    }
    assert all(letter.cause and letter.steward == "audit-correlator" for letter in letters)


def assert_judged_as_offline_without_the_bad(run: RunOnLog, completed: RunCompleted) -> None:
    wait_until(lambda: len(reports(run)) == 1, "the report")
    (report,) = reports(run)
    assert report.verdict == "PASS"
    assert report.events_count == 50 + 10 + 5 + 4  # ticks, orders, heartbeats, and the crash's own


def blocks_count(run: RunOnLog) -> int:
    return len(run.records("audit-correlator-envelopes"))


def committed(run: RunOnLog) -> int:
    places = [("audit-correlator-envelopes", number) for number in range(4)]
    found = committed_offsets(run.broker.admin, run.namespace, "audit-correlator", places)
    return sum(found.values())


@pytest.mark.parametrize("point", ["blocks half written", "job has committed", "job has reported"])
def test_killed_and_started_again_the_report_is_the_same(
    broker: Broker, namespace: str, tmp_path: Path, point: str
) -> None:
    run = RunOnLog(broker, namespace)
    if point == "blocks half written":
        early = run.write("early", 3_000)
        with running(run, tmp_path, TAP):
            wait_until(lambda: blocks_count(run) > 0, "a block")
        with running(run, tmp_path, TAP, JOB):
            assert_judged_as_offline(run, early)
    elif point == "job has committed":
        run.appender.flush()
        with running(run, tmp_path, TAP, JOB):
            early = run.write("early", 2_000, alert=True)
            wait_until(lambda: committed(run) > 0, "committed offsets")
        late = run.write("late", 2_000)
        with running(run, tmp_path, TAP, JOB):
            assert_judged_as_offline(run, early, late)
    else:
        early = run.write("early", 500)
        with running(run, tmp_path, TAP, JOB):
            wait_until(lambda: len(reports(run)) == 1, "the report")
        late = run.write("late", 500)
        with running(run, tmp_path, TAP, JOB):
            assert_judged_as_offline(run, early, late)


def test_blocks_fetched_while_the_table_is_restored_are_not_lost(
    broker: Broker, namespace: str, tmp_path: Path
) -> None:
    run = RunOnLog(broker, namespace)
    # A predecessor was killed after it wrote a case and before it committed an offset.
    run.appender.append_raw("audit-correlator-cases-changelog", 0, b'"a/0"', b'{"state": "OPEN"}')
    early = run.write("early", 500)
    with running(run, tmp_path, TAP):
        wait_until(lambda: blocks_count(run) > 0, "a block")
    late = run.write("late", 500)
    with running(run, tmp_path, TAP, LATE_JOB):
        assert_judged_as_offline(run, early, late)


def test_whoever_is_killed_again_and_again_no_event_is_lost_or_counted_twice(
    broker: Broker, namespace: str, tmp_path: Path
) -> None:
    run = RunOnLog(broker, namespace)
    early = run.write("early", 5_000)
    for delay_s in (0.7, 1.1, 1.6, 2.3):
        with running(run, tmp_path, TAP, JOB):
            deadline = time.monotonic() + delay_s
            wait_until(lambda: time.monotonic() > deadline, "the moment of the kill")  # noqa: B023
    late = run.write("late", 1_000)
    with running(run, tmp_path, TAP, JOB):
        assert_judged_as_offline(run, early, late)
    expected = {"early": 5_000 + 1_000 + 500 + 4, "late": 1_000 + 200 + 100 + 4 + 1}
    assert {r.run_id: r.events_count for r in reports(run)} == expected


def test_a_service_whose_part_dies_stops_and_says_so(
    broker: Broker, namespace: str, tmp_path: Path
) -> None:
    run = RunOnLog(broker, namespace)
    environment = run.environment(tmp_path) | {"AUDIT_NAMESPACE": "nowhere"}
    run.environment = lambda folder: environment  # type: ignore[method-assign]
    with running(run, tmp_path, SERVICE) as (service,):
        assert service.wait(BOUND_S) == 1
