"""Verdicts as exit codes and as lines for people."""

from typing import get_args

import msgspec

from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.words import ExpectationResult, Hop, Verdict
from tests.events import event_id
from tse.running.verdicts import EXIT_CODES, summary_lines


def test_every_verdict_has_an_exit_code_and_only_pass_is_zero() -> None:
    assert set(EXIT_CODES) == set(get_args(Verdict))
    assert [verdict for verdict, code in EXIT_CODES.items() if code == 0] == ["PASS"]
    assert 2 not in EXIT_CODES.values()
    told_apart = set(EXIT_CODES) - {"UNKNOWN"}
    assert len({EXIT_CODES[verdict] for verdict in told_apart}) == len(told_apart)


RESULT = ExpectationResult(
    name="shock",
    injection="crash",
    rule="price_shock",
    subject="BTC-USD",
    severity="HIGH",
    outcome="LATE",
    condition_time_us=0,
    within_us=60_000_000,
    alert_event_id=event_id(9),
    event_latency_us=90_500_000,
    wall_latency_ms=7,
)


def report(result: ExpectationResult) -> AuditReported:
    return AuditReported(
        event_id=event_id(1),
        correlation_id=event_id(1),
        causation_id=event_id(1),
        event_time_us=0,
        run_id="r1",
        scenario="market-crash",
        seed=1,
        verdict="LATE",
        reason="too late",
        events_count=12_345,
        duplicate_events_count=0,
        correlations_count=678,
        alerts_count=2,
        linked_alerts_count=1,
        unlinked_events_count=0,
        dead_letters_count=0,
        expectations=(result,),
        injections=(),
        unlinked_alerts=(),
        events_digest=b"",
        monitor_status="ANSWERED",
    )


def test_the_summary_shows_verdict_latencies_and_the_chain() -> None:
    hop = Hop(
        hop_event_id=event_id(9),
        hop_causation_id=event_id(8),
        event_type="RiskAlertRaised",
        topic="risk-alerts",
        partition=0,
        offset=3,
        hop_time_us=0,
        record_time_ms=0,
    )
    timeline = TimelineCompleted(
        event_id=event_id(2),
        correlation_id=event_id(2),
        causation_id=event_id(2),
        event_time_us=0,
        run_id="r1",
        injection_id=event_id(3),
        alert_event_id=event_id(9),
        rule="price_shock",
        subject="BTC-USD",
        severity="HIGH",
        hops=(hop,),
        event_latency_us=0,
        wall_latency_ms=7,
    )
    assert summary_lines(report(RESULT), [timeline]) == [
        "[bold yellow]LATE[/]  too late",
        "  LATE    shock: 90.5 s of event time after its condition held, 7 ms of wall time",
        "          injection -> RiskAlertRaised",
        "  12,345 events, 678 causal trees, 2 alerts of which 1 linked",
    ]


def test_an_alert_that_came_before_its_condition_is_told_so() -> None:
    early = msgspec.structs.replace(RESULT, outcome="PASS", event_latency_us=-2_000_000)
    lines = summary_lines(report(early), [])
    assert (
        lines[1]
        == "  PASS    shock: 2.0 s of event time before its condition held, 7 ms of wall time"
    )
