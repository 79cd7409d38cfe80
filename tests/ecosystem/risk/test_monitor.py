"""The engine: the same slices give the same alerts, and nothing absurd stops or misleads it."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import (
    ComplianceStatusChanged,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderRejected
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.registry import RULES
from ecosystem.units import E8
from tests.ecosystem.risk.facts import (
    LIMITS_FILE,
    NOBODY,
    Accounts,
    Placed,
    at,
    book,
    clock,
    event_id,
    fill,
    limits,
    placed,
    position,
    tick,
)

PRICES = {"BTC-USD": 60_000.0, "ETH-USD": 3_000.0, "USDT-USD": 1.0, "ETH-BTC": 0.05}
OPENING = {"BTC": 2, "ETH": 40, "USD": 30_000, "USDT": 10_000}


def opening(accounts: Accounts) -> list[Event]:
    return [
        accounts.change(0, asset, quantity * E8, account=account)
        for account in ("firm-momentum", "firm-reversion")
        for asset, quantity in OPENING.items()
    ]


def marks(seconds: float, factor: float = 1.0) -> list[Event]:
    return [
        tick(seconds, price * (1 if symbol == "USDT-USD" else factor), symbol)
        for symbol, price in PRICES.items()
        if symbol != "ETH-BTC"
    ]


def started(*, without: str = "") -> tuple[RiskEngine, Accounts]:
    shipped = limits()
    rules = {name: limit for name, limit in shipped.rules.items() if name != without}
    engine = RiskEngine(msgspec.structs.replace(shipped, rules=rules))
    accounts = Accounts()
    assert engine.process_slice(placed([*marks(0), *opening(accounts)])) == []
    return engine, accounts


def life(alerts: Sequence[Event], rule: str) -> list[tuple[str, str]]:
    return [
        (type(alert).__name__.removeprefix("RiskAlert"), getattr(alert, "severity", ""))
        for alert in alerts
        if getattr(alert, "rule", None) == rule and getattr(alert, "reason", "") in ("", "SEVERITY")
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[list[Placed]]:
    accounts, slices = Accounts(), []
    offsets: dict[tuple[str, int], int] = {}
    for k in range(draw(st.integers(1, 6))):
        events: list[Event] = list(opening(accounts)) if k == 0 else []
        for step in range(draw(st.integers(0, 8))):
            seconds = 60 * k + draw(st.integers(0, 59))
            symbol = draw(st.sampled_from(sorted(PRICES)))
            kind = draw(st.sampled_from(["tick", "tick", "tick", "trade", "bad"]))
            if kind == "tick":
                factor = draw(st.integers(70, 130)) / 100
                events.append(tick(seconds + step / 100, PRICES[symbol] * factor, symbol))
            elif kind == "bad":
                events.append(tick(seconds + step / 100, PRICES[symbol], symbol, bid_e8=-1))
            else:
                trade, change_e8 = event_id("t", 100 * k + step), draw(st.integers(-E8, E8))
                for asset, leg_e8 in (("BTC", change_e8), ("USD", -60_000 * change_e8)):
                    events.append(accounts.change(seconds, asset, leg_e8, "TRADE", reference=trade))
        records = []
        for number, event in enumerate(events):
            place = (placed([event])[0].topic, number % 2)
            offsets[place] = offsets.get(place, -1) + 1
            records.append(Placed(*place, offsets[place], event))
        slices.append(records)
    return slices


def as_bytes(events: Sequence[Event]) -> bytes:
    return msgspec.msgpack.encode([(type(e).__name__, e) for e in events])


@given(slices=histories(), data=st.data())
def test_every_interleaving_gives_the_same_alerts_byte_for_byte(
    slices: list[list[Placed]], data: st.DataObject
) -> None:
    straight, shuffled = RiskEngine(limits()), RiskEngine(limits())
    for records in slices:
        expected = straight.process_slice(records)
        assert as_bytes(shuffled.process_slice(data.draw(st.permutations(records)))) == as_bytes(
            expected
        )
    assert straight.portfolio.profit_e16 == shuffled.portfolio.profit_e16
    assert straight.quality.counts() == shuffled.quality.counts()


@given(slices=histories(), data=st.data())
def test_an_engine_restored_from_slices_and_alerts_goes_on_identically(
    slices: list[list[Placed]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(slices)))
    engine, restored = RiskEngine(limits()), RiskEngine(limits())
    for records in slices[:cut]:
        alerts = engine.process_slice(records)
        restored.restore_slice(records)
        for alert in alerts:
            restored.restore_alert(alert)
    for records in slices[cut:]:
        assert as_bytes(restored.process_slice(records)) == as_bytes(engine.process_slice(records))


def test_a_crash_is_told_by_shock_and_drawdown_and_resolved_when_it_is_over() -> None:
    engine, _ = started(without="feed_stale")  # a tick a minute is too few for it
    alerts: list[Event] = []
    for minute in range(1, 31):
        alerts += engine.process_slice(placed(marks(60 * minute, 1 - 0.005 * minute)))
    # 84 % of 560 000 USD is BTC and ETH, so -15 % there is -12.9 % of the portfolio.
    assert life(alerts, "drawdown") == [("Raised", "LOW"), ("Escalated", "MEDIUM")]
    assert life(alerts, "price_shock")[:2] == [("Raised", "LOW"), ("Raised", "LOW")]
    shocks = [a for a in alerts if isinstance(a, RiskAlertRaised | RiskAlertEscalated)]
    assert {(a.rule, a.subject) for a in shocks} == {
        ("price_shock", "BTC-USD"),
        ("price_shock", "ETH-USD"),
        ("drawdown", "portfolio"),
        ("trailing_stop", "BTC"),
        ("trailing_stop", "ETH"),
    }
    assert ("Escalated", "CRITICAL") in life(alerts, "price_shock")
    drawdown = next(a for a in shocks if a.rule == "drawdown")
    assert drawdown.inputs[0] == drawdown.causation_id
    held = {tick(0, 1, symbol).event_id for symbol in ("BTC-USD", "ETH-USD", "USDT-USD")}
    assert held <= set(drawdown.inputs)
    recovery: list[Event] = []
    for minute in range(31, 61):
        recovery += engine.process_slice(placed(marks(60 * minute, 0.85 + 0.005 * (minute - 30))))
    assert life(recovery, "drawdown") == [("Resolved", "")]
    calm: list[Event] = []
    for minute in range(61, 70):
        calm += engine.process_slice(placed(marks(60 * minute)))
    assert [type(a) for a in calm if not isinstance(a, ComplianceStatusChanged)] == [
        RiskAlertResolved,
        RiskAlertResolved,
    ]
    assert engine.book.active_count() == 0


def test_the_portfolio_is_judged_when_all_ticks_of_one_time_are_in() -> None:
    engine, _ = started()
    alerts = engine.process_slice(
        placed([tick(1, 60_000 * 0.8, "BTC-USD"), tick(1, 3_000 * 1.2, "ETH-USD")])
    )
    assert life(alerts, "drawdown") == []
    assert len(life(alerts, "price_shock")) == 2


def test_the_trigger_is_the_last_event_that_moved_the_equity() -> None:
    engine, _ = started()
    last = tick(1, 3_000 * 0.8, "ETH-USD")
    alerts = engine.process_slice(
        placed([tick(1, 60_000 * 0.8), last, tick(1, 1.0, "USDT-USD"), tick(1, 0.05, "ETH-BTC")])
    )
    (drawdown,) = [a for a in alerts if isinstance(a, RiskAlertRaised) and a.rule == "drawdown"]
    assert drawdown.causation_id == last.event_id
    assert drawdown.severity == "CRITICAL"


def test_a_trade_booked_in_two_slices_is_neither_loss_nor_high_water() -> None:
    engine, accounts = started()
    trade = event_id("trade", 0)
    bought = accounts.change(1, "BTC", E8, "TRADE", reference=trade)
    paid = accounts.change(1, "USD", -60_000 * E8, "TRADE", reference=trade)
    assert life(engine.process_slice(placed([paid])), "drawdown") == []
    assert life(engine.process_slice(placed([bought])), "drawdown") == []
    assert engine.portfolio.high_water.profit_e16 == 0
    assert engine.portfolio.profit_e16 == 0


def test_a_position_beyond_its_limit_is_told_at_the_balance_that_did_it() -> None:
    engine, accounts = started()
    balance = accounts.change(5, "BTC", 7 * E8)
    alert, status = engine.process_slice(placed([balance]))
    assert isinstance(status, ComplianceStatusChanged)
    assert (status.mandate, status.subject, status.compliant) == ("position_limit", "BTC", False)
    assert status.causation_id == alert.event_id
    assert isinstance(alert, RiskAlertRaised)
    assert (alert.rule, alert.subject, alert.severity) == ("position_limit", "BTC", "CRITICAL")
    assert alert.causation_id == balance.event_id
    assert (alert.measured_e8, alert.utilisation_e8) == (11 * E8, 110_000_000)


def test_a_leveraged_loss_is_a_drawdown_of_the_whole_firm() -> None:
    engine, accounts = started()
    symbol, trade = "BTC-USD-PERP", event_id("trade", 1)
    opened = [
        tick(1, 60_000, symbol),
        position(2, 10 * E8, 60_000 * E8, cause=trade),
        accounts.change(2, "USD", -300 * E8, "TRADE", account="firm-futures", reference=trade),
    ]
    assert life(engine.process_slice(placed(opened)), "drawdown") == []
    # Ten contracts that lose 5 000 each, of a firm that is worth 560 000.
    fallen = tick(4, 55_000, symbol)
    alerts = engine.process_slice(placed([fallen]))
    assert life(alerts, "drawdown") == [("Raised", "LOW")]
    assert life(alerts, "daily_loss") == []
    drawdown = next(a for a in alerts if getattr(a, "rule", "") == "drawdown")
    assert isinstance(drawdown, RiskAlertRaised)
    assert {fallen.event_id, opened[1].event_id} <= set(drawdown.inputs)
    before_e8, closing = engine.portfolio.profit_e8, event_id("trade", 2)
    closed = position(
        5, 0, 0, change_e8=-10 * E8, sequence=1, realised_e8=-50_000 * E8, cause=closing
    )
    assert engine.process_slice(placed([closed])) == []
    paid = accounts.change(
        5, "USD", -50_000 * E8, "TRADE", account="firm-futures", reference=closing
    )
    assert life(engine.process_slice(placed([paid], 1)), "drawdown") == []
    assert engine.portfolio.profit_e8 == before_e8


def test_a_day_does_not_begin_in_the_middle_of_a_trade() -> None:
    engine, accounts = started()
    trade = event_id("trade", 1)
    midnight = 86_400
    half = accounts.change(midnight - 0.1, "BTC", -E8, "TRADE", reference=trade)
    engine.process_slice(placed([half]))
    engine.process_slice(placed([tick(midnight + 0.2, 60_000)], 10))
    rest = accounts.change(midnight + 0.3, "USD", 60_000 * E8, "TRADE", reference=trade)
    engine.process_slice(placed([rest], 20))
    engine.process_slice(placed([tick(midnight + 0.4, 60_000)], 30))
    assert engine.portfolio.day_ends_us == at(2 * midnight)
    assert engine.portfolio.loss_of_day_e8() == 0


def test_a_portfolio_is_judged_by_its_parts_only_once_they_are_all_told() -> None:
    engine, accounts = RiskEngine(limits()), Accounts()
    told = engine.process_slice(placed([tick(0, 60_000), accounts.change(0, "BTC", 2 * E8)]))
    told += engine.process_slice(placed([accounts.change(0.2, "ETH", 40 * E8)], 10))
    told += engine.process_slice(placed([tick(0.5, 3_000, "ETH-USD")], 20))
    told += engine.process_slice(placed([accounts.change(0.6, "USD", 30_000 * E8)], 30))
    told += engine.process_slice(placed([tick(1, 60_000), tick(2, 60_001)], 40))
    assert told == []
    assert engine.rules["concentration"].watch("BTC").utilisation_e8 == 120_002 * E8 // 270_002


def test_the_daily_loss_begins_anew_at_midnight() -> None:
    text = LIMITS_FILE.read_text().replace("loss_usd = 500_000", "loss_usd = 10_000")
    engine, accounts = RiskEngine(parse_limits(text, "limits.toml")), Accounts()
    engine.process_slice(placed([*marks(0), *opening(accounts)]))
    first = engine.process_slice(placed([tick(86_000, 58_000)]))
    assert life(first, "daily_loss") == [("Raised", "MEDIUM")]
    second = engine.process_slice(placed([tick(86_400, 57_500)]))
    assert life(second, "daily_loss") == [("Resolved", "")]


ABSURD: list[tuple[str, dict[str, Any]]] = [
    ("PRICE_NOT_POSITIVE", {"bid_e8": 0}),
    ("PRICE_NOT_POSITIVE", {"bid_e8": -5}),
    ("PRICE_NOT_POSITIVE", {"ask_e8": 0}),
    ("PRICE_NOT_POSITIVE", {"last_e8": 0}),
    ("PRICE_CROSSED", {"bid_e8": 50_001 * E8, "ask_e8": 50_000 * E8}),
    ("PRICE_SPREAD_ABSURD", {"bid_e8": 1, "ask_e8": 2**62}),
    ("INSTRUMENT_UNKNOWN", {"instrument": "DOGE-USD"}),
]


@pytest.mark.parametrize(("defect", "wrong"), ABSURD)
def test_an_absurd_tick_is_left_out_and_told(defect: str, wrong: dict[str, Any]) -> None:
    engine, _ = started()
    bad = tick(1, 50_000, **wrong)
    (alert,) = engine.process_slice(placed([bad]))
    assert isinstance(alert, RiskAlertRaised)
    source = "prices" if "instrument" in wrong else "market-data/BTC-USD"
    assert (alert.rule, alert.subject, alert.severity) == ("data_quality", source, "LOW")
    assert alert.inputs == (bad.event_id,)
    assert engine.quality.counts() == {defect: 1}
    assert engine.portfolio.profit_e16 == 0
    assert engine.state.market.mids_e8["BTC-USD"] == 60_000 * E8


def test_a_locked_book_is_a_quote() -> None:
    engine, _ = started()
    engine.process_slice(placed([tick(1, 60_100, bid_e8=60_100 * E8, ask_e8=60_100 * E8)]))
    assert engine.state.market.mids_e8["BTC-USD"] == 60_100 * E8
    assert engine.quality.counts() == {}


def test_a_tick_older_than_the_last_of_its_instrument_is_left_out() -> None:
    engine, _ = started()
    engine.process_slice(placed([tick(10, 60_100)]))
    engine.process_slice(placed([tick(9, 30_000)], first_offset=1))
    assert engine.state.market.mids_e8["BTC-USD"] == 60_100 * E8
    assert engine.quality.counts() == {"PRICE_OUT_OF_ORDER": 1}


def test_a_record_far_ahead_of_the_clock_is_left_out_and_blinds_nobody() -> None:
    engine, _ = started()
    engine.process_slice(placed([clock(10, 0)]))
    engine.process_slice(placed([tick(86_400 * 365, 60_000)]))
    assert engine.quality.counts() == {"TIME_IMPLAUSIBLE": 1}
    alerts = engine.process_slice(placed([tick(20, 50_000), clock(20, 1)]))
    assert life(alerts, "price_shock") == [("Raised", "CRITICAL")]


@pytest.mark.parametrize(
    ("defect", "event"),
    [
        ("FILL_NOT_POSITIVE", fill(1, "BUY", 0, E8)),
        ("FILL_NOT_POSITIVE", fill(1, "BUY", E8, -E8)),
        ("FILL_SIDE_UNKNOWN", fill(1, "UNKNOWN", E8, E8)),
        ("INSTRUMENT_UNKNOWN", fill(1, "BUY", E8, E8, instrument="DOGE-USD")),
    ],
)
def test_an_absurd_fill_is_left_out_and_counted(defect: str, event: Event) -> None:
    engine, _ = started()
    engine.process_slice(placed([event]))
    assert engine.quality.counts() == {defect: 1}
    assert engine.state.trading.positions == {}


def test_fills_move_the_trading_profit() -> None:
    engine, _ = started()
    engine.process_slice(placed([fill(1, "BUY", E8, 59_000 * E8, fee_e8=3 * E8)]))
    unrealised_e8 = engine.state.trading.unrealised_usd_e8(
        engine.state.market.mids_e8, engine.portfolio.marks_e8
    )
    assert unrealised_e8 == 1_000 * E8
    assert engine.state.trading.fees_usd_e8(engine.portfolio.marks_e8) == 3 * E8


def test_events_of_no_concern_change_nothing() -> None:
    engine, _ = started()
    rejected = OrderRejected(
        event_id=NOBODY,
        correlation_id=NOBODY,
        causation_id=NOBODY,
        event_time_us=at(1),
        order_id=NOBODY,
        venue="exchange-okx",
        account="firm-momentum",
        instrument="BTC-USD",
        reason="NO_LIQUIDITY",
        detail="",
    )
    assert engine.process_slice(placed([rejected])) == []


def test_a_rule_switched_off_is_silent() -> None:
    text = LIMITS_FILE.read_text()
    for rule in RULES:
        text = text.replace(f"[{rule}]", f"[{rule}]\nenabled = false\n#")
    engine, accounts = RiskEngine(parse_limits(text, "limits.toml")), Accounts()
    engine.process_slice(placed([*marks(0), *opening(accounts)]))
    assert engine.process_slice(placed(marks(1, 0.8))) == []


@given(
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=9, max_size=9),
    seconds=st.integers(-100, 10**9),
)
def test_no_numbers_whatever_stop_the_engine_or_leave_what_a_record_holds(
    numbers: list[int], seconds: int
) -> None:
    engine, accounts = started()
    bid, ask, last, change, available, locked, total, quantity, price = numbers
    balance = msgspec.structs.replace(
        accounts.change(seconds, "BTC", change, "TRADE"),
        available_e8=available,
        locked_e8=locked,
        total_e8=total,
    )
    honest = msgspec.structs.replace(balance, available_e8=total, locked_e8=0)
    alerts = engine.process_slice(
        placed(
            [
                tick(seconds, 0, bid_e8=bid, ask_e8=ask, last_e8=last),
                balance,
                msgspec.structs.replace(honest, balance_sequence=7),
                fill(seconds, "SELL", quantity, price),
                position(seconds, quantity, price, change_e8=change, realised_e8=total),
                msgspec.structs.replace(
                    book(seconds, "exchange-okx", 1),
                    bid_prices_e8=(bid, ask),
                    ask_prices_e8=(ask,),
                ),
            ]
        )
    )
    for minute in range(1, 36):
        absurd = tick(seconds + 60 * minute, 0, "BTC-USD-PERP", bid_e8=bid, ask_e8=ask)
        alerts += engine.process_slice(placed([*marks(seconds + 60 * minute), absurd]))
    assert engine.state.value_at_risk.estimate() is not None
    assert engine.state.marks.equity_at_consensus_e8() is not None
    for alert in alerts:
        for name in ("measured_e8", "limit_e8", "utilisation_e8"):
            assert abs(getattr(alert, name, 0)) < 2**63
