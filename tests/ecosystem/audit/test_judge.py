"""The judge over whole runs: every verdict, every chain, and independence of arrival."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.audit.evidence import gather
from ecosystem.audit.judge import judge_run
from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import EventId
from ecosystem.scenario import Effect, Scenario
from ecosystem.units import SECOND_US
from tests.ecosystem.audit.runs import (
    CRASH,
    EVENT_TYPES,
    Run,
    crash_run,
    crash_scenario,
    expectation,
    folded,
    named,
)


def seen_in_time() -> Run:
    run = crash_run()
    run.alert("alert", "altered tick", 101)
    return run


def seen_late() -> Run:
    run = crash_run()
    run.alert("alert", "altered tick", 221)
    return run


def seen_at_the_last_moment() -> Run:
    run = crash_run()
    run.alert("alert", "altered tick", 220)
    return run


def never_seen() -> Run:
    return crash_run()


def seen_too_mildly() -> Run:
    run = crash_run()
    run.alert("alert", "altered tick", 101, severity="MEDIUM")
    return run


def seen_by_another_rule() -> Run:
    run = crash_run()
    run.alert("alert", "altered tick", 101, rule="drawdown", subject="portfolio")
    return run


def seen_after_escalation() -> Run:
    run = crash_run()
    run.alert("mild", "altered tick", 101, severity="LOW")
    run.alert("worse", "altered tick", 130, severity="HIGH", escalated=True)
    return run


def seen_for_any_subject() -> Run:
    run = crash_run(expectations=(expectation(subject=""),))
    run.alert("alert", "altered tick", 101, subject="ETH-USD")
    return run


def seen_before_the_condition_held() -> Run:
    run = Run()
    run.schedule()
    run.tick("small move", 50)
    run.alter("small move", 50, -3)
    run.alert("alert", "small move", 51)
    run.tick("altered tick", 100)
    run.alter("altered tick", 100)
    return run


def alarmed_without_cause() -> Run:
    run = seen_in_time()
    run.alert("wolf", "quiet tick", 2, severity="HIGH")
    return run


def alarmed_mildly_without_cause() -> Run:
    run = seen_in_time()
    run.alert("murmur", "quiet tick", 2, severity="MEDIUM")
    return run


def late_and_alarmed() -> Run:
    run = seen_late()
    run.alert("wolf", "quiet tick", 2)
    return run


def missed_and_alarmed() -> Run:
    run = crash_run()
    run.alert("wolf", "quiet tick", 2)
    return run


def one_missed_one_late() -> Run:
    run = crash_run(expectations=(expectation(), expectation("drawdown seen", rule="drawdown")))
    run.alert("alert", "altered tick", 300)
    return run


def without_effect() -> Run:
    run = Run()
    run.schedule()
    run.tick("quiet tick", 1)
    return run


def without_effect_and_alarmed() -> Run:
    run = without_effect()
    run.alert("wolf", "quiet tick", 2)
    return run


def effect_too_small() -> Run:
    run = Run()
    run.schedule()
    run.tick("altered tick", 100)
    run.alter("altered tick", 100, -9)
    run.alert("alert", "altered tick", 101)
    return run


def effect_on_another_measure() -> Run:
    run = Run()
    run.schedule()
    run.tick("altered tick", 100)
    run.alter("altered tick", 100, -50, measure="price ETH-USD")
    run.alert("alert", "altered tick", 101)
    return run


def condition_never_held() -> Run:
    run = crash_run(expectations=(expectation(deviation_e8=20_000_000),))
    run.alert("alert", "altered tick", 101)
    return run


def one_of_two_injections_idle() -> Run:
    run = crash_run(injections=("crash", "second crash"))
    run.schedule(EventId(b"second injection"), "second crash")
    run.alert("alert", "altered tick", 101)
    return run


def never_scheduled() -> Run:
    run = Run()
    run.tick("quiet tick", 1)
    return run


def scheduled_without_a_plan() -> Run:
    run = seen_in_time()
    run.schedule(EventId(b"stray injection!"), "stray")
    return run


def altered_by_nobody() -> Run:
    run = seen_in_time()
    run.alter("quiet tick", 3, injection_id=EventId(b"unknown injector"))
    return run


def altered_event_not_on_the_log() -> Run:
    run = seen_in_time()
    run.alter("lost tick", 102)
    return run


def ended_without_saying_so() -> Run:
    run = seen_in_time()
    run.decoded = [
        msgspec.structs.replace(event, ends_at_us=event.starts_at_us)
        if isinstance(event, InjectionScheduled)
        else event
        for event in run.decoded
    ]
    return run


def seen_when_there_was_nothing_to_see() -> Run:
    run = Run()
    run.schedule()
    run.tick("first fall", 50)
    run.alter("first fall", 50, -1)
    run.alert("wolf", "first fall", 50)
    run.tick("altered tick", 100)
    run.alter("altered tick", 100)
    return run


def contradicted_by_itself() -> Run:
    run = seen_in_time()
    alert = next(event for event in run.decoded if isinstance(event, RiskAlertRaised))
    run.decoded.append(msgspec.structs.replace(alert, subject="ETH-USD"))
    return run


def scheduled_twice() -> Run:
    run = seen_in_time()
    plan = next(event for event in run.decoded if isinstance(event, InjectionScheduled))
    run.decoded.append(msgspec.structs.replace(plan, event_id=EventId(b"another plan, 16")))
    return run


def altered_after_the_end() -> Run:
    run = seen_in_time()
    run.alter("tick beyond the last offset", 10_000)
    return run


def ended_with_the_count_noted() -> Run:
    run = seen_in_time()
    run.end_injection(1)
    return run


def ended_with_another_count() -> Run:
    run = seen_in_time()
    run.end_injection(2)
    return run


def quiet() -> Run:
    run = Run(crash_scenario(injections=(), effects=(), expectations=()))
    run.tick("quiet tick", 1)
    return run


def twin() -> Run:
    run = Run(twin=True)
    run.tick("quiet tick", 1)
    return run


def alarmed_twin() -> Run:
    run = twin()
    run.alert("wolf", "quiet tick", 2)
    return run


@pytest.mark.parametrize(
    ("build", "verdict", "reason"),
    [
        (seen_in_time, "PASS", "the expectation was met in time"),
        (seen_at_the_last_moment, "PASS", "met in time"),
        (seen_after_escalation, "PASS", "met in time"),
        (seen_for_any_subject, "PASS", "met in time"),
        (seen_before_the_condition_held, "PASS", "met in time"),
        (alarmed_mildly_without_cause, "PASS", "no false alarm"),
        (ended_with_the_count_noted, "PASS", "met in time"),
        (altered_after_the_end, "PASS", "met in time"),
        (contradicted_by_itself, "ERROR", "stands on the log with different contents"),
        (scheduled_twice, "ERROR", "injection 'crash' was scheduled 2 times"),
        (ended_without_saying_so, "ERROR", "'crash' was to end within the run, and its end"),
        (seen_when_there_was_nothing_to_see, "MISSED", "no alert met 'shock seen'"),
        (ended_with_another_count, "ERROR", "says that it altered 2 events, and 1 are noted"),
        (quiet, "PASS", "nothing was expected"),
        (twin, "PASS", "nothing was expected"),
        (alarmed_without_cause, "FALSE_ALARM", "HIGH price_shock on BTC-USD: no injection"),
        (alarmed_twin, "FALSE_ALARM", "no injection explains it"),
        (seen_late, "LATE", "too late for 'shock seen'"),
        (late_and_alarmed, "LATE", "too late"),
        (never_seen, "MISSED", "no alert met 'shock seen'"),
        (seen_too_mildly, "MISSED", "no alert met"),
        (seen_by_another_rule, "MISSED", "no alert met"),
        (missed_and_alarmed, "MISSED", "no alert met"),
        (one_missed_one_late, "MISSED", "no alert met 'drawdown seen'"),
        (without_effect, "INVALID", "injection 'crash' altered no event"),
        (without_effect_and_alarmed, "INVALID", "altered no event"),
        (effect_too_small, "INVALID", "'crash' did not reach its stated effect"),
        (effect_on_another_measure, "INVALID", "did not reach its stated effect"),
        (condition_never_held, "INVALID", "the condition never held for 'shock seen'"),
        (one_of_two_injections_idle, "INVALID", "injection 'second crash' altered no event"),
        (never_scheduled, "ERROR", "injection 'crash' was never scheduled"),
        (scheduled_without_a_plan, "ERROR", "'stray' was scheduled, but the scenario has none"),
        (altered_by_nobody, "ERROR", "altered events, but was never scheduled"),
        (altered_event_not_on_the_log, "ERROR", "1 altered events are not among"),
    ],
)
def test_a_finished_run_has_the_verdict_of_the_rules(
    build: Callable[[], Run], verdict: str, reason: str
) -> None:
    _, report = build().judge()
    assert (report.verdict, reason in report.reason) == (verdict, True), report.reason


@pytest.mark.parametrize(
    ("build", "verdict"),
    [
        (seen_in_time, "ABORTED"),
        (without_effect, "ABORTED"),
        (never_scheduled, "ABORTED"),
        (never_seen, "ABORTED"),
        (altered_by_nobody, "ERROR"),
    ],
)
def test_an_aborted_run_is_aborted_unless_its_records_contradict_each_other(
    build: Callable[[], Run], verdict: str
) -> None:
    _, report = build().judge(status="ABORTED")
    assert report.verdict == verdict


def test_a_missed_expectation_says_that_no_monitor_answered() -> None:
    _, report = never_seen().judge(monitor_status="ABSENT")
    assert report.verdict == "MISSED"
    assert "no risk monitor answered" in report.reason


@pytest.mark.parametrize("build", [quiet, seen_in_time])
def test_silence_of_a_monitor_that_does_not_answer_proves_nothing(build: Callable[[], Run]) -> None:
    _, report = build().judge(monitor_status="SILENT")
    assert report.verdict == "INVALID"


def test_a_run_without_its_start_is_an_error() -> None:
    run = seen_in_time()
    completed = run.complete()
    graphs = folded([run.entries], run.ends())
    _, report = judge_run(gather(completed, run.decoded[1:]), graphs, EVENT_TYPES)
    assert report.verdict == "ERROR"
    assert "the start of the run is not on the log" in report.reason


def test_a_scenario_nobody_can_read_is_an_error() -> None:
    run = seen_in_time()
    run.decoded[0] = msgspec.structs.replace(run.decoded[0], scenario_json='{"name": 1}')
    _, report = run.judge()
    assert report.verdict == "ERROR"
    assert "scenario of run r1" in report.reason


def test_a_run_whose_records_were_not_all_read_is_an_error() -> None:
    run = seen_in_time()
    completed = run.complete()
    graphs = folded([run.entries], run.ends()[:-1])
    _, report = judge_run(run.evidence(completed), graphs, EVENT_TYPES)
    assert report.verdict == "ERROR"
    assert "had not been read" in report.reason


def test_the_report_counts_what_is_there() -> None:
    run = seen_in_time()
    run.put("OrderSubmitted", "order", "altered tick", 101, "orders")
    run.put("OrderSubmitted", "order", "altered tick", 101, "orders")
    run.put("OrderSubmitted", "orphan", "nobody", 101, "orders", 1)
    run.put("OrderAccepted", "orphan's child", "orphan", 101, "orders", 1)
    run.put("RecordDeadLettered", "letter", None, 101, "dead-letters")
    run.gap("orders")
    run.put("OrderSubmitted", "late order", "altered tick", 101, "orders")
    run.alert("wolf", "quiet tick", 2, severity="LOW")
    _, report = run.judge()
    assert report.duplicate_events_count == 1
    assert report.events_count == len(run.entries) - 2  # the duplicate, and the end of the run
    assert report.correlations_count == 5  # run, two ticks, the orphan's, the dead letter
    assert report.unlinked_events_count == 1
    assert report.dead_letters_count == 1
    assert (report.alerts_count, report.linked_alerts_count) == (2, 1)


def test_the_digest_depends_on_what_was_said_and_not_on_when_it_arrived() -> None:
    _, plain = seen_in_time().judge()
    delayed = seen_in_time()
    delayed.entries = [entry[:-8] + (99).to_bytes(8, "big") for entry in delayed.entries]
    _, same = delayed.judge()
    changed = seen_in_time()
    changed.tick("one more tick", 200)
    _, other = changed.judge()
    assert plain.events_digest == same.events_digest
    assert plain.events_digest != other.events_digest


def test_results_name_condition_alert_and_latencies() -> None:
    run = crash_run()
    run.alert("alert", "altered tick", 131)
    _, report = run.judge()
    (result,) = report.expectations
    (injection,) = report.injections
    assert (result.outcome, result.event_latency_us) == ("PASS", 31 * SECOND_US)
    assert result.condition_time_us == injection.effect_time_us
    assert result.alert_event_id == named("alert")
    assert result.wall_latency_ms == 20  # one record lies between trigger and alert
    assert (injection.injection_id, injection.name, injection.applied_count) == (CRASH, "crash", 1)
    assert injection.first_event_id == named("altered tick")


def test_an_early_alert_has_a_negative_latency() -> None:
    _, report = seen_before_the_condition_held().judge()
    assert report.expectations[0].event_latency_us == -49 * SECOND_US


@pytest.mark.parametrize("inputs", [(), ("altered tick",)])
def test_an_alert_dated_before_its_trigger_is_as_late_as_its_trigger(
    inputs: tuple[str, ...],
) -> None:
    run = crash_run()
    run.tick("late tick", 300)
    if not inputs:
        run.alter("late tick", 300)
    run.alert("alert", "late tick", 101, inputs)
    _, report = run.judge()
    assert report.verdict == "LATE"
    assert report.expectations[0].event_latency_us == 200 * SECOND_US


def test_an_alert_of_unknown_severity_without_cause_is_a_false_alarm() -> None:
    run = seen_in_time()
    run.alert("riddle", "quiet tick", 2, severity="UNKNOWN")
    _, report = run.judge()
    assert report.verdict == "FALSE_ALARM"


def test_an_injection_without_stated_effect_needs_any_alteration() -> None:
    run = crash_run(effects=())
    run.alert("alert", "altered tick", 101)
    _, report = run.judge()
    assert report.verdict == "PASS"
    assert report.injections[0].effect_time_us == report.injections[0].first_event_time_us


def test_two_effects_are_reached_when_the_later_one_is() -> None:
    both = tuple(
        Effect(injection="crash", measure="price BTC-USD", deviation_e8=d) for d in (1, 12_000_000)
    )
    run = Run(crash_scenario(effects=both))
    run.schedule()
    for at_s, percent in ((10, -5), (20, -11), (30, -12)):
        run.tick(f"tick {at_s}", at_s)
        run.alter(f"tick {at_s}", at_s, percent)
    run.alert("alert", "tick 30", 31)
    _, report = run.judge()
    effect_us, first_us = (
        report.injections[0].effect_time_us,
        report.injections[0].first_event_time_us,
    )
    assert effect_us is not None
    assert first_us is not None
    assert effect_us - first_us == 20 * SECOND_US


def test_an_alert_of_another_injection_does_not_meet_the_expectation() -> None:
    run = crash_run(
        injections=("crash", "other"),
        effects=(),
        expectations=(expectation(injection="other"),),
    )
    run.schedule(EventId(b"other injection!"), "other")
    run.tick("other tick", 100)
    run.alter("other tick", 100, injection_id=EventId(b"other injection!"), name="other")
    run.alert("alert", "altered tick", 101)
    _, report = run.judge()
    assert report.verdict == "MISSED"


ONE_OF_EACH: tuple[Callable[[], Run], ...] = (
    alarmed_without_cause,
    seen_after_escalation,
    one_of_two_injections_idle,
    altered_by_nobody,
)


@settings(max_examples=60)
@given(st.sampled_from(ONE_OF_EACH), st.data())
def test_the_report_is_the_same_bytes_however_the_entries_arrive(
    build: Callable[[], Run], data: st.DataObject
) -> None:
    run = build()
    for number in range(12):
        run.tick(f"tick {number}", 300 + number, partition=number % 2)
        run.put("OrderSubmitted", f"order {number}", f"tick {number}", 300 + number, "orders")
    completed = run.complete()
    expected = judge_run(run.evidence(completed), folded([run.entries], run.ends()), EVENT_TYPES)
    batches = data.draw(
        st.lists(st.lists(st.sampled_from(run.entries), max_size=9), max_size=9), label="batches"
    )
    batches.append(data.draw(st.permutations(run.entries), label="the rest"))
    events = data.draw(st.permutations(run.decoded + run.decoded[:3]), label="events")
    graphs = folded(data.draw(st.permutations(batches), label="order"), run.ends())
    found = judge_run(gather(completed, events), graphs, EVENT_TYPES)
    assert msgspec.msgpack.encode(found) == msgspec.msgpack.encode(expected)


def test_two_runs_on_the_same_topics_do_not_see_each_other() -> None:
    def report_of(after_count: int) -> AuditReported:
        run = seen_in_time()
        completed = run.complete()
        for number in range(after_count):
            run.tick(f"afterwards {number}", 10_000)
            run.alert(f"later {number}", f"afterwards {number}", 10_000)
        graphs = folded([run.entries], run.ends())
        return judge_run(run.evidence(completed), graphs, EVENT_TYPES)[1]

    assert report_of(0) == report_of(5)


def test_alerts_outside_the_run_are_not_judged() -> None:
    run = seen_in_time()
    completed = run.complete()
    stray = next(event for event in run.decoded if isinstance(event, RiskAlertRaised))
    other = msgspec.structs.replace(stray, event_id=named("of another run"))
    events = [*run.decoded, other]
    graphs = folded([run.entries], run.ends())
    _, report = judge_run(gather(completed, events), graphs, EVENT_TYPES)
    assert report.alerts_count == 1


def test_a_quiet_scenario_needs_no_injection() -> None:
    scenario: Scenario = crash_scenario(injections=(), effects=(), expectations=())
    _, report = Run(scenario).judge()
    assert report.verdict == "PASS"
