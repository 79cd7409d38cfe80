"""The machine `market-data`: ticks of each instrument, bars, depth, and signs of life.

Ticks lie on a grid of steps from the start of the run, and a tick's sequence is its step: a feed
that was away misses the steps it slept through, and its sequence shows the gap. All prices are
pure functions of the step and the injections, so after a restart the last own events say all: how
far it was, and what its open bars hold. `InjectionScheduled` must be delivered again, through
`restore`. What is published is decided in `pricing` (prices and what moves them) and `delivery`
(which ticks come, and when).
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.prices import BarClosed, FeedHeartbeat, PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, VenueState
from ecosystem.firm import FEED
from ecosystem.ids import RootIds
from ecosystem.injections import Injections
from ecosystem.market_data.bars import Bars
from ecosystem.market_data.delivery import Delivery, Note
from ecosystem.market_data.facts import Facts
from ecosystem.market_data.faults.contract import Grid
from ecosystem.market_data.faults.kinds import FeedFault, readers
from ecosystem.market_data.lines import lines
from ecosystem.market_data.models.source import ModelSource
from ecosystem.market_data.pricing import Pricing
from ecosystem.market_data.source import PriceSource, SourceState
from ecosystem.units import SECOND_US

HEARTBEAT_US: Final = 10 * SECOND_US
"""Time between two signs of life, and between two books, of one instrument."""

STEPS_AT_ONCE: Final = 20
"""Ticks of a model are made for so many steps in one go: code that just ran runs faster."""

Ticks = dict[int, PriceTicked]
"""The ticks of a step, by the place of their instrument."""

_BEGAN: Final = SourceState("UP", "the feed began")


class MarketData:
    """Publishes the market, as it is or as injections make it."""

    def __init__(
        self,
        run_key: bytes,
        seed: int,
        starts_at_us: int,
        *,
        interval_us: int = SECOND_US,
        source: PriceSource | None = None,
        state_of_source: Callable[[int], SourceState] | None = None,
    ) -> None:
        """Begin at `starts_at_us`, with a tick every `interval_us`.

        Args:
            source: where prices come from, for steps of `interval_us` from `starts_at_us`; the
                seeded models when left out.
            state_of_source: how the source stands at a step; always up when left out.
        """
        if not 1000 <= interval_us <= HEARTBEAT_US or HEARTBEAT_US % interval_us:
            raise InvalidInputError(
                f"interval_us {interval_us}; allowed is a divisor of {HEARTBEAT_US}, at least 1000"
            )
        self._grid = Grid(starts_at_us, interval_us)
        self._beat_steps = HEARTBEAT_US // interval_us
        roots = RootIds(run_key, FEED)
        self._facts = Facts(roots)
        self._lines = lines(seed, roots)
        self._injections: Injections[FeedFault] = Injections(FEED, readers(seed, self._grid))
        self._pricing = Pricing(
            ModelSource(seed, interval_us) if source is None else source,
            self._lines,
            self._grid,
            self._injections,
        )
        self._delivery = Delivery(self._pricing, self._lines, self._grid, self._injections)
        self.bars = Bars([line.symbol for line in self._lines])
        self.ticks: dict[str, PriceTicked] = {}
        """The last tick of each instrument."""
        self.books: dict[str, BookQuoted] = {}
        """The last book of each instrument."""
        self._volumes_e8 = dict.fromkeys((line.symbol for line in self._lines), 0)
        # The instruments take turns with their books, spread over the time between two.
        self._book_turns: dict[int, list[int]] = {}
        for at in range(len(self._lines)):
            turn = at * self._beat_steps // len(self._lines)
            self._book_turns.setdefault(turn, []).append(at)
        # What a source from outside says of a step may be known no sooner than the step.
        self._steps_at_once = STEPS_AT_ONCE if source is None else 1
        self._made: dict[int, Ticks] = {}
        self._faulty = False
        self._noted_us: dict[EventId, int] = {}
        self._step = -1
        self._beat = -1
        self._state_of_source = state_of_source
        self._states_count = 0
        self._state: VenueState = "UNKNOWN"

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return FEED

    def due_us(self) -> int:
        """Return the event time of the next tick."""
        return self._grid.at_us(self._step + 1)

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Take in what is scheduled or called off; nothing follows before the next tick.

        Raises:
            InvalidInputError: an injection for this machine that it cannot apply.
        """
        if isinstance(event, InjectionScheduled | InjectionCancelRequested):
            self._learn(event)
        return ()

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return what is published at this step, and what injections did to it."""
        step = self._grid.step_at(now_us)
        if step <= self._step:
            return ()
        events: list[Event] = []
        events += self._status(step, now_us)
        events += self._injections.ended(now_us)
        events += self._closed(now_us)
        ticks = self._ticks(step, now_us, events)
        for at in self._book_turns.get(step % self._beat_steps, ()):
            if at in ticks:
                events.append(self._book(at, ticks[at], step))
        if step // self._beat_steps > self._beat:
            self._beat = step // self._beat_steps
            self._heartbeats(step, now_us, events)
        self._step = step
        return events

    def restore(self, event: Event) -> None:
        """Take in an own event, or a scheduled injection, deciding nothing."""
        match event:
            case PriceTicked():
                self._reach(event.event_time_us)
                self.bars.close(event.event_time_us)
                self._published((event,))
                # The book of a time holds the volume up to it, whichever of the two comes first.
                book = self.books.get(event.instrument)
                if book is not None and event.event_time_us <= book.event_time_us:
                    self._volumes_e8[event.instrument] = 0
            case FeedHeartbeat():
                self._reach(event.event_time_us)
                beat = self._grid.step_at(event.event_time_us) // self._beat_steps
                self._beat = max(self._beat, beat)
            case BarClosed():
                self._reach(event.event_time_us)
                self.bars.close(event.event_time_us)
                self.bars.remember(event)
            case BookQuoted() if event.venue == FEED:
                self._reach(event.event_time_us)
                self.books[event.instrument] = event
                self._volumes_e8[event.instrument] = 0
            case VenueStatusChanged() if event.venue == FEED:
                self._state = event.state
                self._states_count += 1
            case _:
                self._learn(event)

    def _reach(self, time_us: int) -> None:
        self._step = max(self._step, self._grid.step_at(time_us))

    def _learn(self, event: Event) -> None:
        self._injections.learn(event)
        if isinstance(event, InjectionApplied | InjectionEnded):
            # A step all of whose ticks were lost may have left nothing but these.
            known_us = self._noted_us.get(event.injection_id, 0)
            self._noted_us[event.injection_id] = max(known_us, event.event_time_us)
        for one in self._injections:
            self._faulty = True
            if (noted_us := self._noted_us.pop(one.scheduled.injection_id, None)) is not None:
                self._reach(noted_us)

    def _status(self, step: int, now_us: int) -> Sequence[VenueStatusChanged]:
        found = _BEGAN if self._state_of_source is None else self._state_of_source(step)
        if found.state == self._state:
            return ()
        changed = self._facts.status(found, self._states_count, now_us)
        self.restore(changed)
        return (changed,)

    def _closed(self, now_us: int) -> Sequence[BarClosed]:
        closed = self.bars.close(now_us)
        for bar in closed:
            self.bars.remember(bar)
        return closed

    def _ticks(self, step: int, now_us: int, events: list[Event]) -> Ticks:
        """Publish what comes at a step, and return the ticks that are of this step."""
        if self._faulty and (self._pricing.faults(step) or self._delivery.disruptions(step)):
            return self._ticks_altered(step, now_us, events)
        if now_us == self._grid.at_us(step):
            ticks = self._made.get(step) or self._make(step)
        else:
            ticks = self._untouched(step, [now_us])[step]  # whoever wakes it is late
        published = list(ticks.values())
        events += published
        self._published(published)
        return ticks

    def _make(self, step: int) -> Ticks:
        """Return the ticks of a step that nobody touches, and make those of the next steps too.

        Injections may take the place of what was made ahead of its time.
        """
        steps = range(step, step + self._steps_at_once)
        self._made = self._untouched(step, [self._grid.at_us(one) for one in steps])
        return self._made[step]

    def _untouched(self, first: int, times_us: Sequence[int]) -> dict[int, Ticks]:
        quotes = self._pricing.quotes(first, first + len(times_us))
        columns = [
            self._facts.ticks(line, column, first, times_us)
            for line, column in zip(self._lines, quotes, strict=True)
        ]
        return {
            step: {at: tick for at, tick in enumerate(row) if tick is not None}
            for step, row in enumerate(zip(*columns, strict=True), first)
        }

    def _ticks_altered(self, step: int, now_us: int, events: list[Event]) -> Ticks:
        ticks = {}
        for symbol, note in self._delivery.falls_silent(step):
            if (last := self.ticks.get(symbol)) is not None:
                noted = self._noted(last, [note])
                events += [msgspec.structs.replace(one, event_time_us=now_us) for one in noted]
        for delivered in self._delivery.deliver(step):
            draft = delivered.draft
            line = self._lines[draft.at]
            tick = self._facts.ticked(line, draft.quote, draft.step, now_us)
            self._publish(tick, delivered.notes, events)
            if draft.step == step:
                ticks[draft.at] = tick
            if delivered.again:
                second = self._facts.ticked(line, draft.quote, draft.step, now_us, again=True)
                self._publish(second, delivered.again, events)
        return ticks

    def _publish(self, tick: PriceTicked, notes: Sequence[Note], events: list[Event]) -> None:
        events.append(tick)
        events += self._noted(tick, notes)
        self._published((tick,))

    def _published(self, ticks: Sequence[PriceTicked]) -> None:
        self.bars.add(ticks)
        last, volumes_e8 = self.ticks, self._volumes_e8
        for tick in ticks:
            symbol = tick.instrument
            last[symbol] = tick
            volumes_e8[symbol] += tick.volume_e8

    def _book(self, at: int, tick: PriceTicked, step: int) -> BookQuoted:
        line = self._lines[at]
        volume_e8 = self._volumes_e8[line.symbol]
        number = step // self._beat_steps
        book = self._facts.book(line, tick, number, volume_e8)
        self.books[line.symbol] = book
        self._volumes_e8[line.symbol] = 0
        return book

    def _heartbeats(self, step: int, now_us: int, events: list[Event]) -> None:
        for at, line in enumerate(self._lines):
            beat = self._facts.beat(line, step // self._beat_steps, step, now_us)
            events.append(beat)
            events += self._noted(beat, self._delivery.missing(at, step))

    def _noted(self, event: Event, notes: Sequence[Note]) -> list[InjectionApplied]:
        return [
            self._injections.applied(
                note.injection,
                event,
                note.measure,
                unaltered_e8=note.unaltered_e8,
                altered_e8=note.altered_e8,
            )
            for note in notes
        ]
