"""The circuit breaker: trading must stop when losses or critical alerts pile up.

It opens when the portfolio lost too much in the UTC day, or too fast, or when too many alerts are
critical at one time; also by hand. It closes by itself when its time is over, or by hand; what
still holds then opens it again.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import CircuitBreakerClosed, CircuitBreakerOpened
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.risk.alert_facts import INPUTS_MAX, as_long
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.portfolio import Portfolio
from ecosystem.risk.watch import CRITICAL
from ecosystem.units import E8, HOUR_US, MINUTE_US

BREAKER: Final = "portfolio"
_NEVER_US: Final = 2**63 - 1
_ANY_E8: Final = 2**63 - 1
"""More than any portfolio moves."""
_Measured = tuple[str, int, int, str, Sequence[EventId]]
"""Cause, measured value, limit, unit and inputs."""


class BreakerLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the breaker, and for how long."""

    loss_e8: int = 1_000_000 * E8
    """Loss of one UTC day in USD."""
    fast_loss_e8: int = 250_000 * E8
    """Loss within the window in USD."""
    fast_window_us: int = 10 * MINUTE_US
    criticals: int = 5
    """Alerts that are critical at one time."""
    reset_us: int = HOUR_US
    """How long it stays open."""


def by_hand(author: str, reason: str) -> str:
    """Return the cause that an opening by hand names."""
    return f"by hand, {author}: {reason}"


class CircuitBreaker:
    """Decides when trading must stop; decisions become events, and only events change it."""

    def __init__(self, limit: BreakerLimit, portfolio: Portfolio, book: AlertBook) -> None:
        self.limit = limit
        self.revision = 0
        """Rises whenever it opens, closes, or has another limit."""
        self.due_us = _NEVER_US
        """Event time at which it closes by itself."""
        self.opened: CircuitBreakerOpened | None = None
        self._portfolio = portfolio
        self._book = book
        # Candidates for the highest profit of the window: from the oldest, the highest, inwards.
        self._profits: deque[tuple[int, int, tuple[EventId, ...]]] = deque()

    def configure(self, limit: BreakerLimit) -> None:
        """Take in another limit; how long it stays open was told when it opened."""
        self.limit = limit
        self.revision += 1

    def note(self, now_us: int) -> None:
        """Take in the profit of the portfolio at `now_us`."""
        profit_e8 = self._portfolio.profit_e8
        profits = self._profits
        while profits and profits[-1][1] <= profit_e8:
            profits.pop()
        profits.append((now_us, profit_e8, self._portfolio.mark_ids()))
        while profits[0][0] < now_us - self.limit.fast_window_us:
            profits.popleft()

    def judge(self, trigger: Event) -> CircuitBreakerOpened | None:
        """Return the opening that follows from how things stand, taken in, if any."""
        if self.opened is not None:
            return None
        measured = self._loss() or self._fast_loss() or self._criticals()
        if measured is None:
            return None
        cause, value_e8, limit_e8, unit, inputs = measured
        return self._open(trigger, cause, value_e8, limit_e8, unit, inputs)

    def room_e8(self) -> int:
        """Return how far the equity may move, in USD, and no loss open it.

        The highest profit of the window may rise by as much meanwhile. Below 0 when something
        opens it now; while it is open nothing does.
        """
        limit, portfolio = self.limit, self._portfolio
        if self.opened is not None:
            return _ANY_E8
        if self._criticals() is not None:
            return -1
        high_e8 = self._profits[0][1] if self._profits else portfolio.profit_e8
        fast_loss_e8 = high_e8 - portfolio.profit_e8
        return min(
            limit.loss_e8 - portfolio.loss_of_day_e8() - 1,
            (limit.fast_loss_e8 - fast_loss_e8 - 1) // 2,
        )

    def wake(self, trigger: Event) -> CircuitBreakerClosed | None:
        """Return the closing that is due at the time of `trigger`, taken in."""
        if self.opened is None or trigger.event_time_us < self.due_us:
            return None
        return self._close(trigger.event_time_us, "its time is over", "", trigger)

    def trip(
        self, author: str, reason: str, request_id: EventId, now_us: int
    ) -> CircuitBreakerOpened:
        """Return the opening by hand, a root with the id of its request, taken in.

        Raises:
            InvalidInputError: it is open.
        """
        if self.opened is not None:
            raise InvalidInputError("the circuit breaker is open; it can be opened when it is not")
        request = Event(
            event_id=request_id,
            correlation_id=request_id,
            causation_id=request_id,
            event_time_us=now_us,
        )
        event = self._open(request, by_hand(author, reason), 0, 0, "", ())
        root = msgspec.structs.replace(
            event, event_id=request_id, correlation_id=request_id, causation_id=request_id
        )
        self.evolve(root)
        return root

    def close(
        self, author: str, reason: str, request_id: EventId, now_us: int
    ) -> CircuitBreakerClosed:
        """Return the closing by hand, with the id of its request, taken in.

        Raises:
            InvalidInputError: it is not open.
        """
        if self.opened is None:
            raise InvalidInputError("the circuit breaker is closed; it can be closed when open")
        at_us = max(now_us, self.opened.event_time_us)
        event = self._close(at_us, reason, author, self.opened)
        return msgspec.structs.replace(event, event_id=request_id)

    def evolve(self, event: Event) -> None:
        """Take in an own event, just decided or from the log."""
        if isinstance(event, CircuitBreakerOpened) and event.breaker == BREAKER:
            self.opened = event
            self.revision += 1
            self.due_us = event.reset_time_us
        elif isinstance(event, CircuitBreakerClosed) and event.breaker == BREAKER:
            self.opened = None
            self.revision += 1
            self.due_us = _NEVER_US

    def _loss(self) -> _Measured | None:
        loss_e8 = self._portfolio.loss_of_day_e8()
        if loss_e8 < self.limit.loss_e8:
            return None
        return (
            "loss of the day",
            loss_e8,
            self.limit.loss_e8,
            "USD",
            self._inputs(self._portfolio.day_start.mark_ids),
        )

    def _fast_loss(self) -> _Measured | None:
        if not self._profits:
            return None
        _, high_e8, mark_ids = self._profits[0]
        loss_e8 = high_e8 - self._portfolio.profit_e8
        if loss_e8 < self.limit.fast_loss_e8:
            return None
        return "fast loss", loss_e8, self.limit.fast_loss_e8, "USD", self._inputs(mark_ids)

    def _criticals(self) -> _Measured | None:
        active = self._book.active()
        if len(active) < self.limit.criticals:
            return None
        critical = [watch for watch in active if watch.level == CRITICAL]
        if len(critical) < self.limit.criticals:
            return None
        told = [watch.told.event_id for watch in critical if watch.told is not None]
        return ("critical alerts", len(critical) * E8, self.limit.criticals * E8, "alerts", told)

    def _inputs(self, before: Sequence[EventId]) -> Sequence[EventId]:
        return (*self._portfolio.mark_ids(), *before, *self._portfolio.holding_ids())

    def _open(
        self,
        trigger: Event,
        cause: str,
        value_e8: int,
        limit_e8: int,
        unit: str,
        inputs: Sequence[EventId],
    ) -> CircuitBreakerOpened:
        event = CircuitBreakerOpened(
            event_id=derive_id(trigger.event_id, "risk-monitor/breaker-opened"),
            correlation_id=trigger.correlation_id,
            causation_id=trigger.event_id,
            event_time_us=trigger.event_time_us,
            breaker=BREAKER,
            cause=cause,
            measured_e8=as_long(value_e8),
            limit_e8=limit_e8,
            unit=unit,
            reset_time_us=trigger.event_time_us + self.limit.reset_us,
            inputs=tuple(dict.fromkeys((trigger.event_id, *inputs)))[:INPUTS_MAX],
        )
        self.evolve(event)
        return event

    def _close(self, at_us: int, cause: str, author: str, trigger: Event) -> CircuitBreakerClosed:
        assert self.opened is not None, "only an open breaker closes"
        event = CircuitBreakerClosed(
            event_id=derive_id(self.opened.event_id, "risk-monitor/breaker-closed"),
            correlation_id=trigger.correlation_id,
            causation_id=trigger.event_id,
            event_time_us=at_us,
            breaker=BREAKER,
            cause=cause,
            author=author,
        )
        self.evolve(event)
        return event
