"""Chains from alerts to injections, and the reasons for none."""

import pytest

from ecosystem.events.words import EventId
from ecosystem.units import SECOND_US
from tests.ecosystem.audit.runs import CRASH, START_US, Run, crash_run, named


def hops(run: Run) -> list[list[EventId]]:
    return [[hop.hop_event_id for hop in line.hops] for line in run.judge()[0]]


def names(*given: str) -> list[EventId]:
    return [named(name) for name in given]


PLAN = ("plan crash", "crash>altered tick")


def with_orders(run: Run, tick: str, at_s: int) -> None:
    run.put("OrderSubmitted", f"order on {tick}", tick, at_s, "orders")
    run.put("OrderAccepted", f"yes to {tick}", f"order on {tick}", at_s, "orders")
    run.put("OrderFilled", f"fill of {tick}", f"yes to {tick}", at_s, "fills")
    run.put("BalanceChanged", f"balance {tick}", f"fill of {tick}", at_s, "balances")


def test_an_alert_on_an_altered_tick_has_the_shortest_chain() -> None:
    run = crash_run()
    run.alert("alert", "altered tick", 101, inputs=["altered tick", "quiet tick"])
    assert hops(run) == [names(*PLAN, "altered tick", "alert")]


def test_an_alert_on_a_balance_tells_of_order_and_fill() -> None:
    run = crash_run()
    with_orders(run, "altered tick", 101)
    run.alert("alert", "balance altered tick", 102, inputs=["balance altered tick", "altered tick"])
    assert hops(run) == [
        names(
            *PLAN,
            "altered tick",
            "order on altered tick",
            "yes to altered tick",
            "fill of altered tick",
            "balance altered tick",
            "alert",
        )
    ]


def test_inputs_speak_where_the_trigger_was_left_alone() -> None:
    run = crash_run()
    with_orders(run, "quiet tick", 101)
    run.alert("alert", "balance quiet tick", 102, inputs=["balance quiet tick", "altered tick"])
    assert hops(run) == [names(*PLAN, "altered tick", "alert")]


def test_of_several_inputs_the_shortest_chain_is_told() -> None:
    run = crash_run()
    with_orders(run, "altered tick", 101)
    run.tick("trigger", 102)
    run.alert("alert", "trigger", 102, inputs=["balance altered tick", "altered tick"])
    assert hops(run) == [names(*PLAN, "altered tick", "alert")]


def test_what_an_earlier_alert_rested_on_counts_for_what_it_caused() -> None:
    run = crash_run()
    run.alert("first", "quiet tick", 101, inputs=["altered tick"])
    run.put("OrderSubmitted", "emergency", "first", 102, "orders")
    run.alert("second", "emergency", 103)
    assert hops(run) == [
        names(*PLAN, "altered tick", "first"),
        names(*PLAN, "altered tick", "first", "emergency", "second"),
    ]


def test_an_alert_explained_by_two_injections_has_two_timelines() -> None:
    other = EventId(b"other injection!")
    run = crash_run(injections=("crash", "other"), effects=())
    run.schedule(other, "other")
    run.tick("other tick", 100)
    run.alter("other tick", 100, injection_id=other, name="other")
    run.alert("alert", "altered tick", 101, inputs=["other tick"])
    timelines, report = run.judge()
    assert {line.injection_id for line in timelines} == {CRASH, other}
    assert len({line.event_id for line in timelines}) == 2
    assert report.linked_alerts_count == 1


def test_closeness_in_time_is_no_link() -> None:
    run = crash_run()
    run.tick("same moment", 100, partition=1)
    run.alert("alert", "same moment", 100, severity="HIGH")
    timelines, report = run.judge()
    assert timelines == []
    assert [alert.alert_event_id for alert in report.unlinked_alerts] == [named("alert")]


def unlinked_reason(run: Run) -> str:
    _, report = run.judge()
    (alert,) = report.unlinked_alerts
    return alert.reason


def test_the_reason_says_that_no_ancestor_was_altered() -> None:
    run = crash_run()
    with_orders(run, "quiet tick", 101)
    run.alert("alert", "balance quiet tick", 102)
    assert unlinked_reason(run) == "no injection altered any of its 5 ancestors"


def test_the_reason_says_that_nothing_had_been_altered_at_all() -> None:
    run = Run()
    run.tick("quiet tick", 1)
    run.alert("alert", "quiet tick", 2)
    assert unlinked_reason(run) == "no injection had altered any event"


def test_the_reason_names_the_cause_that_is_missing_and_its_effect() -> None:
    run = crash_run()
    run.put("OrderSubmitted", "orphan", "nobody", 101, "orders", 1)
    run.alert("alert", "orphan", 102)
    assert unlinked_reason(run) == (
        f"the cause {named('nobody').hex()} of the event at orders/1/0"
        " is not among the records of the run"
    )


def test_the_reason_names_the_input_that_is_missing() -> None:
    run = crash_run()
    run.alert("alert", "quiet tick", 102, inputs=["nothing", "nobody"])
    assert unlinked_reason(run) == (
        f"the input {named('nothing').hex()} of the event at risk-alerts/0/0 (and 1 more)"
        " is not among the records of the run"
    )


@pytest.mark.parametrize("inputs", [["alert"], ["second"], ["second", "alert"]])
def test_alerts_that_name_each_other_end_the_search(inputs: list[str]) -> None:
    run = crash_run()
    run.alert("second", "quiet tick", 101, inputs=["alert"])
    run.alert("alert", "quiet tick", 102, inputs=inputs)
    timelines, report = run.judge()
    assert timelines == []
    assert len(report.unlinked_alerts) == 2


def test_a_timeline_says_where_each_event_lies_and_what_time_it_took() -> None:
    run = crash_run()
    run.alert("alert", "altered tick", 131)
    ((line,), _) = run.judge()
    assert [hop.event_type for hop in line.hops] == [
        "InjectionScheduled",
        "InjectionApplied",
        "PriceTicked",
        "RiskAlertRaised",
    ]
    assert [(hop.topic, hop.partition, hop.offset) for hop in line.hops] == [
        ("scenario-injections", 0, 1),
        ("scenario-injections", 0, 2),
        ("prices", 0, 1),
        ("risk-alerts", 0, 0),
    ]
    assert line.event_latency_us == 31 * SECOND_US
    assert line.wall_latency_ms == 20
    assert line.hops[-1].hop_time_us == START_US + 131 * SECOND_US
