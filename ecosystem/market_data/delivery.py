"""Which ticks come at a step, in which order, and what is to be noted of each.

Where nothing is disrupted that is every tick of the step. Where something is, a tick may be lost,
held, spoiled or sent twice. A lost tick leaves no event that could be noted: its loss is noted of
the events that show it. These are the last tick before it, which stands for longer than it should;
the next, whose sequence jumps; and every sign of life in between, which counts what was sent.
"""

from collections.abc import Iterator, Sequence

import msgspec

from ecosystem.events.words import EventId
from ecosystem.injections import Injection, Injections
from ecosystem.market_data.faults.contract import Grid
from ecosystem.market_data.faults.disruption import LOST, Disruption
from ecosystem.market_data.faults.kinds import FeedFault
from ecosystem.market_data.lines import LAST, Line
from ecosystem.market_data.pricing import Draft, Pricing
from ecosystem.market_data.quotes import Quote
from ecosystem.units import E8

SECOND_OF_US_E8 = 100
"""A microsecond in seconds, scaled by 1e8."""

Disturbance = tuple[Injection[FeedFault], Disruption]


class Note(msgspec.Struct, frozen=True):
    """What an injection did to one event."""

    injection: Injection[FeedFault]
    measure: str
    unaltered_e8: int
    altered_e8: int


class Delivered(msgspec.Struct, frozen=True):
    """A tick that comes now."""

    draft: Draft
    notes: Sequence[Note]
    again: Sequence[Note] = ()
    """Not empty when it comes twice: what is to be noted of the second."""


class Delivery:
    """Carries ticks from where they are made to where they are published."""

    def __init__(
        self,
        pricing: Pricing,
        lines: Sequence[Line],
        grid: Grid,
        injections: Injections[FeedFault],
    ) -> None:
        self._pricing = pricing
        self._lines = lines
        self._grid = grid
        self._injections = injections
        self._held: list[Draft] = []
        self._reached = -1
        self._frozen: dict[EventId, dict[int, Quote]] = {}

    def disruptions(self, step: int) -> list[Disturbance]:
        """Return what disrupts the feed at a step, or did so at the step before."""
        found = []
        for one in self._injections:
            fault = one.fault
            if isinstance(fault, Disruption) and fault.first <= step:
                fault.last = min(fault.last, self._grid.first_from(one.ends_at_us))
                if step <= fault.last:
                    found.append((one, fault))
        return found

    def deliver(self, step: int) -> Iterator[Delivered]:
        """Yield the ticks that come at a step, once each step, in the order of their coming."""
        disruptions = self.disruptions(step)
        self._catch_up(step, disruptions)
        self._hold(step, disruptions)
        due = [draft for draft in self._held if self._due(draft, disruptions)[0] <= step]
        self._held = [draft for draft in self._held if self._due(draft, disruptions)[0] > step]
        self._reached = step
        for draft in sorted(due, key=lambda draft: (*self._due(draft, disruptions)[1], draft.at)):
            yield self._delivered(draft, step, disruptions)

    def missing(self, at: int, step: int) -> list[Note]:
        """Return what a sign of life at a step shows: ticks that were lost up to now."""
        symbol = self._lines[at].symbol
        return [
            note for one, fault in self.disruptions(step) for note in _gap(one, fault, symbol, step)
        ]

    def falls_silent(self, step: int) -> Iterator[tuple[str, Note]]:
        """Yield the instruments of which no more ticks come from a step on, and until when."""
        unit_e8 = self._grid.interval_us * SECOND_OF_US_E8
        for one, fault in self.disruptions(step):
            for line in self._lines:
                symbol = line.symbol
                if not fault.loses(symbol, step) or fault.loses(symbol, step - 1):
                    continue
                lost = 1
                while fault.loses(symbol, step + lost):
                    lost += 1
                yield symbol, Note(one, f"silence {symbol}", unit_e8, unit_e8 * (1 + lost))

    def _catch_up(self, step: int, disruptions: Sequence[Disturbance]) -> None:
        # After a restart the ticks on their way are not known: they are made again.
        if self._reached == step - 1 or not disruptions:
            return
        self._held = []
        late = [fault for _, fault in disruptions if fault.delay_steps_max]
        begin = min((fault.first for fault in late), default=step)
        longest = sum(fault.delay_steps_max for fault in late)
        for past in range(max(begin, step - longest, 0), step):
            self._hold(past, disruptions)
        self._held = [draft for draft in self._held if self._due(draft, disruptions)[0] >= step]

    def _hold(self, step: int, disruptions: Sequence[Disturbance]) -> None:
        frozen = [(fault, self._frozen_by(one, fault)) for one, fault in disruptions]
        for draft in self._pricing.drafts(step):
            symbol = self._lines[draft.at].symbol
            if any(fault.loses(symbol, step) for fault, _ in frozen):
                continue
            for fault, quotes in frozen:
                draft.quote = fault.spoiled(symbol, step, draft.quote, quotes.get(draft.at))
            self._held.append(draft)

    def _frozen_by(self, one: Injection[FeedFault], fault: Disruption) -> dict[int, Quote]:
        if fault.mode != "stale":
            return {}
        found = self._frozen.get(one.scheduled.injection_id)
        if found is None:
            found = {draft.at: draft.quote for draft in self._pricing.drafts(max(fault.first, 0))}
            self._frozen[one.scheduled.injection_id] = found
        return found

    def _due(self, draft: Draft, disruptions: Sequence[Disturbance]) -> tuple[int, tuple[int, int]]:
        """Return at which step a tick comes, and its place among those that come then."""
        symbol = self._lines[draft.at].symbol
        due, place = draft.step, (draft.step, 0)
        for _, fault in disruptions:
            steps = fault.delay_steps(symbol, draft.step)
            if steps in (0, LOST):
                continue
            if fault.mode == "delay":
                # What is on its way when the delay ends arrives at once.
                due = max(due, min(due + steps, fault.last))
            else:
                due += steps
                place = (due, 1)
        return due, place

    def _delivered(self, draft: Draft, step: int, disruptions: Sequence[Disturbance]) -> Delivered:
        line = self._lines[draft.at]
        last_e8 = draft.unaltered[LAST], draft.quote[LAST]
        notes = [Note(one, line.measure, *last_e8) for one in draft.moved_by]
        again: list[Note] = []
        for one, fault in disruptions:
            symbol = line.symbol
            if symbol not in fault.altered:
                continue
            measure = fault.measures[symbol]
            hit = fault.hits(symbol, draft.step)
            match fault.mode:
                case "loss" | "gaps":
                    notes += _gap(one, fault, symbol, draft.step - 1)
                case "delay" | "reordering":
                    if hit and step > draft.step:
                        notes.append(Note(one, measure, *self._ages_e8(step - draft.step)))
                case "duplicates":
                    if hit:
                        again.append(Note(one, measure, E8, 2 * E8))
                case "crossed":
                    if hit:
                        spreads_e8 = _spread_e8(draft.unaltered), _spread_e8(draft.quote)
                        notes.append(Note(one, measure, *spreads_e8))
                case "stale" | "decimals":
                    if hit and draft.quote != draft.unaltered:
                        notes.append(Note(one, measure, *last_e8))
        return Delivered(draft, notes, again)

    def _ages_e8(self, late_steps: int) -> tuple[int, int]:
        unit_e8 = self._grid.interval_us * SECOND_OF_US_E8
        return unit_e8, unit_e8 * (1 + late_steps)


def _spread_e8(quote: Quote) -> int:
    return quote[1] - quote[0]


def _gap(one: Injection[FeedFault], fault: Disruption, symbol: str, step: int) -> Iterator[Note]:
    """Yield a note when ticks were lost up to and at a step: the distance in ticks."""
    lost = 0
    while fault.loses(symbol, step - lost):
        lost += 1
    if lost:
        yield Note(one, fault.measures[symbol], E8, (1 + lost) * E8)
