"""Acts at the door: who may, what stands on the log afterwards, what is refused and why."""

from collections.abc import Iterator
from typing import Any

import pytest

from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.acting.desk import ActDesk
from consumers.risk_monitor.door.window import MonitorWindow
from doors.problems import ProblemError
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    LimitsChanged,
    RiskAlertAcknowledged,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.acts import TripBreaker
from tests.consumers.risk_monitor.door.stands import TOKEN, MonitorStand
from tests.consumers.risk_monitor.worlds import CRASH
from tests.ecosystem.risk.facts import LIMITS_FILE, limits, with_version

WISH = {"author": "r.officer", "reason": "drill"}
SHIPPED = LIMITS_FILE.read_text()
NEXT = with_version(SHIPPED, limits().version + 1)
LIMITS = {"limits_toml": NEXT, **WISH}
WRITING = (
    (f"alerts/{'0' * 32}/acknowledgement", {"author": "r.officer"}),
    ("limits", LIMITS),
    ("breaker/trip", WISH),
    ("breaker/close", WISH),
)


@pytest.fixture
def stand() -> Iterator[MonitorStand]:
    """A monitor that has seen a crash."""
    with MonitorStand() as found:
        found.write(*CRASH[:6])
        yield found


def on_the_log(stand: MonitorStand, kind: type[Event]) -> list[Any]:
    return [event for event in stand.world.events("risk-alerts") if isinstance(event, kind)]


def first_alert(stand: MonitorStand) -> str:
    return str(stand.get("/api/v1/alerts", state="ACTIVE")["items"][0]["alert_id"])


@pytest.mark.parametrize(("path", "body"), WRITING)
def test_nobody_acts_without_the_token(stand: MonitorStand, path: str, body: object) -> None:
    before = stand.world.values("risk-alerts")
    for headers in ({}, {"Authorization": "Bearer another"}):
        answer = stand.client.post(f"/api/v1/{path}", json=body, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert stand.world.values("risk-alerts") == before


@pytest.mark.parametrize(("path", "body"), WRITING)
def test_a_monitor_without_a_token_file_can_be_watched_only(path: str, body: object) -> None:
    with MonitorStand(token=None) as stand:
        answer = stand.post(f"/api/v1/{path}", body)
        assert answer.status_code == 403
        assert "RISK_MONITOR_TOKEN_FILE" in answer.json()["detail"]
        assert stand.get("/api/v1/status")["acting"] is False


def test_an_acknowledgement_stands_on_the_log_when_it_is_answered(stand: MonitorStand) -> None:
    alert_id = first_alert(stand)
    answer = stand.post(
        f"/api/v1/alerts/{alert_id}/acknowledgement", {"author": "r.officer", "note": "looking"}
    )
    assert answer.status_code == 200
    (fact,) = on_the_log(stand, RiskAlertAcknowledged)
    assert answer.json()["request_id"] == fact.event_id.hex()
    assert answer.headers["x-correlation-id"] == fact.correlation_id.hex()
    shown = stand.get(f"/api/v1/alerts/{alert_id}")
    assert shown["state"] == "ACKNOWLEDGED"
    assert (shown["acknowledged"]["author"], shown["acknowledged"]["note"]) == (
        "r.officer",
        "looking",
    )


def test_what_the_engine_refuses_is_told_with_its_reason(stand: MonitorStand) -> None:
    path = f"/api/v1/alerts/{first_alert(stand)}/acknowledgement"
    assert stand.post(path, {"author": "one"}).status_code == 200
    again = stand.post(path, {"author": "two"})
    assert again.status_code == 409
    assert "acknowledged before" in again.json()["detail"]
    closed = stand.post("/api/v1/breaker/close", WISH)
    assert closed.status_code == 409
    assert "closed" in closed.json()["detail"]
    assert len(on_the_log(stand, RiskAlertAcknowledged)) == 1


def test_an_alert_nobody_raised_cannot_be_acknowledged(stand: MonitorStand) -> None:
    answer = stand.post(f"/api/v1/alerts/{'0' * 32}/acknowledgement", {"author": "one"})
    assert answer.status_code == 404


def test_the_same_key_is_the_same_act_even_after_a_restart(stand: MonitorStand) -> None:
    key = {"Idempotency-Key": "monday-drill"}
    first = stand.post("/api/v1/breaker/trip", WISH, **key)
    assert stand.post("/api/v1/breaker/trip", WISH, **key).json() == first.json()
    other = stand.post("/api/v1/breaker/trip", WISH | {"reason": "another"}, **key)
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "key-reused")
    with MonitorStand(stand.world) as later:
        assert later.post("/api/v1/breaker/trip", WISH, **key).json() == first.json()
        assert len(on_the_log(later, CircuitBreakerOpened)) == 1


def test_the_breaker_is_tripped_and_closed_by_hand(stand: MonitorStand) -> None:
    assert stand.post("/api/v1/breaker/trip", WISH).status_code == 200
    opened = stand.get("/api/v1/status")["breaker"]
    assert opened["state"] == "OPEN"
    assert "r.officer: drill" in opened["cause"]
    assert opened["resets_time"] == "2026-01-05T01:01:00.000000Z"
    assert stand.post("/api/v1/breaker/close", WISH).status_code == 200
    assert stand.get("/api/v1/status")["breaker"]["state"] == "CLOSED"
    assert len(on_the_log(stand, CircuitBreakerClosed)) == 1
    titles = [one["title"] for one in stand.get("/api/v1/timeline", limit=2)["items"]]
    assert titles == ["circuit breaker closed", "circuit breaker opened"]


def test_limits_are_changed_from_a_stated_event_time_on(stand: MonitorStand) -> None:
    later = LIMITS | {"effective_time": "2026-01-05T00:01:15Z"}
    assert stand.post("/api/v1/limits", later).status_code == 200
    version = limits().version + 1
    (change,) = stand.get("/api/v1/limits/history")["items"]
    assert (change["version"], change["author"], change["reason"]) == (
        version,
        "r.officer",
        "drill",
    )
    assert change["pending"] is True
    assert stand.get("/api/v1/limits")["version"] == limits().version
    assert stand.get(f"/api/v1/limits/history/{version}")["limits_toml"] == NEXT
    stand.write(0.85, 0.85)
    assert stand.get("/api/v1/limits")["version"] == version
    assert stand.get("/api/v1/limits/history")["items"][0]["pending"] is False
    (fact,) = on_the_log(stand, LimitsChanged)
    assert fact.limits_toml == NEXT


def test_limits_with_mistakes_are_refused_with_every_one_of_them(stand: MonitorStand) -> None:
    wrong = NEXT.replace("fall = 0.15", "fall = 0\nrise = 1")
    answer = stand.post("/api/v1/limits", LIMITS | {"limits_toml": wrong})
    assert answer.status_code == 422
    assert "drawdown.fall" in answer.json()["detail"]
    assert "drawdown.rise" in answer.json()["detail"]
    same = stand.post(
        "/api/v1/limits", LIMITS | {"limits_toml": with_version(SHIPPED, limits().version)}
    )
    assert same.status_code == 409
    assert on_the_log(stand, LimitsChanged) == []


@pytest.mark.parametrize(
    "body",
    [
        {"author": "", "reason": "x"},
        {"author": "  ", "reason": "x"},
        {"author": "a", "reason": ""},
        {"author": "a" * 201, "reason": "x"},
        {"author": "a", "reason": "x" * 2_001},
        {"author": "a"},
    ],
)
def test_an_act_says_who_and_why_in_bearable_words(stand: MonitorStand, body: object) -> None:
    answer = stand.post("/api/v1/breaker/trip", body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert on_the_log(stand, CircuitBreakerOpened) == []


def test_an_act_before_the_first_event_is_refused() -> None:
    with MonitorStand() as stand:
        answer = stand.post("/api/v1/breaker/trip", WISH)
        assert answer.status_code == 409
        assert "no event" in answer.json()["detail"]


def test_an_act_that_no_loop_takes_is_withdrawn() -> None:
    with MonitorStand() as stand:
        stand.write(1.0)
        idle = Counter()
        desk = ActDesk(stand.window, idle, "risk-monitor", TOKEN, answered_max_s=0.01)
        with pytest.raises(ProblemError, match="nothing has changed") as raised:
            desk.act(TripBreaker(author="one", reason="two"), None)
        assert raised.value.status == 503
        assert idle.take() == []


def test_a_monitor_that_stops_takes_no_acts() -> None:
    with MonitorStand() as stand:
        stand.write(1.0)
        stand.counter.close()
        answer = stand.post("/api/v1/breaker/trip", WISH)
        assert answer.status_code == 503
        assert "stops" in answer.json()["detail"]


def test_acts_before_the_past_is_read_are_not_taken() -> None:
    stand = MonitorStand(window=MonitorWindow())
    answer = stand.post("/api/v1/breaker/trip", WISH)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
