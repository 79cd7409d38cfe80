"""The chaos endpoints: who may, what is capped, what reaches the log, and where they are absent."""

from collections.abc import Iterator
from typing import Any

import pytest

from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.units import MINUTE_US
from producers.chaos.parameters import read_parameters
from producers.test_coordinator.vocabulary.tables import INJECTIONS
from tests.producers.stands import AUTHORIZED, Stand, until

CONTROL = "scenario-injections"
PATH = "/chaos/injections"
CRASH: dict[str, Any] = {
    "kind": "crash",
    "name": "by-hand",
    "for": "15m",
    "with": {"instruments": ["BTC-USD"], "change": "-10%"},
}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """A feed that ticks."""
    with Stand("market-data") as stand:
        yield stand


@pytest.fixture(autouse=True)
def _everything_cleared(stand: Stand) -> Iterator[None]:
    """Have each test begin without an injection: they share the feed."""
    yield
    stand.client.delete(PATH, headers=AUTHORIZED)
    until(lambda: {one["state"] for one in listed(stand)} <= {"ENDED"})


def listed(stand: Stand) -> list[dict[str, Any]]:
    answer = stand.client.get(PATH, params={"limit": 500}, headers=AUTHORIZED).json()
    found: list[dict[str, Any]] = answer["items"]
    return found


def inject(stand: Stand, wish: dict[str, Any]) -> dict[str, Any]:
    answer = stand.client.post(PATH, json=wish, headers=AUTHORIZED)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{PATH}/{told['injection_id']}"
    assert answer.headers["x-correlation-id"] == told["correlation_id"]
    return told


def state(stand: Stand, injection_id: str) -> str:
    answer = stand.client.get(f"{PATH}/{injection_id}", headers=AUTHORIZED)
    return str(answer.json().get("state"))


def control(stand: Stand, injection_id: str) -> list[Event]:
    return [
        event
        for event in stand.events(CONTROL)
        if (getattr(event, "injection_id", None) or b"").hex() == injection_id
    ]


def test_an_injection_is_applied_and_ends_when_it_is_cleared(stand: Stand) -> None:
    told = inject(stand, CRASH)
    injection_id = told["injection_id"]
    until(lambda: state(stand, injection_id) == "ACTIVE")
    until(
        lambda: any(isinstance(e, InjectionApplied) for e in control(stand, injection_id)),
    )
    metrics = stand.client.get("/metrics").text
    assert 'market_data_chaos_active{type="crash"} 1.0' in metrics
    assert stand.client.delete(f"{PATH}/{injection_id}", headers=AUTHORIZED).status_code == 202
    until(lambda: state(stand, injection_id) == "ENDED")
    until(lambda: any(isinstance(e, InjectionEnded) for e in control(stand, injection_id)))
    scheduled = control(stand, injection_id)[0]
    assert isinstance(scheduled, InjectionScheduled)
    assert (scheduled.run_id, scheduled.target) == ("manual", "market-data")
    assert scheduled.is_root
    assert scheduled.ends_at_us - scheduled.starts_at_us == 15 * MINUTE_US
    again = stand.client.delete(f"{PATH}/{injection_id}", headers=AUTHORIZED)
    assert again.status_code == 409


def test_prices_carry_no_trace_of_a_hand(stand: Stand) -> None:
    told = inject(stand, CRASH)
    until(
        lambda: any(isinstance(e, InjectionApplied) for e in control(stand, told["injection_id"]))
    )
    ticks = [event for event in stand.events("prices") if isinstance(event, PriceTicked)]
    assert ticks
    assert all(tick.is_root for tick in ticks)
    assert not any(told["injection_id"] in str(tick) for tick in ticks)


def test_clearing_all_ends_everything(stand: Stand) -> None:
    ids = [inject(stand, CRASH | {"in": delay})["injection_id"] for delay in ("0s", "1h")]
    until(lambda: {state(stand, one) for one in ids} == {"ACTIVE", "SCHEDULED"})
    assert stand.client.delete(PATH, headers=AUTHORIZED).status_code == 202
    until(lambda: {state(stand, one) for one in ids} == {"ENDED"})
    last = [e for e in stand.events(CONTROL) if isinstance(e, InjectionCancelRequested)][-1]
    assert (last.injection_id, last.target) == (None, "market-data")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "earthquake"}, "kind 'earthquake' found; "),
        ({"for": "1000h"}, "for: 1000h found; "),
        ({"for": "soon"}, "a duration such as"),
        ({"in": "25h"}, "in: 25h found; 0s to 24h"),
        ({"with": {}}, "change: it is missing"),
        ({"with": {"instruments": ["BTC-USD"], "change": "-99%"}}, "change: -99% found; "),
        ({"with": {"instruments": ["DOGE"], "change": "-1%"}}, "'DOGE' found"),
        ({"with": {"instruments": [], "change": "-1%"}}, "0 names found"),
        ({"with": {"instruments": "all", "change": "-1%"}}, "a list of names"),
        ({"with": {**CRASH["with"], "depth": "1"}}, "has no such parameter"),
        ({"with": {**CRASH["with"], "change": 0.5}}, "with.change"),
        ({"name": "No Name"}, "body.name"),
        ({"more": 1}, "Extra inputs"),
    ],
)
def test_what_is_beyond_the_caps_is_refused_and_never_reaches_the_log(
    stand: Stand, change: dict[str, Any], words: str
) -> None:
    count = len([e for e in stand.events(CONTROL) if isinstance(e, InjectionScheduled)])
    answer = stand.client.post(PATH, json=CRASH | change, headers=AUTHORIZED)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert len([e for e in stand.events(CONTROL) if isinstance(e, InjectionScheduled)]) == count


def test_nobody_without_the_token_sees_or_does_anything(stand: Stand) -> None:
    for method, path in (
        ("GET", "/chaos/kinds"),
        ("GET", PATH),
        ("POST", PATH),
        ("DELETE", PATH),
        ("GET", f"{PATH}/{'0' * 32}"),
        ("DELETE", f"{PATH}/{'0' * 32}"),
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = stand.client.request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path)


def test_an_unknown_injection_is_not_found(stand: Stand) -> None:
    for method in ("GET", "DELETE"):
        answer = stand.client.request(method, f"{PATH}/{'0' * 32}", headers=AUTHORIZED)
        assert answer.status_code == 404


def test_every_kind_of_the_vocabulary_is_listed_with_its_caps(stand: Stand) -> None:
    listed = {
        kind["kind"]: kind for kind in stand.client.get("/chaos/kinds", headers=AUTHORIZED).json()
    }
    words = {kind: word for kind, word in INJECTIONS.items() if "market-data" in word.targets}
    assert set(listed) == set(words)
    for kind, word in words.items():
        assert [one["key"] for one in listed[kind]["parameters"]] == [
            parameter.key for parameter in word.parameters
        ]
        for shown, parameter in zip(listed[kind]["parameters"], word.parameters, strict=True):
            if shown["default"] is not None:
                parameters, mistakes = read_parameters(word, {shown["key"]: shown["default"]})
                assert parameters[parameter.name] == parameter.default
                assert shown["key"] not in dict(mistakes)
            if shown["least"] is not None:
                for bound, value in zip(
                    (shown["least"], shown["most"]), parameter.bounds, strict=True
                ):
                    parameters, _ = read_parameters(word, {shown["key"]: bound})
                    assert parameters[parameter.name] == value


def test_in_production_there_is_no_chaos_at_all() -> None:
    with Stand("market-data", environment="prod") as stand:
        for method, path in (("GET", "/chaos/kinds"), ("POST", PATH), ("DELETE", PATH)):
            answer = stand.client.request(method, path, json=CRASH, headers=AUTHORIZED)
            assert answer.status_code == 404
        assert "chaos" not in str(stand.client.get("/openapi.json").json())
        assert stand.client.get("/health").json()["environment"] == "prod"
