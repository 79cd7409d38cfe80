"""Each clause of the contract is broken by a history that breaks just it, and says where."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.audit.conformance.checks import CHECKS, compare_restarted, examine
from ecosystem.audit.conformance.heartbeats import latencies_ms, topics_read
from ecosystem.audit.conformance.history import MonitorHistory, Place, Told
from ecosystem.audit.conformance.lives import agrees
from ecosystem.events.alerts import RiskAlertExpired, RiskAlertsGrouped
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.words import PartitionEnd
from ecosystem.units import E8
from tests.ecosystem.audit.conformance.story import (
    ACKNOWLEDGED,
    BEATS,
    BROKEN,
    CLOCKS,
    CLOSED,
    ESCALATED,
    NOWHERE,
    OPENED,
    RAISED,
    RAISED_ID,
    RESOLVED,
    RUBBISH,
    STORY,
    TICKS,
    after,
    changed,
    history,
    inserted,
    told,
    without,
)
from tests.ecosystem.risk.facts import tick


class Breach(NamedTuple):
    """A history that breaks one clause, and words of what is said about it."""

    clause: str
    history: Callable[[], MonitorHistory]
    says: str


def of(events: Callable[[], Sequence[Event]]) -> Callable[[], MonitorHistory]:
    return lambda: history(events())


def garbage() -> MonitorHistory:
    record = Told(
        place=Place("risk-alerts", 0, len(STORY)),
        record_time_ms=0,
        key=b"",
        due_key=b"",
        event=None,
        cause="3 bytes: more than 53, frame and envelope, are allowed",
    )
    return history(more=[record])


def with_key(key: bytes) -> MonitorHistory:
    whole = history()
    first = msgspec.structs.replace(whole.told[1], key=key)
    return msgspec.structs.replace(whole, told=(whole.told[0], first, *whole.told[2:]))


def letter(origin: Place) -> RecordDeadLettered:
    return RecordDeadLettered(
        event_id=NOWHERE,
        correlation_id=NOWHERE,
        causation_id=NOWHERE,
        event_time_us=TICKS[0].event_time_us,
        origin_topic=origin.topic,
        origin_partition=origin.partition,
        origin_offset=origin.offset,
        cause="rubbish",
        steward="risk-monitor",
        record_key=b"",
        record_value=b"rubbish",
    )


def lettered(*origins: Place, rubbish: frozenset[Place] = frozenset({RUBBISH})) -> MonitorHistory:
    letters = [told(letter(origin), n, "dead-letters") for n, origin in enumerate(origins)]
    whole = history(more=letters[:1])
    again = [  # a second letter has an id of its own, so that only its origin repeats
        msgspec.structs.replace(
            one, event=msgspec.structs.replace(letter(origins[0]), **after(TICKS[0], "again"))
        )
        for one in letters[1:]
    ]
    return msgspec.structs.replace(whole, told=(*whole.told, *again), undecodable=rubbish)


def intruded() -> MonitorHistory:
    return msgspec.structs.replace(history(), strangers={("prices", 0): 2})


def late(number: int, seconds: int) -> MonitorHistory:
    whole = history()
    records = [
        msgspec.structs.replace(one, record_time_ms=one.record_time_ms + 1_000 * seconds)
        if one.event is BEATS[number]
        else one
        for one in whole.told
    ]
    return msgspec.structs.replace(whole, told=tuple(records))


def ends(number: int, topic: str, partition: int, end: int) -> Sequence[Event]:
    named = tuple(
        PartitionEnd(topic=topic, partition=partition, end_offset=end)
        if (one.topic, one.partition) == (topic, partition)
        else one
        for one in BEATS[number].ends
    )
    return changed(BEATS[number], ends=named)


def another(event: Event, **fields: object) -> Event:
    return msgspec.structs.replace(event, **fields)


ANOTHER_ID = {"event_id": NOWHERE, "alert_id": NOWHERE}
SECOND_ALERT = another(RAISED, **ANOTHER_ID, subject="ETH-USD")
GROUPED = RiskAlertsGrouped(
    **after(TICKS[3], "grouped"),
    rule="some_rule",
    subject="BTC-USD",
    severity="HIGH",
    alerts_count=51,
    since_us=TICKS[3].event_time_us + 1,
    inputs=(TICKS[3].event_id,),
    message="many",
)
BREACHES = [
    Breach("decodable", garbage, "risk-alerts/0/11: the record cannot be decoded: 3 bytes"),
    Breach(
        "event types",
        of(lambda: inserted(another(tick(5, 9), **after(TICKS[0], "mine")), BEATS[0])),
        "risk-alerts/0/0: a PriceTicked was written; CircuitBreakerClosed,",
    ),
    Breach("other topics", intruded, "prices/0 holds 2 records of no simulator"),
    Breach("keys", lambda: with_key(b"BTC"), "has the key b'BTC', and b'BTC-USD' is its key"),
    Breach(
        "event ids",
        of(lambda: inserted(BROKEN, OPENED)),
        f"is written twice: {BROKEN.event_id.hex()} stands at risk-alerts/0/4 already",
    ),
    Breach(
        "event ids",
        of(lambda: changed(CLOSED, event_id=OPENED.event_id)),
        "has the id of another event",
    ),
    Breach(
        "event ids", of(lambda: changed(CLOSED, event_id=TICKS[0].event_id)), "event at prices/0/0"
    ),
    Breach("event ids", of(lambda: changed(CLOSED, event_id=bytes(16))), "an id of zeros"),
    Breach("dead letters", lettered, "prices/1/0: no dead letter names this record"),
    Breach(
        "dead letters",
        lambda: lettered(Place("prices", 0, 2), rubbish=frozenset()),
        "names prices/0/2, and that record can be decoded",
    ),
    Breach("dead letters", lambda: lettered(RUBBISH, RUBBISH), "a second dead letter names"),
    Breach(
        "causation",
        of(lambda: changed(RESOLVED, causation_id=NOWHERE)),
        f"risk-alerts/0/8: RiskAlertResolved some_rule BTC-USD has the causation_id"
        f" {NOWHERE.hex()}, which names no production event",
    ),
    Breach(
        "causation",
        of(
            lambda: changed(
                RESOLVED, causation_id=RESOLVED.event_id, correlation_id=RESOLVED.event_id
            )
        ),
        "names itself as its cause",
    ),
    Breach(
        "causation",
        of(lambda: changed(RESOLVED, causation_id=CLOSED.event_id)),
        "no earlier one of the monitor's own",
    ),
    Breach(
        "correlation",
        of(lambda: changed(RESOLVED, correlation_id=NOWHERE)),
        f"and {TICKS[3].event_id.hex()} is that of its cause",
    ),
    Breach(
        "inputs",
        of(lambda: changed(ESCALATED, inputs=(TICKS[2].event_id, NOWHERE))),
        f"names 1 inputs that are nowhere, the first is {NOWHERE.hex()}",
    ),
    Breach(
        "inputs",
        of(lambda: changed(ESCALATED, inputs=(TICKS[0].event_id,))),
        "does not name its cause as the first of its inputs",
    ),
    Breach("inputs", of(lambda: changed(ESCALATED, inputs=())), "does not name its cause"),
    Breach(
        "event times",
        of(lambda: changed(RESOLVED, event_time_us=TICKS[3].event_time_us - 7)),
        "happens 7 us before",
    ),
    Breach(
        "event times",
        of(lambda: changed(RAISED, inputs=(TICKS[1].event_id, CLOCKS[1].event_id))),
        f"happens 7000000 us before {CLOCKS[1].event_id.hex()}, which it names",
    ),
    Breach(
        "alert lives",
        of(lambda: changed(ACKNOWLEDGED, alert_id=NOWHERE)),
        f"is about the alert {NOWHERE.hex()}, which was never raised",
    ),
    Breach(
        "alert lives",
        of(
            lambda: inserted(
                RiskAlertExpired(
                    **after(TICKS[3], "expired"),
                    alert_id=RAISED_ID,
                    rule="some_rule",
                    subject="BTC-USD",
                    reason="old",
                ),
                CLOSED,
            )
        ),
        "which has ended before",
    ),
    Breach("alert lives", of(lambda: changed(RESOLVED, rule="x")), "raised as some_rule BTC-USD"),
    Breach(
        "alert lives",
        of(
            lambda: [
                msgspec.structs.replace(one, alert_id=NOWHERE) if hasattr(one, "alert_id") else one
                for one in STORY
            ]
        ),
        "which is not its own event_id",
    ),
    Breach("alert lives", of(lambda: changed(ESCALATED, severity="LOW")), "from HIGH down to LOW"),
    Breach("alert lives", of(lambda: changed(ESCALATED, severity="HIGH")), "gives severity as"),
    Breach("alert lives", of(lambda: without(OPENED)), "that is closed"),
    Breach("words", of(lambda: changed(ESCALATED, reason="UNKNOWN")), "has an unknown reason"),
    Breach("words", of(lambda: changed(RAISED, unit="", message="")), "unit and an empty message"),
    Breach(
        "measures",
        of(lambda: changed(RAISED, utilisation_e8=93 * E8 // 100)),
        "says that 1840000 of 2000000 are a utilisation of 93000000",
    ),
    Breach("groups", of(lambda: inserted(GROUPED, BEATS[3])), "begins after it was told"),
    Breach(
        "heartbeats",
        of(lambda: without(BEATS[3])[:-3]),
        "clock/0/3: 1 of 4 clocks have no heartbeat, the first of them is clock 3",
    ),
    Breach(
        "heartbeats",
        of(lambda: inserted(another(BEATS[1], event_id=NOWHERE), ESCALATED)),
        "RiskHeartbeat 1 follows where slice 2 was due",
    ),
    Breach(
        "heartbeats",
        of(lambda: changed(BEATS[3], clock_event_id=CLOCKS[2].event_id)),
        f"and the clock of that number at clock/0/3 is {CLOCKS[3].event_id.hex()}",
    ),
    Breach(
        "heartbeats",
        of(
            lambda: changed(
                BEATS[3], causation_id=TICKS[3].event_id, correlation_id=TICKS[3].event_id
            )
        ),
        "is not caused by its clock",
    ),
    Breach("offsets", of(lambda: ends(3, "prices", 0, 9)), "prices/0 9, and it ends at 4"),
    Breach("offsets", of(lambda: ends(3, "prices", 0, 3)), "prices/0 3, and its slice ends at 4"),
    Breach("offsets", of(lambda: ends(3, "prices", 0, -1)), "prices/0 -1, and it ends at 4"),
    Breach(
        "offsets",
        of(lambda: changed(BEATS[3], ends=BEATS[3].ends[1:])),
        "not the partition of its clock, clock/0/3",
    ),
    Breach(
        "offsets",
        of(
            lambda: changed(
                BEATS[3],
                ends=(*BEATS[3].ends, PartitionEnd(topic="secrets", partition=0, end_offset=0)),
            )
        ),
        "secrets/0, which is no production partition",
    ),
    Breach(
        "slices",
        of(lambda: changed(OPENED, **after(TICKS[3], "ahead"), inputs=(TICKS[3].event_id,))),
        "names the record at prices/0/3, which lies behind the end of slice 2",
    ),
    Breach("slices", of(lambda: [*STORY, another(OPENED, event_id=NOWHERE)]), "by no heartbeat"),
    Breach(
        "counts",
        of(lambda: changed(BEATS[2], alerts_active_count=2)),
        "says that 2 alerts are active, and 1 are",
    ),
    Breach("counts", of(lambda: changed(BEATS[3], events_count=1)), "counts 1 events and 0"),
    Breach(
        "in time",
        lambda: late(0, 60),
        "clock/0/0: slice 0 is answered after 61.0 s on the wall, and 40.0 s are allowed",
    ),
    Breach("in time", lambda: late(2, 30), "after 31.0 s on the wall, and 20.0 s are allowed"),
]


def test_a_monitor_that_does_everything_right_keeps_every_clause() -> None:
    assert [list(result.sentences()) for result in examine(history())] == [[]] * len(CHECKS)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: f"{breach.clause}: {breach.says}")
def test_a_history_that_breaks_one_clause_breaks_no_other(breach: Breach) -> None:
    results = examine(breach.history())
    assert [result.name for result in results if not result.kept] == [breach.clause]
    (broken,) = (result for result in results if not result.kept)
    (sentence, *_) = broken.sentences()
    assert breach.says in sentence
    assert sentence.endswith(f"; the contract asks that {broken.asks}")


def test_every_clause_is_broken_by_some_history() -> None:
    assert {breach.clause for breach in BREACHES} == {check.name for check in CHECKS}


def test_a_dead_letter_for_each_undecodable_record_is_in_order() -> None:
    assert all(result.kept for result in examine(lettered(RUBBISH)))


def test_a_second_alert_of_one_rule_and_subject_is_told() -> None:
    twice = inserted(another(RAISED, **ANOTHER_ID), BEATS[1])
    broken = {result.name: result for result in examine(history(twice)) if not result.kept}
    assert set(broken) == {"alert lives", "counts"}
    assert "while another alert" in next(broken["alert lives"].sentences())


def test_an_offset_that_goes_back_is_told() -> None:
    back = ends(2, "prices", 0, 4)  # it may have read ahead, but then it has
    broken = [result for result in examine(history(back)) if not result.kept]
    assert broken == []
    forth_and_back = [
        another(one, ends=ends_of(one, 3)) if one is BEATS[3] else one
        for one in ends(2, "prices", 0, 4)
    ]
    (offsets,) = (result for result in examine(history(forth_and_back)) if not result.kept)
    assert "prices/0 3, and it had reached 4" in next(offsets.sentences())


def ends_of(event: Event, end: int) -> tuple[PartitionEnd, ...]:
    named: tuple[PartitionEnd, ...] = getattr(event, "ends", ())
    return tuple(
        msgspec.structs.replace(one, end_offset=end)
        if (one.topic, one.partition) == ("prices", 0)
        else one
        for one in named
    )


def test_what_a_person_did_needs_no_cause() -> None:
    by_hand = changed(OPENED, causation_id=OPENED.event_id, correlation_id=OPENED.event_id)
    assert all(result.kept for result in examine(history(by_hand)))


def test_latencies_are_those_of_the_first_answers() -> None:
    assert latencies_ms(history()) == {0: 1_000, 1: 1_000, 2: 1_000, 3: 1_000}


def test_topics_of_which_nothing_was_read_are_not_called_read() -> None:
    nothing = tuple(msgspec.structs.replace(end, end_offset=0) for end in BEATS[0].ends)
    assert topics_read(history()) == ("clock", "prices")
    assert topics_read(history([another(BEATS[0], ends=nothing)])) == ()


@given(st.lists(st.sampled_from(range(len(STORY))), max_size=2 * len(STORY)))
def test_whatever_a_monitor_says_in_whatever_order_every_clause_has_an_answer(
    order: list[int],
) -> None:
    kept = {result.name: result.kept for result in examine(history(STORY[n] for n in order))}
    assert list(kept) == [check.name for check in CHECKS]
    assert kept["event ids"] == (len(set(order)) == len(order))
    assert kept["heartbeats"] == ([STORY[n] for n in order if STORY[n] in BEATS] == list(BEATS))


def test_a_restarted_monitor_that_says_the_same_keeps_the_clause_whatever_its_ids() -> None:
    renamed = changed(CLOSED, event_id=NOWHERE)
    assert compare_restarted(history(), history(renamed)).kept


def test_what_a_restart_lost_and_what_it_doubled_is_told() -> None:
    lost = compare_restarted(history(), history(without(ESCALATED)))
    assert [finding.found for finding in lost.findings] == [
        f"RiskAlertEscalated some_rule BTC-USD CRITICAL 3000000 at {ESCALATED.event_time_us} us"
        " is lost"
    ]
    doubled = compare_restarted(history(), history([*STORY, another(RAISED, **ANOTHER_ID)]))
    (sentence,) = doubled.sentences()
    assert "RiskAlertRaised some_rule BTC-USD HIGH" in sentence
    assert "is told too often; the contract asks that a monitor that is killed" in sentence


@given(st.integers(0, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_a_utilisation_that_is_measured_over_limit_agrees_either_way_round(
    measured_e8: int, limit_e8: int
) -> None:
    assert agrees(measured_e8, limit_e8, measured_e8 * E8 // limit_e8)
    assert agrees(limit_e8, measured_e8, measured_e8 * E8 // limit_e8)


@given(st.integers(E8, 10**6 * E8), st.integers(E8, 10**6 * E8), st.integers(-E8, E8))
def test_a_utilisation_that_is_a_thousandth_off_does_not_agree(
    measured_e8: int, limit_e8: int, sign: int
) -> None:
    true_e8 = measured_e8 * E8 // limit_e8
    inverse_e8 = limit_e8 * E8 // measured_e8
    stated_e8 = true_e8 + max(true_e8 // 1_000, 1_000) * (1 if sign >= 0 else -1)
    if abs(stated_e8 - inverse_e8) > 10 + inverse_e8 // 10**6:
        assert not agrees(measured_e8, limit_e8, stated_e8)


def test_a_second_alert_of_another_subject_is_in_order() -> None:
    counts = dict(zip((beat.event_id for beat in BEATS), (0, 2, 2, 1), strict=True))
    both = [
        another(one, alerts_active_count=counts[one.event_id]) if one.event_id in counts else one
        for one in inserted(SECOND_ALERT, BEATS[1])
    ]
    assert all(result.kept for result in examine(history(both)))
