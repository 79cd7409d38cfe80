"""Finished runs derived again: the same when nothing was changed, and the first change if not."""

import random
import subprocess
import sys
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import RiskAlertRaised, RiskHeartbeat
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from eventlog.dead_letters import dead_letter
from eventlog.records import RawRecord
from replay.errors import HistoryCutError, UnfinishedRunError, UnknownRunError
from replay.history import History, MemoryHistory, Ranges
from replay.rederive import Outcome, Progress, rederive_from
from tests.ecosystem.risk.facts import LIMITS_FILE, with_version
from tests.replay.runs import (
    CATALOGUE,
    CRASH,
    LIMITS_TEXT,
    SHIPPED_VERSION,
    InMemory,
    RunOnLog,
    written,
)


@pytest.fixture
def log() -> InMemory:
    """An empty log in memory."""
    return InMemory()


def replayed(log: InMemory, run_id: str = "r1") -> Outcome:
    return rederive_from(MemoryHistory(log.log), CATALOGUE, run_id, lambda progress: None)


def difference(outcome: Outcome) -> str:
    assert outcome.difference is not None, outcome
    return outcome.difference.text


def number_of(events: Iterable[Event], kind: type[Event]) -> int:
    return next(number for number, event in enumerate(events) if isinstance(event, kind))


class Shuffling:
    """A history whose partitions come interleaved by chance, as a broker's do."""

    def __init__(self, log: InMemory, seed: int) -> None:
        self._inner = MemoryHistory(log.log)
        self._chance = random.Random(seed)

    def bounds(self, topics: list[str]) -> Ranges:
        return self._inner.bounds(topics)

    def read(self, ranges: Ranges) -> Iterator[RawRecord]:
        left = [list(self._inner.read({place: bounds})) for place, bounds in ranges.items()]
        while left := [records for records in left if records]:
            yield self._chance.choice(left).pop(0)


def test_a_run_that_nobody_touched_is_identical(log: InMemory) -> None:
    run = written(log)
    outcome = replayed(log)
    assert outcome.identical
    assert outcome.verdict == "PASS"
    assert outcome.slices_count == len(CRASH)
    assert outcome.compared["risk-alerts"] == len(log.events("risk-alerts")) > len(CRASH)
    assert outcome.compared["audit-timelines"] == len(log.events("audit-timelines")) > 0
    assert outcome.compared["audit-reports"] == 1
    assert outcome.records_count == sum(p.end_offset for p in run.completed.ranges)


@pytest.mark.parametrize("window_records", [1, 3, 20, 10**6])
@pytest.mark.parametrize("seed", [1, 2])
def test_how_the_log_is_read_makes_no_difference(
    log: InMemory, window_records: int, seed: int
) -> None:
    written(log)
    history: History = Shuffling(log, seed)  # type: ignore[assignment] # lists are sequences
    outcome = rederive_from(history, CATALOGUE, "r1", lambda progress: None, window_records)
    assert outcome == replayed(log)


def test_progress_ends_with_everything_read(log: InMemory) -> None:
    written(log)
    told: list[Progress] = []
    rederive_from(MemoryHistory(log.log), CATALOGUE, "r1", told.append, window_records=10)
    assert told[-1].records_done == told[-1].records_total
    assert [p.records_done for p in told] == sorted(p.records_done for p in told)


def test_an_alert_of_another_severity_is_told_with_both(log: InMemory) -> None:
    written(log)
    number = number_of(log.events("risk-alerts"), RiskAlertRaised)
    alert = log.events("risk-alerts")[number]
    assert isinstance(alert, RiskAlertRaised)
    log.alter("risk-alerts", number, severity="LOW")
    assert difference(replayed(log)) == (
        f"risk-alerts/0/{number}: RiskAlertRaised {alert.event_id.hex()}: severity is 'LOW' on"
        f" the log and {alert.severity!r} when derived"
    )


def test_an_alert_that_is_missing_is_told(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    events = log.events("risk-alerts")
    number = number_of(events, RiskAlertRaised)
    log.rewrite("risk-alerts", lambda records: records[:number] + records[number + 1 :])
    run.complete()
    run.audit()
    assert difference(replayed(log)) == (
        f"risk-alerts/0/{number}: RiskAlertRaised {events[number].event_id.hex()} is derived,"
        " and is not on the log"
    )


def test_an_alert_too_many_is_told(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    events = log.events("risk-alerts")
    alert = events[number_of(events, RiskAlertRaised)]
    invented = EventId(derive_id(alert.event_id, "test/invented"))
    run.append([msgspec.structs.replace(alert, event_id=invented, subject="ETH-BTC")])
    run.complete()
    run.audit()
    assert difference(replayed(log)) == (
        f"risk-alerts/0/{len(events)}: RiskAlertRaised {invented.hex()} is on the log,"
        " and is not derived"
    )


def test_two_alerts_that_changed_places_are_told(log: InMemory) -> None:
    written(log)
    log.rewrite("risk-alerts", lambda records: [records[1], records[0], *records[2:]])
    assert "is derived at another place" in difference(replayed(log))


def test_an_alert_under_another_key_is_told(log: InMemory) -> None:
    written(log)
    log.rewrite(
        "risk-alerts", lambda rs: [*rs[:-1], msgspec.structs.replace(rs[-1], key=b"elsewhere")]
    )
    assert "the record's key is b'elsewhere' on the log" in difference(replayed(log))


def test_a_heartbeat_that_names_another_slice_is_told(log: InMemory) -> None:
    written(log)
    heartbeat = log.events("risk-alerts")[0]
    assert isinstance(heartbeat, RiskHeartbeat)
    end = msgspec.structs.replace(heartbeat.ends[0], end_offset=4_711)
    log.alter("risk-alerts", 0, ends=(end, *heartbeat.ends[1:]))
    assert "ends[0].end_offset is 4711 on the log" in difference(replayed(log))


def test_a_verdict_that_was_changed_is_told(log: InMemory) -> None:
    written(log)
    log.alter("audit-reports", 0, verdict="MISSED")
    assert difference(replayed(log)).endswith(
        "verdict is 'MISSED' on the log and 'PASS' when derived"
    )


def test_a_changed_field_deep_in_the_report_is_named(log: InMemory) -> None:
    written(log)
    report = log.events("audit-reports")[0]
    (result,) = report.expectations  # type: ignore[attr-defined] # an AuditReported
    log.alter("audit-reports", 0, expectations=(msgspec.structs.replace(result, within_us=1),))
    assert "expectations[0].within_us is 1 on the log" in difference(replayed(log))


def test_a_timeline_that_was_changed_is_told(log: InMemory) -> None:
    written(log)
    log.alter("audit-timelines", 0, wall_latency_ms=0)
    assert difference(replayed(log)).startswith("audit-timelines/0/0: TimelineCompleted")


def test_a_run_that_was_never_judged_lacks_its_findings(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    run.complete()
    text = difference(replayed(log))
    assert text.startswith("audit-timelines/0/end: TimelineCompleted")
    assert text.endswith("is derived, and is not on the log")


def test_findings_that_the_auditor_wrote_twice_count_once(log: InMemory) -> None:
    run = written(log)
    run.append(log.events("audit-timelines"))
    run.append(log.events("audit-reports"))
    assert replayed(log).identical


def test_a_second_verdict_that_differs_from_the_first_is_told(log: InMemory) -> None:
    run = written(log)
    report = log.events("audit-reports")[0]
    run.append([msgspec.structs.replace(report, verdict="LATE")])
    assert "verdict is 'LATE' on the log" in difference(replayed(log))


def test_slices_by_arrival_are_fed_as_they_were_recorded(log: InMemory) -> None:
    written(log, "LIVE")
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert outcome.slices_count == 2
    number = number_of(log.events("risk-alerts"), RiskAlertRaised)
    log.alter("risk-alerts", number, measured_e8=0)
    assert "measured_e8 is 0 on the log" in difference(replayed(log))


def test_a_live_run_may_end_between_an_alert_and_its_heartbeat(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open(host="LIVE")
    run.fill(CRASH[:2])
    run.watch(1, "arrival")
    heartbeats_count = len(log.events("risk-alerts"))
    run.fill(CRASH[2:])
    run.watch(1, "arrival")
    late = log.log.partitions["risk-alerts", 0][heartbeats_count + 2 :]
    log.rewrite("risk-alerts", lambda records: records[: heartbeats_count + 2])
    run.complete()
    run.audit()
    log.rewrite("risk-alerts", lambda records: [*records, *late])
    assert replayed(log).identical


def test_a_heartbeat_of_a_live_run_may_name_records_behind_its_end(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open(host="LIVE")
    run.fill(CRASH[:3])
    early = {place: end for place, end in log.ends().items() if place[0] == "prices"}
    run.fill(CRASH[3:])
    run.watch(1, "arrival")
    run.complete(asked_early=early)
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert outcome.compared["risk-alerts"] == len(log.events("risk-alerts"))


def test_a_later_run_is_judged_with_what_the_monitor_remembers(log: InMemory) -> None:
    run = written(log)
    first = replayed(log)
    run.open("r2")
    run.fill((0.7, 0.6, 0.7))
    run.watch(3)
    run.complete()
    run.audit()
    second = replayed(log, "r2")
    assert second.identical, second
    assert second.slices_count == 3
    assert replayed(log) == first
    number = len(log.events("risk-alerts")) - 1
    log.alter("risk-alerts", number, events_count=0)
    assert "events_count is 0 on the log" in difference(replayed(log, "r2"))
    assert replayed(log) == first


def test_limits_of_the_run_are_used_and_not_those_shipped(log: InMemory) -> None:
    text = with_version(LIMITS_TEXT, 9).replace("move = 0.02", "move = 0.2")
    run = RunOnLog(log)
    run.open(settings_json=msgspec.json.encode({"limits_toml": text}).decode())
    run.fill()
    run.watch(limits_text=text)
    run.complete()
    run.audit()
    assert replayed(log).identical
    raised = [event for event in log.events("risk-alerts") if isinstance(event, RiskAlertRaised)]
    assert {alert.limit_version for alert in raised} == {9}


def test_limits_that_the_run_does_not_name_are_found_out(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open(settings_json="{}")
    run.fill()
    run.watch(limits_text=with_version(LIMITS_FILE.read_text(), 9))
    run.complete()
    run.audit()
    assert f"limit_version is 9 on the log and {SHIPPED_VERSION} when derived" in difference(
        replayed(log)
    )


def test_what_another_monitor_said_is_taken_as_it_stands(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open(settings_json='{"monitor_command": ["their-monitor"]}')
    run.fill()
    run.watch(limits_text=LIMITS_TEXT.replace("move = 0.02", "move = 0.03"))
    run.complete()
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome.difference
    assert outcome.foreign_monitor
    assert set(outcome.compared) == {"audit-timelines", "audit-reports"}
    log.alter("audit-reports", 0, alerts_count=0)
    assert "alerts_count is 0 on the log" in difference(replayed(log))


@pytest.mark.parametrize("settings_json", ["{", '{"limits_toml": "version = true"}'])
def test_settings_that_make_no_sense_are_refused(log: InMemory, settings_json: str) -> None:
    run = RunOnLog(log)
    run.open(settings_json=settings_json)
    run.fill()
    run.watch()
    run.complete()
    run.audit()
    with pytest.raises(InvalidInputError, match="run r1"):
        replayed(log)


def test_dead_letters_of_the_monitor_are_derived_and_others_left_alone(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.put_rubbish("prices", 1)
    run.put_rubbish("strategy-signals", 0)
    run.fill()
    run.watch()
    rubbish = log.log.partitions["strategy-signals", 0][0]
    run.append([dead_letter(rubbish, "unknown schema", "audit-correlator")])
    run.complete()
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert outcome.compared["dead-letters"] == 1
    log.alter("dead-letters", number_of(log.events("dead-letters"), RecordDeadLettered), cause="?")
    assert "cause is '?' on the log" in difference(replayed(log))


def test_bytes_among_the_alerts_that_are_no_event_are_told(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    run.put_rubbish("risk-alerts", 0)
    run.complete()
    run.audit()
    assert "a record that cannot be decoded is on the log" in difference(replayed(log))


@pytest.mark.parametrize("answered_count", [1, 3, 5, 7])
def test_a_monitor_that_was_killed_on_the_way_makes_no_difference(
    log: InMemory, answered_count: int
) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill(CRASH[:answered_count])
    run.watch(answered_count)
    run.kill_monitor()
    run.fill(CRASH[answered_count:])
    run.watch(len(CRASH) - answered_count)
    run.complete()
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert outcome.verdict == "PASS"


def test_a_monitor_that_fell_silent_is_held_to_what_it_said(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill(CRASH[:4])
    run.watch(4)
    run.fill(CRASH[4:])
    run.complete("SILENT")
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    log.alter("risk-alerts", len(log.events("risk-alerts")) - 1, alerts_active_count=77)
    assert "alerts_active_count is 77 on the log" in difference(replayed(log))


def test_a_monitor_that_answered_owes_every_answer(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill(CRASH[:4])
    run.watch(4)
    run.fill(CRASH[4:])
    run.complete("ANSWERED")
    run.audit()
    assert "risk-alerts/0/end" in difference(replayed(log))


def test_without_a_monitor_no_answer_is_due(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.complete("ABSENT")
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert (outcome.verdict, outcome.slices_count) == ("MISSED", 0)


def test_an_aborted_run_can_be_replayed(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill(CRASH[:4])
    run.watch(4)
    run.complete(status="ABORTED")
    run.audit()
    outcome = replayed(log)
    assert outcome.identical, outcome
    assert outcome.verdict == "ABORTED"


def test_a_run_nobody_heard_of_is_refused(log: InMemory) -> None:
    written(log)
    with pytest.raises(UnknownRunError, match="run r2: the log has no run of this name"):
        replayed(log, "r2")
    with pytest.raises(InvalidInputError, match="the id of a run is allowed"):
        replayed(log, "")


def test_a_run_that_goes_on_is_refused(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    with pytest.raises(UnfinishedRunError, match="its end is not on the log"):
        replayed(log)


def test_a_history_that_retention_has_cut_is_not_called_full(log: InMemory) -> None:
    written(log)
    place = next(place for place, records in log.log.partitions.items() if len(records) > 5)
    history = MemoryHistory(log.log, starts={place: 3, ("audit-reports", 0): 1})
    with pytest.raises(HistoryCutError) as caught:
        rederive_from(history, CATALOGUE, "r1", lambda progress: None)
    assert f"{place[0]}/{place[1]}: offset 0 is needed, 3 is the first that is left" in str(
        caught.value
    )
    assert "audit-reports/0: offset 0 is needed, 1 is the first" in str(caught.value)


def test_a_log_that_ends_before_the_run_does_is_refused(log: InMemory) -> None:
    written(log)
    log.rewrite("risk-alerts", lambda records: records[:-1])
    with pytest.raises(HistoryCutError, match=r"risk-alerts/0: offset \d+ must be reached"):
        replayed(log)


def test_replay_does_without_faust() -> None:
    code = "import sys, replay.rederive; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
