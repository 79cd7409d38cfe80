"""What the door shows stands on the log, is whole, and is the same after a restart."""

from collections.abc import Iterator
from typing import Any

import pytest

from consumers.risk_monitor.door import memory as remembered
from consumers.risk_monitor.door.memory import Case, Curve, Memory, Sample
from consumers.risk_monitor.door.window import MonitorWindow
from doors.fields import decimal
from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.risk.rules.registry import RULES
from ecosystem.units import E8, SECOND_US
from tests.consumers.risk_monitor.door.stands import MonitorStand, until
from tests.consumers.risk_monitor.worlds import CRASH
from tests.ecosystem.risk.facts import at, event_id, fill, tick

FALL = CRASH[:6]
PATHS = (
    "status",
    "snapshot",
    "positions",
    "pnl",
    "pnl/history",
    "exposure",
    "compliance",
    "alerts",
    "timeline",
    "limits",
    "limits/history",
)


@pytest.fixture
def stand() -> Iterator[MonitorStand]:
    """A monitor that has not seen anything yet."""
    with MonitorStand() as found:
        yield found


def said(stand: MonitorStand, kind: type[Event]) -> list[Any]:
    return [event for event in stand.world.events("risk-alerts") if isinstance(event, kind)]


def test_an_empty_monitor_says_so(stand: MonitorStand) -> None:
    status = stand.get("/api/v1/status")
    assert status["event_time"] is None
    assert status["slice"] == -1
    assert status["breaker"]["state"] == "CLOSED"
    assert sum(status["alerts_active"].values()) == 0
    assert stand.get("/api/v1/positions") == []
    assert stand.get("/api/v1/pnl/history") == []
    assert stand.get("/api/v1/alerts")["total"] == 0


def test_the_status_tells_slice_event_time_and_counts(stand: MonitorStand) -> None:
    stand.world.put_rubbish()
    stand.write(*FALL)
    status = stand.get("/api/v1/status")
    assert status["slice"] == len(FALL) - 1
    assert status["event_time"] == "2026-01-05T00:01:00.000000Z"
    assert status["events_count"] == 4 * len(FALL) + 3
    assert status["undecodable_count"] == 1
    assert status["alerts_active"]["CRITICAL"] == 2
    assert 0 <= status["lag_s"] < 5
    assert not status["stale"]
    assert {feed["instrument"]: feed["age_s"] for feed in status["feeds"]} == {
        "BTC-USD": 10.0,
        "ETH-USD": 10.0,
        "USDT-USD": 10.0,
    }


def test_input_that_cannot_be_true_is_counted_by_defect(stand: MonitorStand) -> None:
    stand.write(1.0)
    stand.world.append([tick(11, -5.0), tick(12, 60_000, bid_e8=7 * E8, ask_e8=6 * E8)])
    stand.write(1.0)
    assert stand.get("/api/v1/status")["defects"] == {
        "PRICE_CROSSED": 1,
        "PRICE_NOT_POSITIVE": 1,
    }


def test_positions_are_netted_and_say_where_they_are(stand: MonitorStand) -> None:
    stand.write(1.0)
    bitcoin = stand.get("/api/v1/positions")[0]
    assert (bitcoin["asset"], bitcoin["quantity"], bitcoin["value"]) == ("BTC", "2", "120000")
    places = [(one["venue"], one["account"], one["quantity"]) for one in bitcoin["places"]]
    assert places == [("exchange-okx", "firm-momentum", "2")]


def test_profit_is_told_in_its_parts(stand: MonitorStand) -> None:
    stand.write(1.0)
    stand.world.append([fill(11, "BUY", E8, 60_000 * E8)])
    stand.write(0.9)
    pnl = stand.get("/api/v1/pnl")
    assert pnl["total"] == "-24000"
    assert pnl["equity"] == "246000"
    assert pnl["drawdown"] == "0.08888888"
    (trading,) = pnl["trading"]
    assert (trading["instrument"], trading["quantity"]) == ("BTC-USD", "1")
    assert trading["unrealised"] == "-6000"
    assert pnl["unrealised"] == "-6000"


def test_delta_leverage_and_concentration_are_told(stand: MonitorStand) -> None:
    stand.write(1.0)
    told = {one["name"]: one for one in stand.get("/api/v1/exposure")}
    assert told["gross_exposure"]["value"] == "240000"
    assert told["leverage"]["value"] == "0.88888888"
    assert told["delta_BTC"]["value"] == "2"
    assert told["delta_BTC"]["note"] == "worth 120,000 USD, 44 % of the equity"
    assert told["var_99"]["value"] is None
    assert "30 minutes" in told["var_99"]["note"]


def test_value_at_risk_is_told_by_both_methods_once_there_are_returns(
    stand: MonitorStand,
) -> None:
    stand.write(*[1.0 + 0.0005 * (number % 7) for number in range(6 * 32)])
    told = {one["name"]: one for one in stand.get("/api/v1/exposure")}
    estimate = stand.service_engine.state.value_at_risk.estimate()
    assert estimate is not None
    for name, both in (
        ("var_95", (estimate.historical_var95_e8, estimate.parametric_var95_e8)),
        ("var_99", (estimate.historical_var99_e8, estimate.parametric_var99_e8)),
        ("expected_shortfall_95", (estimate.historical_es95_e8, estimate.parametric_es95_e8)),
        ("expected_shortfall_99", (estimate.historical_es99_e8, estimate.parametric_es99_e8)),
    ):
        assert told[name]["value"] == decimal(max(both))
        assert f"{both[0] // E8:,} USD historical" in told[name]["note"]
    assert (
        stand.metrics.registry.get_sample_value("risk_data_staleness_seconds", {"input": "any"})
        is not None
    )


def test_the_curve_is_sampled_on_event_time(stand: MonitorStand) -> None:
    stand.write(*FALL)
    points = stand.get("/api/v1/pnl/history")
    assert [point["time"][17:19] for point in points] == ["10", "20", "30", "40", "50", "00"]
    assert [point["total"] for point in points][-1] == stand.get("/api/v1/pnl")["total"]
    assert len(stand.get("/api/v1/pnl/history", step="5m")) == 1


def test_an_alert_names_what_it_rests_on(stand: MonitorStand) -> None:
    stand.write(*FALL)
    listed = stand.get("/api/v1/alerts", rule="drawdown")["items"][0]
    alert = stand.get(f"/api/v1/alerts/{listed['alert_id']}")
    raised = next(one for one in said(stand, RiskAlertRaised) if one.rule == "drawdown")
    last = [one for one in said(stand, RiskAlertEscalated) if one.rule == "drawdown"][-1]
    assert alert["trigger"] == raised.causation_id.hex()
    assert alert["inputs"] == [one.hex() for one in last.inputs]
    assert alert["measured"] == "0.14222222"
    assert alert["limit"] == "0.15"
    assert (alert["rule_version"], alert["limit_version"]) == (
        last.rule_version,
        last.limit_version,
    )
    assert [one["event"] for one in alert["events"]] == [
        "RiskAlertRaised",
        "RiskAlertEscalated",
        "RiskAlertEscalated",
    ]


def test_alerts_are_filtered_and_come_in_pages(stand: MonitorStand) -> None:
    stand.write(*CRASH)
    everything = stand.get("/api/v1/alerts")["items"]
    assert {one["state"] for one in everything} == {"ACTIVE", "RESOLVED"}
    active = stand.get("/api/v1/alerts", state="ACTIVE")["items"]
    over = stand.get("/api/v1/alerts", state="RESOLVED")["items"]
    assert everything == active + over
    assert all(one["ended_time"] for one in over)
    worst = stand.get("/api/v1/alerts", severity="CRITICAL", subject="BTC-USD")["items"]
    assert [(one["rule"], one["subject"]) for one in worst] == [("price_shock", "BTC-USD")]
    walked = [
        stand.get("/api/v1/alerts", limit=1, offset=number)["items"][0]
        for number in range(len(everything))
    ]
    assert walked == everything


def test_an_unknown_alert_and_an_unknown_version_are_not_found(stand: MonitorStand) -> None:
    for path in (f"alerts/{'0' * 32}", "limits/history/7"):
        answer = stand.client.get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_timeline_is_in_words_latest_first(stand: MonitorStand) -> None:
    stand.write(*CRASH)
    told = stand.get("/api/v1/timeline", limit=500)["items"]
    titles = [one["title"] for one in told]
    assert titles[-1] == "price shock on ETH-USD raised"
    assert "price shock on BTC-USD resolved" not in titles[-3:]
    assert "mandate price shock on BTC-USD broken" in titles
    assert [one["time"] for one in told] == sorted((one["time"] for one in told), reverse=True)


def test_mandates_that_are_broken_come_first(stand: MonitorStand) -> None:
    stand.write(*FALL)
    found = stand.get("/api/v1/compliance", limit=500)["items"]
    broken = [(one["mandate"], one["subject"]) for one in found if not one["compliant"]]
    assert broken == [("price_shock", "BTC-USD"), ("price_shock", "ETH-USD")]
    assert [one["compliant"] for one in found] == sorted(one["compliant"] for one in found)


def test_every_rule_shows_its_limit_and_what_is_used_of_it(stand: MonitorStand) -> None:
    stand.write(*FALL)
    limits = stand.get("/api/v1/limits")
    assert [rule["rule"] for rule in limits["rules"]] == list(RULES)
    shock = limits["rules"][0]
    assert shock["limit"] == {"move": "0.02", "window_us": 300 * SECOND_US}
    assert shock["shares"]["CRITICAL"] == "1"
    used = shock["utilisation"][0]
    assert (used["level"], used["utilisation"]) == ("CRITICAL", "8")


def test_a_venue_shows_what_it_said_of_itself(stand: MonitorStand) -> None:
    down = VenueStatusChanged(
        event_id=event_id("down", 0),
        correlation_id=event_id("down", 0),
        causation_id=event_id("down", 0),
        event_time_us=at(5),
        venue="exchange-okx",
        state="DOWN",
        reason="",
    )
    stand.world.append([down])
    stand.write(1.0)
    (venue,) = stand.get("/api/v1/status")["venues"]
    assert (venue["venue"], venue["state"]) == ("exchange-okx", "DOWN")
    assert venue["since_time"] == "2026-01-05T00:00:05.000000Z"


def test_everything_is_the_same_after_a_restart() -> None:
    with MonitorStand() as first:
        first.write(*CRASH[:8])
        before = {path: first.get(f"/api/v1/{path}") for path in PATHS}
    with MonitorStand(first.world) as second:
        after = {path: second.get(f"/api/v1/{path}") for path in PATHS}
    for status in (
        (before["status"], before["snapshot"]["status"]),
        (
            after["status"],
            after["snapshot"]["status"],
        ),
    ):
        for one in status:
            # How long ago is of this life, and so is what this process has answered.
            for name in ("wall_time", "lag_s", "silent_s", "slices_count"):
                del one[name]
    assert after == before


def test_until_the_past_is_read_the_door_answers_that_it_is_not_ready() -> None:
    stand = MonitorStand()
    stand.world.write_slice(1.0)
    for path in ("ready", *(f"api/v1/{path}" for path in PATHS)):
        answer = stand.client.get(f"/{path}")
        assert answer.status_code == 503, path
        assert "restored" in answer.json()["detail"]
    assert stand.client.get("/health").status_code == 200
    assert stand.client.get("/metrics").status_code == 200
    assert stand.client.get("/").status_code == 200
    with stand:
        assert stand.get("/ready") == {"status": "ready"}
        # Ready means caught up with what lay on the log at the start.
        assert stand.get("/api/v1/status")["slice"] == 0


def test_a_loop_that_hangs_makes_the_monitor_unready() -> None:
    with (
        MonitorStand(window=MonitorWindow(stall_max_s=0.5)) as stand,
        stand.window.folding,
    ):
        until(lambda: stand.client.get("/ready").status_code == 503)


def test_a_slice_that_takes_too_long_is_not_waited_for() -> None:
    with MonitorStand(window=MonitorWindow(look_max_s=0.01)) as stand:
        stand.write(1.0)
        with stand.window.folding:
            answer = stand.client.get("/api/v1/status")
    assert answer.status_code == 503
    assert "slice" in answer.json()["detail"]


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory()
    for number in range(remembered.ENDED_MAX + 10):
        raised = alert_raised(number)
        memory.take(raised)
        memory.take(resolved(raised))
    assert len(list(memory.cases())) == remembered.ENDED_MAX
    assert memory.case(alert_raised(0).alert_id) is None
    assert len(memory.timeline) == remembered.TOLD_MAX
    case = Case(alert_raised(0))
    for _ in range(500):
        case.take(escalated(alert_raised(0)))
    assert len(case.words) == remembered.WORDS_MAX
    assert case.words[0] == alert_raised(0)


def test_a_curve_keeps_the_latest_points_of_its_grid() -> None:
    curve = Curve(10, 3)
    for now_us in (1, 5, 12, 19, 20, 45, 44, 51):
        if curve.due(now_us):
            curve.add(Sample(now_us, 0, 0, 0, 0, 0))
    assert [sample.time_us for sample in curve.samples] == [20, 45, 51]


def test_words_of_others_change_nothing() -> None:
    memory = Memory()
    memory.take(tick(1, 60_000.0))
    memory.take(resolved(alert_raised(1)))
    assert list(memory.cases()) == []
    assert [type(event) for event in memory.timeline] == [RiskAlertResolved]


def alert_raised(number: int) -> RiskAlertRaised:
    identity = event_id("alert", number)
    return RiskAlertRaised(
        event_id=identity,
        correlation_id=identity,
        causation_id=identity,
        event_time_us=at(number),
        alert_id=identity,
        rule="order_rate",
        subject="firm-momentum",
        severity="HIGH",
        measured_e8=E8,
        limit_e8=E8,
        utilisation_e8=E8,
        unit="orders",
        rule_version=1,
        limit_version=1,
        inputs=(),
        message="many",
    )


def escalated(raised: RiskAlertRaised) -> RiskAlertEscalated:
    fields = {name: getattr(raised, name) for name in raised.__struct_fields__}
    return RiskAlertEscalated(**fields, reason="SEVERITY")


def resolved(raised: RiskAlertRaised) -> RiskAlertResolved:
    return RiskAlertResolved(
        event_id=event_id("resolved", raised.event_time_us),
        correlation_id=raised.correlation_id,
        causation_id=raised.event_id,
        event_time_us=raised.event_time_us,
        alert_id=raised.alert_id,
        rule=raised.rule,
        subject=raised.subject,
        measured_e8=0,
        limit_e8=E8,
        unit=raised.unit,
    )
