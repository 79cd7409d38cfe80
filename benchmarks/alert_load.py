"""The load of the alert latency benchmark: ticks with shocks on most instruments, all the time.

Each instrument's price steps up and down by more than its limit. A step raises an alert; when the
price before it has left the window the alert is resolved; when the cooldown is over comes the next
step. Window and cooldown are a second here, so that this gives a steady number of alerts while
event time runs ten times as fast as it does in production. Which ticks are answered by a raised
alert is asked of a risk engine, and their ids are marked.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import EVENT_ID_AT, Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8, SECOND_US
from eventlog.records import Record
from tse.running.plans import LIMITS

RULE: Final = "price_shock"
MARK: Final = b"\xff\xff\xff\xff"
"""The first bytes of the id of every tick that a raised alert answers."""
MARK_AT: Final = slice(EVENT_ID_AT, EVENT_ID_AT + len(MARK))
"""Where they are in a record's value."""
STARTS_AT_US: Final = 1_767_571_200_000_000
_STEP: Final = 0.012
_NOISE: Final = 0.0002
_PERIOD_US: Final = 6 * SECOND_US
"""From step to step: window and cooldown take two of the six seconds, and a partition that is late
by less than the rest makes no difference."""
_SYMBOLS: Final = tuple(INSTRUMENTS)
_SHORT: Final = {
    "move = 0.02\nwindow_s = 300\n": (
        "move = 0.02\nwindow_s = 1\nseverity = { low = 0.5, medium = 0.75, high = 0.9,"
        " critical = 1.0, clear = 0.45, cooldown_s = 1 }\n"
    ),
    "per_hour = 50\n": "per_hour = 1_000_000\n",
}
"""What is different in the limits, and how."""
_STEADY: Final = frozenset({"USDT-USD"})
_EVENT_TIME_PER_S_US: Final = 10 * SECOND_US


def shock_limits() -> str:
    """Return the laboratory's limits with short price shocks, none of which is grouped."""
    text = LIMITS.read_text()
    for old, new in _SHORT.items():
        if text.count(old) != 1:
            raise RuntimeError(f"{LIMITS}: {text.count(old)} times {old!r}; once is expected")
        text = text.replace(old, new)
    return text


def new_engine() -> RiskEngine:
    """Return a risk engine under the limits of the load."""
    return RiskEngine(parse_limits(shock_limits(), LIMITS.name))


class Load:
    """Yields one event after the other; the engine that finds the triggers goes along."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = Random(seed)
        self._ids = RootIds(b"benchmark", "alert-load")
        self._engine = new_engine()
        self._now_us = STARTS_AT_US
        self._number = 0

    def deposits(self) -> list[Event]:
        """Return what the firm holds, so that the portfolio's rules have something to judge."""
        return [
            self._deposit(asset, quantity_e8, sequence)
            for sequence, (asset, quantity_e8) in enumerate(
                (("BTC", 2 * E8), ("ETH", 40 * E8), ("USD", 500_000 * E8))
            )
        ]

    def ticks(self, count: int, rate: int) -> tuple[list[PriceTicked], int]:
        """Return the next `count` events, to be sent at `rate` a second, and how many trigger."""
        ticks = [self._tick(_EVENT_TIME_PER_S_US // rate) for _ in range(count)]
        records = [Record("prices", 0, n, 0, tick) for n, tick in enumerate(ticks)]
        triggers = {
            alert.causation_id
            for alert in self._engine.process_slice(records)
            if isinstance(alert, RiskAlertRaised) and alert.rule == RULE
        }
        events = [_marked(tick) if tick.event_id in triggers else tick for tick in ticks]
        return events, len(triggers)

    def _tick(self, passes_us: int) -> PriceTicked:
        self._now_us += passes_us
        self._number += 1
        sequence, place = divmod(self._number, len(_SYMBOLS))
        instrument = INSTRUMENTS[_SYMBOLS[place]]
        # The instruments step in turn, so that alerts come evenly.
        steps = (self._now_us + place * _PERIOD_US // len(_SYMBOLS)) // _PERIOD_US
        step = 0.0 if instrument.symbol in _STEADY else _STEP * (steps % 2)
        factor = 1 + step + self._chance.uniform(-_NOISE, _NOISE)
        price_e8 = round(instrument.reference_price_e8 * factor)
        event_id = self._ids.root("tick", self._number)
        return PriceTicked(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=self._now_us,
            feed="market-data",
            instrument=instrument.symbol,
            feed_sequence=sequence,
            bid_price_e8=price_e8 - instrument.tick_size_e8 // 2,
            ask_price_e8=price_e8 + instrument.tick_size_e8 // 2,
            last_price_e8=price_e8,
            bid_quantity_e8=E8,
            ask_quantity_e8=E8,
            volume_e8=sequence * E8,
        )

    def _deposit(self, asset: str, quantity_e8: int, sequence: int) -> BalanceChanged:
        event_id = self._ids.root("deposit", sequence)
        return BalanceChanged(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=STARTS_AT_US,
            venue="exchange-okx",
            account="firm-momentum",
            asset=asset,
            reason="DEPOSIT",
            reference_id=event_id,
            change_e8=quantity_e8,
            available_e8=quantity_e8,
            locked_e8=0,
            total_e8=quantity_e8,
            balance_sequence=0,
        )


def slices(events: Sequence[Event], size: int) -> Iterator[list[Record]]:
    """Yield the events as slices of decoded records."""
    for start in range(0, len(events), size):
        yield [
            Record("prices", 0, start + n, 0, event)
            for n, event in enumerate(events[start : start + size])
        ]


def _marked(tick: PriceTicked) -> PriceTicked:
    event_id = EventId(MARK + tick.event_id[len(MARK) :])
    return msgspec.structs.replace(
        tick, event_id=event_id, correlation_id=event_id, causation_id=event_id
    )
