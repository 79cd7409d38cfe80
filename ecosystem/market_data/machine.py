"""The machine `market-data`: one tick of each instrument a second, and signs of life.

Ticks lie on a grid of steps from the start of the run, and a tick's sequence is its step: a feed
that was away misses the steps it slept through, and its sequence shows the gap. All prices are
pure functions of the step and the injections, so after a restart the last own tick says all.
`InjectionScheduled` must be delivered again, through `restore`.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, VenueState
from ecosystem.firm import FEED
from ecosystem.ids import RootIds, derive_id
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.market_data.crash import KIND, Crash
from ecosystem.market_data.paths import PricePaths, moved_price
from ecosystem.market_data.quotes import FACTOR_UNIT, Quote, QuoteModel
from ecosystem.market_data.source import PriceSource, SourceState
from ecosystem.rng import Stream
from ecosystem.units import SECOND_US

HEARTBEAT_US: Final = 10 * SECOND_US

_QUIET: Final = (FACTOR_UNIT, FACTOR_UNIT)
_BEGAN: Final = SourceState("UP", "the feed began")


class _Line:
    """What the feed keeps for one instrument."""

    __slots__ = (
        "applied_label",
        "assets",
        "base",
        "beat_stream",
        "draws",
        "measure",
        "quote",
        "quotes",
        "stream",
        "symbol",
    )

    def __init__(self, symbol: str, seed: int) -> None:
        self.symbol = symbol
        self.stream = f"tick/{symbol}"
        self.beat_stream = f"heartbeat/{symbol}"
        self.applied_label = f"{FEED}/applied/{symbol}"
        self.measure = f"price {symbol}"
        self.draws = Stream(seed, "market-data", "quote", symbol)
        instrument = INSTRUMENTS[symbol]
        self.quotes = QuoteModel(instrument)
        self.base, self.quote = instrument.base, instrument.quote
        self.assets = frozenset((instrument.base, instrument.quote))


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
                seeded paths when left out.
            state_of_source: how the source stands at a step; always up when left out.
        """
        if not 1000 <= interval_us <= HEARTBEAT_US or HEARTBEAT_US % interval_us:
            raise InvalidInputError(
                f"interval_us {interval_us}; allowed is a divisor of {HEARTBEAT_US}, at least 1000"
            )
        self._ids = RootIds(run_key, FEED)
        self._seed = seed
        self._starts_at_us = starts_at_us
        self._interval_us = interval_us
        self._beat_steps = HEARTBEAT_US // interval_us
        self._source = PricePaths(seed, interval_us) if source is None else source
        self._state_of_source = state_of_source
        self._lines = tuple(_Line(symbol, seed) for symbol in INSTRUMENTS)
        self._crashes: dict[EventId, Crash] = {}
        # Kept apart from the crashes: after a restart they may be delivered in either order.
        self._applied_counts: dict[EventId, int] = {}
        self._ended: set[EventId] = set()
        self._step = -1
        self._beat = -1
        self._states_count = 0
        self._state: VenueState = "UNKNOWN"

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return FEED

    def due_us(self) -> int:
        """Return the event time of the next tick."""
        return self._starts_at_us + (self._step + 1) * self._interval_us

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Take in a scheduled injection; nothing follows before the next tick.

        Raises:
            InvalidInputError: an injection for this machine that it cannot apply.
        """
        self._learn(event)
        return ()

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the ticks of this step, signs of life, and what injections did to them."""
        step = (now_us - self._starts_at_us) // self._interval_us
        if step <= self._step:
            return ()
        events: list[Event] = []
        events.extend(self._status(step, now_us))
        for crash in self._crashes.values():
            injection_id = crash.scheduled.injection_id
            if now_us >= crash.scheduled.ends_at_us and injection_id not in self._ended:
                count = self._applied_counts.get(injection_id, 0)
                events.append(_ended(crash.scheduled, now_us, count))
        crashes = [crash for crash in self._crashes.values() if crash.alters(step)]
        if crashes:
            self._tick_altered(step, now_us, crashes, events)
        else:
            self._tick(step, now_us, events)
        if step // self._beat_steps > self._beat:
            self._heartbeats(step, now_us, events)
        for event in events:
            if not isinstance(event, PriceTicked):
                self.restore(event)
        self._step = step
        return events

    def restore(self, event: Event) -> None:
        """Take in an own event, or a scheduled injection, deciding nothing."""
        if isinstance(event, PriceTicked):
            self._step = max(self._step, self._step_at(event.event_time_us))
        elif isinstance(event, FeedHeartbeat):
            self._beat = max(self._beat, self._step_at(event.event_time_us) // self._beat_steps)
        elif isinstance(event, InjectionApplied):
            count = self._applied_counts.get(event.injection_id, 0)
            self._applied_counts[event.injection_id] = count + 1
        elif isinstance(event, InjectionEnded):
            self._ended.add(event.injection_id)
        elif isinstance(event, VenueStatusChanged):
            if event.venue == FEED:
                self._state = event.state
                self._states_count += 1
        else:
            self._learn(event)

    def _learn(self, event: Event) -> None:
        if not isinstance(event, InjectionScheduled) or event.target != FEED:
            return
        if event.kind != KIND:
            raise InvalidInputError(
                f"injection {event.name!r}: kind {event.kind!r}; {FEED} applies {KIND!r} only"
            )
        if event.injection_id not in self._crashes:
            self._crashes[event.injection_id] = Crash(
                event, self._seed, self._starts_at_us, self._interval_us
            )

    def _step_at(self, time_us: int) -> int:
        return (time_us - self._starts_at_us) // self._interval_us

    def _tick(self, step: int, now_us: int, events: list[Event]) -> None:
        for line, price in zip(self._lines, self._source.prices(step), strict=True):
            if price is not None:
                bits = line.draws.bits(step)
                quote = line.quotes.quote(price, bits, FACTOR_UNIT, FACTOR_UNIT)
                events.append(self._ticked(line, quote, step, now_us))

    def _tick_altered(
        self, step: int, now_us: int, crashes: list[Crash], events: list[Event]
    ) -> None:
        moves_e12 = dict.fromkeys(ASSETS, 0)
        for crash in crashes:
            log_e12 = crash.log_e12(step)
            for asset in crash.assets:
                moves_e12[asset] += log_e12
        factors = [(crash.factors(step), crash) for crash in crashes]
        for line, price in zip(self._lines, self._source.prices(step), strict=True):
            if price is None:
                continue
            hitting = [pair for pair in factors if not line.assets.isdisjoint(pair[1].assets)]
            widening, busyness = max((factor for factor, _ in hitting), default=_QUIET)
            bits = line.draws.bits(step)
            unaltered = line.quotes.quote(price, bits, FACTOR_UNIT, FACTOR_UNIT)
            moved = moved_price(price, moves_e12[line.base] - moves_e12[line.quote])
            altered = line.quotes.quote(moved, bits, widening, busyness)
            tick = self._ticked(line, altered, step, now_us)
            events.append(tick)
            if altered != unaltered:
                for _, crash in hitting:
                    events.append(_applied(crash, line, tick, unaltered[2]))

    def _ticked(self, line: _Line, quote: Quote, step: int, now_us: int) -> PriceTicked:
        event_id = self._ids.root(line.stream, step)
        bid_e8, ask_e8, last_e8, bid_quantity_e8, ask_quantity_e8, volume_e8 = quote
        return PriceTicked(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=now_us,
            feed=FEED,
            instrument=line.symbol,
            feed_sequence=step,
            bid_price_e8=bid_e8,
            ask_price_e8=ask_e8,
            last_price_e8=last_e8,
            bid_quantity_e8=bid_quantity_e8,
            ask_quantity_e8=ask_quantity_e8,
            volume_e8=volume_e8,
        )

    def _heartbeats(self, step: int, now_us: int, events: list[Event]) -> None:
        for line in self._lines:
            event_id = self._ids.root(line.beat_stream, step // self._beat_steps)
            events.append(
                FeedHeartbeat(
                    event_id=event_id,
                    correlation_id=event_id,
                    causation_id=event_id,
                    event_time_us=now_us,
                    feed=FEED,
                    instrument=line.symbol,
                    feed_sequence=step + 1,
                )
            )

    def _status(self, step: int, now_us: int) -> Sequence[VenueStatusChanged]:
        found = _BEGAN if self._state_of_source is None else self._state_of_source(step)
        if found.state == self._state:
            return ()
        event_id = self._ids.root("status", self._states_count)
        return (
            VenueStatusChanged(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=now_us,
                venue=FEED,
                state=found.state,
                reason=found.reason,
            ),
        )


def _applied(crash: Crash, line: _Line, tick: PriceTicked, unaltered_e8: int) -> InjectionApplied:
    scheduled = crash.scheduled
    return InjectionApplied(
        event_id=derive_id(scheduled.event_id, line.applied_label, tick.feed_sequence),
        correlation_id=scheduled.correlation_id,
        causation_id=scheduled.event_id,
        event_time_us=tick.event_time_us,
        run_id=scheduled.run_id,
        injection_id=scheduled.injection_id,
        altered_event_id=tick.event_id,
        altered_correlation_id=tick.correlation_id,
        measure=line.measure,
        unaltered_e8=unaltered_e8,
        altered_e8=tick.last_price_e8,
    )


def _ended(scheduled: InjectionScheduled, now_us: int, count: int) -> InjectionEnded:
    return InjectionEnded(
        event_id=derive_id(scheduled.event_id, f"{FEED}/ended"),
        correlation_id=scheduled.correlation_id,
        causation_id=scheduled.event_id,
        event_time_us=now_us,
        run_id=scheduled.run_id,
        injection_id=scheduled.injection_id,
        applied_count=count,
    )
