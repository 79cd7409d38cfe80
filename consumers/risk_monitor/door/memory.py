"""What the door remembers of what the monitor said and measured; everything is bounded.

It is fed with the monitor's own events, while its state is restored and when an answer is on the
log, and with the state after each slice. So it is the same after a restart.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    ComplianceStatusChanged,
    InputsSilenceObserved,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskAlertsGrouped,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import MINUTE_US, SECOND_US

ENDED_MAX: Final = 2_000
"""Alerts that are over and still remembered."""
WORDS_MAX: Final = 100
"""Events of one alert that are remembered, the first ones and the last ones."""
TOLD_MAX: Final = 1_000
"""Events of the timeline."""
LIMITS_MAX: Final = 200
SPANS: Final = {"10s": (10 * SECOND_US, 720), "5m": (5 * MINUTE_US, 2_016)}
"""Steps of the curves in event time and how many points each keeps: two hours and seven days."""
Told = (
    RiskAlertRaised
    | RiskAlertEscalated
    | RiskAlertAcknowledged
    | RiskAlertResolved
    | RiskAlertExpired
    | RiskAlertsGrouped
    | ComplianceStatusChanged
    | CircuitBreakerOpened
    | CircuitBreakerClosed
    | LimitsChanged
    | InputsSilenceObserved
)
AlertState = Literal["ACTIVE", "ACKNOWLEDGED", "RESOLVED", "EXPIRED"]


class Case:
    """One alert from its first word to its last."""

    __slots__ = ("acknowledged", "ended", "first", "last", "words")

    def __init__(self, first: RiskAlertRaised | RiskAlertEscalated) -> None:
        self.first = first
        self.last = first
        """The last word on how bad it is."""
        self.acknowledged: RiskAlertAcknowledged | None = None
        self.ended: RiskAlertResolved | RiskAlertExpired | None = None
        self.words: list[Event] = [first]

    @property
    def state(self) -> AlertState:
        """How the alert stands."""
        if self.ended is not None:
            return "RESOLVED" if isinstance(self.ended, RiskAlertResolved) else "EXPIRED"
        return "ACTIVE" if self.acknowledged is None else "ACKNOWLEDGED"

    def take(self, event: Event) -> None:
        """Take in a further word."""
        match event:
            case RiskAlertEscalated():
                self.last = event
            case RiskAlertAcknowledged():
                self.acknowledged = event
            case RiskAlertResolved() | RiskAlertExpired():
                self.ended = event
            case _:
                return
        self.words.append(event)
        if len(self.words) > WORDS_MAX:
            del self.words[WORDS_MAX // 2]


class Sample(msgspec.Struct, frozen=True, gc=False):
    """The worth of the portfolio at one event time, in USD."""

    time_us: int
    total_e8: int
    realised_e8: int
    unrealised_e8: int
    equity_e8: int
    drawdown_e8: int


class Curve:
    """Samples on a grid of event time; the oldest leave."""

    def __init__(self, step_us: int, samples_max: int) -> None:
        self._step_us = step_us
        self._due_us = 0
        self.samples: deque[Sample] = deque(maxlen=samples_max)

    def due(self, now_us: int) -> bool:
        """Return whether the grid has a new point at `now_us`."""
        return now_us >= self._due_us

    def add(self, sample: Sample) -> None:
        """Take in a sample that was due."""
        self.samples.append(sample)
        self._due_us = (sample.time_us // self._step_us + 1) * self._step_us


class Memory:
    """Alerts, the timeline, limits and curves."""

    def __init__(self) -> None:
        self.timeline: deque[Told] = deque(maxlen=TOLD_MAX)
        """What was said, the oldest first."""
        self.limits: deque[LimitsChanged] = deque(maxlen=LIMITS_MAX)
        self.curves = {name: Curve(step_us, count) for name, (step_us, count) in SPANS.items()}
        self.openings_count = 0
        """How often the breaker has opened."""
        self._active: OrderedDict[EventId, Case] = OrderedDict()
        self._ended: OrderedDict[EventId, Case] = OrderedDict()

    def take(self, event: Event) -> None:
        """Take in an event of the monitor's own; others than those of `Told` change nothing."""
        if not isinstance(event, Told):
            return
        self.timeline.append(event)
        match event:
            case (
                RiskAlertsGrouped()
                | ComplianceStatusChanged()
                | CircuitBreakerClosed()
                | InputsSilenceObserved()
            ):
                pass
            case CircuitBreakerOpened():
                self.openings_count += 1
            case LimitsChanged():
                self.limits.append(event)
            case _:
                self._take_alert(event)

    def _take_alert(
        self,
        event: RiskAlertRaised
        | RiskAlertEscalated
        | RiskAlertAcknowledged
        | RiskAlertResolved
        | RiskAlertExpired,
    ) -> None:
        case = self._active.get(event.alert_id)
        if case is None:
            if isinstance(event, RiskAlertRaised | RiskAlertEscalated):
                self._active[event.alert_id] = Case(event)
            return
        case.take(event)
        if case.ended is not None:
            self._ended[event.alert_id] = self._active.pop(event.alert_id)
            if len(self._ended) > ENDED_MAX:
                self._ended.popitem(last=False)

    def sample(self, engine: RiskEngine) -> None:
        """Take in the worth of the portfolio where a curve has a new point."""
        now_us = engine.reached_us
        due = [curve for curve in self.curves.values() if now_us and curve.due(now_us)]
        if not due:
            return
        portfolio, trading, market = engine.portfolio, engine.state.trading, engine.state.market
        sample = Sample(
            time_us=now_us,
            total_e8=portfolio.profit_e8,
            realised_e8=trading.realised_usd_e8(portfolio.marks_e8),
            unrealised_e8=trading.unrealised_usd_e8(market.mids_e8, portfolio.marks_e8),
            equity_e8=portfolio.equity_e8,
            drawdown_e8=portfolio.drawdown_e8(),
        )
        for curve in due:
            curve.add(sample)

    def active(self) -> list[Case]:
        """Return the alerts that are not over, the oldest first."""
        return list(self._active.values())

    def cases(self) -> Iterator[Case]:
        """Yield every alert that is remembered: those that are not over, then the others, each
        with the newest first."""
        yield from reversed(self._active.values())
        yield from reversed(self._ended.values())

    def case(self, alert_id: EventId) -> Case | None:
        """Return one alert."""
        return self._active.get(alert_id) or self._ended.get(alert_id)
