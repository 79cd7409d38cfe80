"""Acts: facts with the id of their request, once each, or a refusal that changes nothing."""

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    ComplianceStatusChanged,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertExpired,
    RiskAlertRaised,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.acts import (
    LIMITS_CHARS_MAX,
    Acknowledge,
    Act,
    ChangeLimits,
    CloseBreaker,
    TripBreaker,
    is_act,
)
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8
from tests.ecosystem.risk.facts import (
    LAB_LIMITS_FILE,
    Accounts,
    at,
    clock,
    event_id,
    limits,
    placed,
    with_version,
)

SHIPPED = LAB_LIMITS_FILE.read_text()
VERSION = limits().version
REQUEST, OTHER = event_id("request", 1), event_id("request", 2)
BOUND = "BTC = { long = 10, short = 5 }"
TRIP = TripBreaker(author="desk", reason="drill")
CLOSE = CloseBreaker(author="desk", reason="drill over")


def changed(
    version: int, long: int = 10, *, effective_us: int | None = None, enabled: bool = True
) -> ChangeLimits:
    text = with_version(SHIPPED, version)
    text = text.replace(BOUND, BOUND.replace("10", str(long)))
    if not enabled:
        text = text.replace("[position_limit]", "[position_limit]\nenabled = false\n#")
    return ChangeLimits(
        limits_toml=text, effective_time_us=effective_us, author="desk", reason="new mandate"
    )


class Desk:
    """An engine that has seen a position of six tenths of its limit, or of all of it."""

    def __init__(self, btc: int = 6) -> None:
        self.engine = RiskEngine(limits(), "risk-monitor-2")
        self.accounts = Accounts()
        self.told = self.engine.process_slice(
            placed([self.accounts.change(10, "BTC", btc * E8), clock(20, 1)])
        )
        alert = self.told[0]
        assert isinstance(alert, RiskAlertRaised)
        self.alert = alert

    def acknowledge(self) -> Acknowledge:
        return Acknowledge(alert_id=self.alert.alert_id, author="desk", note="hedging")


def stands(engine: RiskEngine) -> tuple[object, ...]:
    """Return everything an act could change."""
    return (
        engine.breaker.opened,
        engine.breaker.due_us,
        engine.book.limit_version,
        [(watch.alert_id, watch.acknowledged) for watch in engine.book.watches()],
        {name: rule.limit for name, rule in engine.rules.items()},
        dict(engine.compliance.broken),
    )


def test_an_acknowledgement_names_its_alert_its_author_and_the_time_reached() -> None:
    desk = Desk()
    (fact,) = desk.engine.act(desk.acknowledge(), REQUEST)
    assert isinstance(fact, RiskAlertAcknowledged)
    assert (fact.event_id, fact.causation_id) == (REQUEST, desk.alert.event_id)
    assert (fact.alert_id, fact.author, fact.note) == (desk.alert.alert_id, "desk", "hedging")
    assert fact.event_time_us == at(20)
    assert [watch.acknowledged for watch in desk.engine.book.active()] == [True]


def test_the_time_of_an_act_never_goes_back_with_late_events() -> None:
    desk = Desk()
    desk.engine.process_slice(placed([desk.accounts.change(15, "ETH", E8)], 10))
    (fact,) = desk.engine.act(TRIP, REQUEST)
    assert fact.event_time_us == at(20)


def test_other_limits_hold_at_once_for_what_comes_next() -> None:
    desk = Desk()
    (fact,) = desk.engine.act(changed(VERSION + 1, long=7), REQUEST)
    assert isinstance(fact, LimitsChanged)
    assert fact.is_root
    assert (fact.monitor, fact.limit_version, fact.effective_time_us) == (
        "risk-monitor-2",
        VERSION + 1,
        at(20),
    )
    told = desk.engine.process_slice(placed([desk.accounts.change(20, "BTC", E8)], 10))
    assert [getattr(event, "limit_version", 0) for event in told] == [VERSION + 1] * len(told)
    assert any(isinstance(event, ComplianceStatusChanged) for event in told)


def test_a_rule_that_an_act_switches_off_ends_its_alerts_in_the_same_breath() -> None:
    desk = Desk(btc=10)
    facts = desk.engine.act(changed(VERSION + 1, enabled=False), REQUEST)
    assert [type(fact) for fact in facts] == [
        LimitsChanged,
        RiskAlertExpired,
        ComplianceStatusChanged,
    ]
    assert {fact.correlation_id for fact in facts} == {REQUEST}
    assert desk.engine.compliance.broken == {}


def test_limits_of_a_later_time_wait_for_it() -> None:
    desk = Desk()
    desk.engine.act(changed(VERSION + 1, long=4, effective_us=at(60)), REQUEST)
    assert desk.engine.book.limit_version == VERSION
    desk.engine.process_slice(placed([clock(60, 2)], 10))
    assert desk.engine.book.limit_version == VERSION + 1


def test_limits_that_were_overtaken_never_hold() -> None:
    desk = Desk()
    desk.engine.act(changed(VERSION + 1, long=4, effective_us=at(60)), REQUEST)
    desk.engine.act(changed(VERSION + 2, long=8), OTHER)
    desk.engine.process_slice(placed([clock(61, 2)], 10))
    assert desk.engine.book.limit_version == VERSION + 2
    assert desk.engine.rules["position_limit"].limit.bounds["BTC"].long_e8 == 8 * E8


def test_within_a_slice_other_limits_hold_from_their_time_on() -> None:
    desk = Desk()
    desk.engine.act(changed(VERSION + 1, enabled=False, effective_us=at(60)), REQUEST)
    told = desk.engine.process_slice(
        placed([clock(60, 2), desk.accounts.change(61, "BTC", 60 * E8)], 10)
    )
    assert [type(event) for event in told] == [RiskAlertExpired]


def test_the_breaker_opens_and_closes_by_hand() -> None:
    desk = Desk()
    (opened,) = desk.engine.act(TRIP, REQUEST)
    assert isinstance(opened, CircuitBreakerOpened)
    assert (opened.event_id, opened.cause) == (REQUEST, "by hand, desk: drill")
    (closed,) = desk.engine.act(CLOSE, OTHER)
    assert isinstance(closed, CircuitBreakerClosed)
    assert (closed.event_id, closed.causation_id, closed.author) == (OTHER, REQUEST, "desk")
    assert desk.engine.breaker.opened is None


REFUSED: list[tuple[str, Act, str]] = [
    ("no alert", Acknowledge(alert_id=OTHER, author="a", note=""), "no active alert"),
    ("not open", CLOSE, "circuit breaker is closed"),
    ("no author", TripBreaker(author=" ", reason="x"), "author: 1 characters found"),
    ("long author", TripBreaker(author="x" * 201, reason="x"), "1 to 200 are allowed"),
    ("no reason", TripBreaker(author="x", reason=""), "reason: 0 characters found"),
    (
        "no TOML",
        ChangeLimits(limits_toml="[", effective_time_us=None, author="a", reason="r"),
        "key",
    ),
    ("same version", changed(VERSION), f"{VERSION} found, {VERSION + 1} or more is allowed"),
    ("past", changed(VERSION + 1, effective_us=at(19)), "or later is allowed"),
    (
        "long limits",
        ChangeLimits(
            limits_toml="#" * (LIMITS_CHARS_MAX + 1), effective_time_us=None, author="a", reason="r"
        ),
        f"{LIMITS_CHARS_MAX} are allowed",
    ),
]


@pytest.mark.parametrize(
    ("act", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_is_refused_and_changes_nothing(act: Act, message: str) -> None:
    engine = Desk().engine
    before = stands(engine)
    with pytest.raises(InvalidInputError, match=message):
        engine.act(act, REQUEST)
    assert stands(engine) == before
    assert engine.acted(REQUEST) is None


def test_before_the_first_event_there_is_no_time_for_an_act() -> None:
    with pytest.raises(InvalidInputError, match="no event has been seen"):
        RiskEngine(limits()).act(TRIP, REQUEST)


def test_the_same_request_again_has_the_same_answer_and_is_not_done_twice() -> None:
    desk = Desk()
    for act, request in (
        (desk.acknowledge(), REQUEST),
        (changed(VERSION + 1, enabled=False), OTHER),
    ):
        first = desk.engine.act(act, request)
        before = stands(desk.engine)
        assert desk.engine.act(act, request) == first == desk.engine.acted(request)
        assert stands(desk.engine) == before


def test_a_request_that_asks_for_something_else_than_before_is_refused() -> None:
    desk = Desk()
    desk.engine.act(TRIP, REQUEST)
    with pytest.raises(InvalidInputError, match="asked for something else before"):
        desk.engine.act(TripBreaker(author="desk", reason="no drill"), REQUEST)
    with pytest.raises(InvalidInputError, match="asked for something else before"):
        desk.engine.act(CLOSE, REQUEST)


def acts_in_a_row(desk: Desk) -> list[Event]:
    requests = [event_id("request", number) for number in range(10)]
    acts: list[Act] = [
        desk.acknowledge(),
        TRIP,
        CLOSE,
        changed(VERSION + 1, long=7),
        changed(VERSION + 2, enabled=False),
    ]
    facts: list[Event] = []
    for act, request in zip(acts, requests, strict=False):
        facts += desk.engine.act(act, request)
    return facts


def test_a_restored_engine_stands_as_the_one_that_acted_and_gives_the_same_answers() -> None:
    desk, again = Desk(), RiskEngine(limits(), "risk-monitor-2")
    facts = acts_in_a_row(desk)
    again.restore_slice(placed([Accounts().change(10, "BTC", 6 * E8), clock(20, 1)]))
    for event in [*desk.told, *facts]:
        again.restore_alert(event)
    assert stands(again) == stands(desk.engine)
    for number in range(5):
        request = event_id("request", number)
        assert again.acted(request) == desk.engine.acted(request)


def test_a_replayed_engine_derives_what_followed_from_each_fact() -> None:
    desk, again = Desk(), Desk()
    facts = acts_in_a_row(desk)
    derived = [event for fact in facts if is_act(fact) for event in again.engine.follow(fact)]
    assert derived == facts
    assert stands(again.engine) == stands(desk.engine)
