"""A clean stream of a firm's day in small, and every way to spoil it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.ids import derive_id
from ecosystem.risk.limits import Limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8, HOUR_US, MINUTE_US
from tests.ecosystem.risk.facts import Accounts, clock, event_id, fill, placed, tick
from tests.ecosystem.risk.rules.orders import submitted

MIDS: Final = {"BTC-USD": 60_000, "ETH-USD": 3_000, "USDT-USD": 1}
OPENING: Final = {"BTC": 2, "ETH": 10, "USD": 90_000, "USDT": 5_000}
_Spoil = Callable[[list[Event], int], None]
"""Alters a stream at a place."""


def clean_stream(seconds: int) -> list[Event]:
    """Return ticks each second, a trade every third, and an order before each."""
    accounts = Accounts()
    events: list[Event] = [clock(0, 0)]
    sequences = dict.fromkeys(MIDS, 0)

    def ticks(second: int) -> None:
        for symbol, mid in MIDS.items():
            moved = mid * (1 + (second * 7919 % 13 - 6) / 100_000)
            made = tick(second, moved, symbol)
            events.append(msgspec.structs.replace(made, feed_sequence=sequences[symbol]))
            sequences[symbol] += 1

    for warm_up in range(3):
        ticks(warm_up)
    for asset, owned in OPENING.items():
        events.append(accounts.change(2.5, asset, owned * E8))
    for second in range(3, seconds):
        ticks(second)
        if second % 3 == 0:
            events += trade(accounts, second)
    return events


def trade(accounts: Accounts, second: int) -> Sequence[Event]:
    """Return an order, its execution and both its balances."""
    at_s = second + 0.5
    side = -1 if second % 2 else 1
    bought = fill(at_s, "BUY" if side > 0 else "SELL", E8 // 10, 60_000 * E8, fee_e8=3 * E8)
    paid_e8 = -side * bought.notional_e8 - bought.fee_e8
    return (
        submitted(second, at_s - 0.1),
        bought,
        accounts.change(at_s, "BTC", side * E8 // 10, "TRADE", reference=bought.trade_id),
        accounts.change(at_s, "USD", paid_e8, "TRADE", reference=bought.trade_id),
    )


def healing(events: Sequence[Event]) -> list[Event]:
    """Return what follows a stream when all is well again: a tick and a balance of each kind."""
    last: dict[Any, Event] = {}
    for event in events:
        if isinstance(event, PriceTicked):
            last[event.instrument] = event
        elif isinstance(event, BalanceChanged):
            last[event.venue, event.account, event.asset] = event
    end_us = max(event.event_time_us for event in events)
    healed: list[Event] = []
    for number, event in enumerate(last.values()):
        own = {"event_id": event_id("healed", number), "event_time_us": end_us + 10}
        if isinstance(event, PriceTicked):
            own |= {"feed_sequence": event.feed_sequence + 1, "volume_e8": 1}
        elif isinstance(event, BalanceChanged):
            own |= {
                "reason": "LOCK",
                "change_e8": 0,
                "balance_sequence": event.balance_sequence + 1,
            }
        healed.append(msgspec.structs.replace(event, **own))
    return healed


def _in_place(kind: type[Event], change: Callable[[Any], Mapping[str, Any]]) -> _Spoil:
    def spoil(events: list[Event], place: int) -> None:
        at = _next(events, kind, place)
        events[at] = msgspec.structs.replace(events[at], **change(events[at]))

    return spoil


def _beside(kind: type[Event], change: Callable[[Any], Mapping[str, Any]]) -> _Spoil:
    def spoil(events: list[Event], place: int) -> None:
        at = _next(events, kind, place)
        copy_id = derive_id(events[at].event_id, "spoiled", place)
        fields = {"event_id": copy_id, **change(events[at])}
        events.insert(at + 1, msgspec.structs.replace(events[at], **fields))

    return spoil


def _next(events: Sequence[Event], kind: type[Event], place: int) -> int:
    """Return the place of an event of a kind with others of its kind around it."""
    all_of = [at for at, event in enumerate(events) if type(event) is kind]
    inner = all_of[12:-6] if kind is PriceTicked else all_of[4:-2]
    return inner[place % len(inner)]


def _doubled(events: list[Event], place: int) -> None:
    inner = [at for at, one in enumerate(events) if type(one) in (OrderFilled, BalanceChanged)]
    at = inner[place % len(inner)]
    events.insert(at + 1 + place % 15, events[at])


def _dropped(events: list[Event], place: int) -> None:
    del events[_next(events, PriceTicked, place)]


def _swapped(events: list[Event], place: int) -> None:
    at = _next(events, PriceTicked, place)
    other = next(n for n in range(at + 1, len(events)) if _alike(events[at], events[n]))
    # What is late comes with the time at which it comes.
    times = (events[at].event_time_us, events[other].event_time_us)
    events[at], events[other] = (
        msgspec.structs.replace(events[other], event_time_us=times[0]),
        msgspec.structs.replace(events[at], event_time_us=times[1]),
    )


def _alike(one: Event, other: Event) -> bool:
    return type(one) is type(other) and getattr(one, "instrument", "") == getattr(
        other, "instrument", ""
    )


def _prices(tick: PriceTicked, times: int, over: int = 1) -> Mapping[str, int]:
    return {
        name: getattr(tick, name) * times // over
        for name in ("bid_price_e8", "ask_price_e8", "last_price_e8")
    }


def _longs(name: str, value: int) -> Callable[[Any], Mapping[str, Any]]:
    return lambda event: {name: value}


def _later(delta_us: int) -> Callable[[Event], Mapping[str, Any]]:
    return lambda event: {"event_time_us": event.event_time_us + delta_us}


SPOILS: Final[Mapping[str, tuple[str, _Spoil]]] = {
    "doubled": ("EVENT_DOUBLED", _doubled),
    "tick dropped": ("feed_gap", _dropped),
    "ticks swapped": ("PRICE_OUT_OF_ORDER", _swapped),
    "tick doubled": ("PRICE_REPEATED", _beside(PriceTicked, lambda e: {"event_id": e.event_id})),
    "tick repeated": ("PRICE_REPEATED", _beside(PriceTicked, lambda e: {})),
    "bid zero": ("PRICE_NOT_POSITIVE", _in_place(PriceTicked, _longs("bid_price_e8", 0))),
    "ask negative": ("PRICE_NOT_POSITIVE", _in_place(PriceTicked, _longs("ask_price_e8", -5))),
    "last least": ("PRICE_NOT_POSITIVE", _in_place(PriceTicked, _longs("last_price_e8", -(2**63)))),
    "ask huge": ("PRICE_SPREAD_ABSURD", _in_place(PriceTicked, _longs("ask_price_e8", 2**63 - 1))),
    "crossed": (
        "PRICE_CROSSED",
        _in_place(
            PriceTicked, lambda e: {"bid_price_e8": e.ask_price_e8, "ask_price_e8": e.bid_price_e8}
        ),
    ),
    "hundredfold": ("PRICE_JUMPED", _in_place(PriceTicked, lambda e: _prices(e, 100))),
    "hundredth": ("PRICE_JUMPED", _in_place(PriceTicked, lambda e: _prices(e, 1, 100))),
    "third off": ("PRICE_JUMPED", _in_place(PriceTicked, lambda e: _prices(e, 2, 3))),
    "tick unknown": (
        "INSTRUMENT_UNKNOWN",
        _in_place(PriceTicked, lambda e: {"instrument": "DOGE-USD"}),
    ),
    "number huge": (
        "SEQUENCE_IMPLAUSIBLE",
        _in_place(PriceTicked, _longs("feed_sequence", 2**63 - 1)),
    ),
    "number negative": (
        "PRICE_OUT_OF_ORDER",
        _in_place(PriceTicked, _longs("feed_sequence", -(2**63))),
    ),
    "time ahead": ("TIME_IMPLAUSIBLE", _beside(PriceTicked, _later(2 * HOUR_US))),
    "time absurd": ("TIME_IMPLAUSIBLE", _beside(BalanceChanged, _later(2**62))),
    "time back": ("TIME_BACKWARDS", _in_place(BalanceChanged, _later(-5 * MINUTE_US))),
    "time of old": ("TIME_BACKWARDS", _in_place(OrderFilled, _longs("event_time_us", -(2**63)))),
    "fill negative": ("FILL_NOT_POSITIVE", _beside(OrderFilled, _longs("quantity_e8", -E8))),
    "fill zero": ("FILL_NOT_POSITIVE", _beside(OrderFilled, _longs("price_e8", 0))),
    "fill no side": ("FILL_SIDE_UNKNOWN", _beside(OrderFilled, lambda e: {"side": "UNKNOWN"})),
    "fill unknown": ("INSTRUMENT_UNKNOWN", _beside(OrderFilled, lambda e: {"instrument": "X-Y"})),
    "fill notional": ("FILL_NOTIONAL_WRONG", _beside(OrderFilled, _longs("notional_e8", 7 * E8))),
    "fill fee": ("FILL_FEE_ABSURD", _beside(OrderFilled, _longs("fee_e8", 2**62))),
    "fill fee asset": ("ASSET_UNKNOWN", _beside(OrderFilled, lambda e: {"fee_asset": "DOGE"})),
    "fill decimals": (
        "FILL_PRICE_ABSURD",
        _beside(
            OrderFilled,
            lambda e: {
                "price_e8": e.price_e8 * 100,
                "notional_e8": e.notional_e8 * 100,
                "trade_id": derive_id(e.trade_id, "spoiled"),
            },
        ),
    ),
    "fill again": ("FILL_REPEATED", _beside(OrderFilled, lambda e: {})),
    "balance total": ("BALANCE_INCONSISTENT", _in_place(BalanceChanged, _longs("total_e8", 9))),
    "balance least": (
        "BALANCE_INCONSISTENT",
        _in_place(BalanceChanged, _longs("available_e8", -(2**63))),
    ),
    "balance change": ("BALANCE_INCONSISTENT", _in_place(BalanceChanged, _longs("change_e8", -1))),
    "balance decimals": (
        "BALANCE_INCONSISTENT",
        _in_place(
            BalanceChanged,
            lambda e: {"total_e8": e.total_e8 * 100, "available_e8": e.available_e8 * 100},
        ),
    ),
    "balance again": ("BALANCE_STALE", _beside(BalanceChanged, lambda e: {})),
    "balance number": (
        "SEQUENCE_IMPLAUSIBLE",
        _beside(BalanceChanged, _longs("balance_sequence", 2**63 - 1)),
    ),
    "balance asset": ("ASSET_UNKNOWN", _beside(BalanceChanged, lambda e: {"asset": "DOGE"})),
    "balance account": (
        "BALANCE_INCONSISTENT",
        _beside(BalanceChanged, lambda e: {"account": "nobody", "locked_e8": -1}),
    ),
    "order negative": ("ORDER_INVALID", _in_place(OrderSubmitted, _longs("quantity_e8", -E8))),
    "order no side": ("ORDER_INVALID", _in_place(OrderSubmitted, lambda e: {"side": "UNKNOWN"})),
}
"""By name: the defect that must be told (or the rule), and how a stream is spoiled."""


def run(limits: Limits, events: Sequence[Event]) -> tuple[RiskEngine, list[Event]]:
    """Let an engine judge each event in a slice of its own, in the order given."""
    engine = RiskEngine(limits)
    alerts: list[Event] = []
    for offset, event in enumerate(events):
        alerts += engine.process_slice(placed([event], offset))
    return engine, alerts


def books(engine: RiskEngine) -> Mapping[str, Any]:
    """Return what a firm is told it owns, is worth and has made."""
    return {
        "positions": dict(engine.portfolio.positions_e8),
        "equity": engine.portfolio.equity_e8,
        "profit": engine.portfolio.profit_e16,
        "marks": dict(engine.portfolio.marks_e8),
        "mids": dict(engine.state.market.mids_e8),
        "trading": {
            place: (one.quantity_e8, one.cost_e16, one.realised_e16)
            for place, one in engine.state.trading.positions.items()
        },
        "fees": dict(engine.state.trading.fees_e8),
    }
