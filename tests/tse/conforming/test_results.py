"""Two answers and their exit code, from what scenarios found; and how they are told."""

import json
from collections.abc import Sequence

import msgspec
import pytest
from rich.console import Console

from ecosystem.audit.conformance.history import CheckResult, Finding, Place
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.words import ExpectationResult, UnlinkedAlert, Verdict
from ecosystem.events.words import EventId, Severity
from tse.conforming.results import (
    EXIT_BREACH,
    Conformance,
    Detection,
    ScenarioResult,
    detections_of,
    false_alarms_of,
)
from tse.conforming.table import rendered, to_json

SOME_ID = EventId(bytes(16))
KEPT = CheckResult(name="keys", asks="keys are right", findings=())
BROKEN = CheckResult(
    name="causation",
    asks="causes exist [all of them]",
    findings=tuple(
        Finding(place=Place("risk-alerts", 0, n), found="a cause is nowhere") for n in range(5)
    ),
)


def detection(outcome: Verdict, *, claimed: bool = True) -> Detection:
    return Detection(
        rule="price_shock",
        subject="BTC-USD",
        severity="HIGH",
        outcome=outcome,
        claimed=claimed,
        event_latency_us=9_000_000 if outcome == "PASS" else None,
    )


def result(
    verdict: Verdict = "PASS",
    detections: Sequence[Detection] = (),
    false_alarms: Sequence[str] = (),
    checks: Sequence[CheckResult] = (KEPT,),
) -> ScenarioResult:
    return ScenarioResult(
        scenario="crash",
        run_id="r1",
        checks=tuple(checks),
        verdict=verdict,
        reason="",
        detections=tuple(detections),
        false_alarms=tuple(false_alarms),
        topics_read=("clock", "prices"),
        heartbeat_latency_ms_median=12,
        heartbeat_latency_ms_max=340,
    )


def conformance(*results: ScenarioResult) -> Conformance:
    return Conformance(command=("their-monitor",), watches=("price_shock",), scenarios=results)


@pytest.mark.parametrize(
    ("found", "verdict", "code"),
    [
        (result(detections=[detection("PASS")]), "PASS", 0),
        (result("MISSED", [detection("MISSED")]), "MISSED", 3),
        (result("MISSED", [detection("MISSED", claimed=False)]), "PASS", 0),
        (result("LATE", [detection("LATE")]), "LATE", 4),
        (result("FALSE_ALARM", false_alarms=["HIGH x on y"]), "FALSE_ALARM", 5),
        # The auditor's verdict names what was missed first; a false alarm is one all the same.
        (
            result("MISSED", [detection("MISSED", claimed=False)], ["HIGH x on y"]),
            "FALSE_ALARM",
            5,
        ),
        (result("INVALID", [detection("PASS")]), "INVALID", 6),
        (result("ERROR"), "ERROR", 1),
        (result("ABORTED"), "ABORTED", 7),
    ],
)
def test_the_exit_code_is_that_of_the_worst_verdict_on_what_is_claimed(
    found: ScenarioResult, verdict: Verdict, code: int
) -> None:
    whole = conformance(result(detections=[detection("PASS")]), found)
    assert (whole.conforms, whole.verdict, whole.exit_code()) == (True, verdict, code)
    assert whole.exit_code(contract_only=True) == 0


def test_a_breach_outweighs_every_verdict() -> None:
    whole = conformance(result("MISSED", [detection("MISSED")], checks=[KEPT, BROKEN]))
    assert (whole.conforms, whole.exit_code(), whole.exit_code(contract_only=True)) == (
        False,
        EXIT_BREACH,
        EXIT_BREACH,
    )


def report() -> AuditReported:
    def unlinked(severity: Severity) -> UnlinkedAlert:
        return UnlinkedAlert(
            alert_event_id=SOME_ID,
            alert_time_us=7,
            rule="some_rule",
            subject="BTC-USD",
            severity=severity,
            reason="its chain ends at a tick",
        )

    expectation = ExpectationResult(
        name="price_shock",
        injection="crash",
        rule="price_shock",
        subject="BTC-USD",
        severity="HIGH",
        outcome="MISSED",
        condition_time_us=1,
        within_us=2,
        alert_event_id=None,
        event_latency_us=None,
        wall_latency_ms=None,
    )
    severities: Sequence[Severity] = ("LOW", "HIGH", "UNKNOWN", "CRITICAL")
    return AuditReported(
        event_id=SOME_ID,
        correlation_id=SOME_ID,
        causation_id=SOME_ID,
        event_time_us=9,
        run_id="r1",
        scenario="crash",
        seed=1,
        verdict="MISSED",
        reason="",
        events_count=0,
        duplicate_events_count=0,
        correlations_count=0,
        alerts_count=4,
        linked_alerts_count=0,
        unlinked_events_count=0,
        dead_letters_count=0,
        expectations=(expectation,),
        injections=(),
        unlinked_alerts=tuple(map(unlinked, severities)),
        events_digest=b"",
        monitor_status="ANSWERED",
    )


def test_an_expectation_of_a_rule_that_is_not_claimed_is_told_and_marked() -> None:
    claimed = [detections_of(report(), watches)[0].claimed for watches in (["price_shock"], [])]
    assert claimed == [True, False]


def test_false_alarms_are_those_of_the_least_severity_and_those_of_none_that_is_known() -> None:
    found = false_alarms_of(report(), "HIGH")
    assert [alarm.split()[0] for alarm in found] == ["HIGH", "UNKNOWN", "CRITICAL"]
    assert "some_rule on BTC-USD at 7 us: its chain ends at a tick" in found[0]


def shown(whole: Conformance) -> str:
    console = Console(width=200, record=True, force_terminal=False)
    with console.capture() as captured:
        for part in rendered(whole):
            console.print(part)
    return captured.get()


def test_a_person_is_told_both_answers_and_three_breaches_of_each_clause() -> None:
    broken = result("MISSED", [detection("MISSED", claimed=False)], checks=[KEPT, BROKEN])
    text = shown(conformance(broken))
    assert "broken 5x" in text
    assert (
        "crash, causation: risk-alerts/0/2: a cause is nowhere; the contract asks that causes exist"
        " [all of them]" in text
    )
    assert "risk-alerts/0/3" not in text
    assert "crash, causation: and 2 more" in text
    assert "BREAKS the contract, 5 times; detection of what it claims (price_shock): PASS" in text
    assert "12 ms, 340 ms" in text


def test_a_monitor_that_keeps_all_is_told_so_and_what_was_seen_when() -> None:
    text = shown(conformance(result(detections=[detection("PASS")]), result(false_alarms=["X"])))
    assert "CONFORMS to the contract; detection of what it claims (price_shock)" in text
    assert "9.0 s of event time" in text
    assert "false alarm: X" in text
    assert "it says that it read clock, prices" in text


def test_the_json_holds_every_breach_with_its_place() -> None:
    document = json.loads(to_json(conformance(result(checks=[KEPT, BROKEN]))))
    assert (document["conforms"], document["verdict"]) == (False, "PASS")
    (scenario,) = document["scenarios"]
    kept, broken = scenario["checks"]
    assert kept == {"name": "keys", "asks": "keys are right", "kept": True, "findings": []}
    assert [finding["place"] for finding in broken["findings"]] == [
        f"risk-alerts/0/{n}" for n in range(5)
    ]
    assert broken["findings"][0]["sentence"].startswith("risk-alerts/0/0: a cause is nowhere;")


def test_a_clause_about_no_record_has_no_place() -> None:
    check = msgspec.structs.replace(BROKEN, findings=(Finding(found="it ran on"),))
    document = json.loads(to_json(conformance(result(checks=[check]))))
    assert document["scenarios"][0]["checks"][0]["findings"][0]["place"] is None
