"""A world and the risk monitor in one process, without a log: the same alerts as a run, sooner.

For whoever sets limits, builds a rule, or wants many quiet hours judged. What the broker would do
is done here by counting: every record gets the place and the offset that `SliceWriter` gives it in
a run, so the monitor judges the same slices in the same order, and its alerts reach the trading
engine as many slices later. A test holds both to the same bytes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from consumers.risk_monitor.answers import Answer, Answerer
from consumers.risk_monitor.slices import Slice
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.words import PartitionEnd
from ecosystem.ids import RootIds
from ecosystem.risk.limits import Limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan, opening_events
from ecosystem.world import Written
from eventlog.catalogue.model import Catalogue
from eventlog.clients import routes_of
from eventlog.records import Partition, Record
from producers.world.appending import WRITERS, counted_topics
from producers.world.host import TRADING_ENGINE
from producers.world.session import build_world
from producers.world.slices import CLOCK
from tse.running.environment import EVERY_EVENT
from tse.running.services import RISK_MONITOR

_WRITES_AS: Final = {writer: place for place, writer in enumerate(WRITERS)}


class JudgedSlice(msgspec.Struct, frozen=True, kw_only=True):
    """One slice of a run: what the world wrote, what the monitor was given, what it answered."""

    sequence: int
    ends_at_us: int
    written: Sequence[Event]
    """Every event of the world, those of the control plane too, in the order of the log."""
    records: Sequence[Record]
    """What the monitor reads of it, the clock included."""
    answer: Answer


class InProcessRun:
    """Runs a plan with a risk monitor beside it; `slices` can be iterated once.

    Args:
        key: key of the run's root ids, from `ecosystem.ids.run_key`.
        engine: the monitor; a fresh one under `limits` when left out.
    """

    def __init__(
        self,
        plan: RunPlan,
        key: bytes,
        limits: Limits,
        catalogue: Catalogue,
        *,
        engine: RiskEngine | None = None,
    ) -> None:
        self.plan = plan
        self.engine = engine or RiskEngine(limits)
        self.world = build_world(plan, key, catalogue, EVERY_EVENT)
        self._answerer = Answerer(self.engine, RISK_MONITOR)
        self._routes = routes_of(catalogue, EVERY_EVENT)
        self._seen = frozenset(catalogue.subscription(RISK_MONITOR))
        self._clock_ids = RootIds(key, CLOCK)
        counted = (
            (name, partition)
            for name in counted_topics(catalogue)
            for partition in range(catalogue.topic(name).partitions)
        )
        self._ends: dict[Partition, int] = dict.fromkeys(sorted(counted), 0)
        for event in opening_events(plan, key):
            self.world.publish(event)

    @property
    def slices_total(self) -> int:
        """How many slices the run has; the last one may be shorter."""
        return -(-(self.plan.ends_at_us - self.plan.starts_at_us) // self.plan.slice_us)

    def slices(self) -> Iterator[JudgedSlice]:
        """Yield slice after slice, judged."""
        plan = self.plan
        alerts: dict[int, Sequence[Event]] = {}
        for number in range(self.slices_total):
            starts_at_us = plan.starts_at_us + number * plan.slice_us
            ends_at_us = min(starts_at_us + plan.slice_us, plan.ends_at_us)
            for alert in alerts.pop(number - plan.reaction_slices, ()):
                self.world.deliver(TRADING_ENGINE, alert, starts_at_us)
            written = _as_appended(self.world.run_until(ends_at_us))
            records = self._placed(written)
            clock = self._clock(number, ends_at_us)
            records.append(Record(CLOCK, 0, number, 0, clock))
            answer = self._answerer.answer(self._cut(number, clock, records))
            alerts[number] = answer.alerts
            yield JudgedSlice(
                sequence=number,
                ends_at_us=ends_at_us,
                written=written,
                records=records,
                answer=answer,
            )

    def _placed(self, events: Iterable[Event]) -> list[Record]:
        place_of, ends, seen = self._routes.place, self._ends, self._seen
        records: list[Record] = []
        for event in events:
            topic, _, partition = place_of(event)
            place = (topic, partition)
            if place in ends:
                if topic in seen:
                    records.append(Record(topic, partition, ends[place], 0, event))
                ends[place] += 1
        return records

    def _clock(self, number: int, at_us: int) -> ClockAdvanced:
        event_id = self._clock_ids.root("clock", number)
        return ClockAdvanced(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=at_us,
            clock_sequence=number,
            ends=_ends(self._ends),
        )

    def _cut(self, number: int, clock: ClockAdvanced, records: Sequence[Record]) -> Slice:
        return Slice(
            sequence=number,
            recorded=False,
            clock=clock,
            records=records,
            undecodable=(),
            ends=_ends(dict(sorted({**self._ends, (CLOCK, 0): number + 1}.items()))),
            lag_records=0,
        )


def _as_appended(written: Iterable[Written]) -> list[Event]:
    by_writer: dict[str, list[Event]] = defaultdict(list)
    for run in written:
        by_writer[run.writer] += run.events
    return [
        event
        for writer in sorted(by_writer, key=_WRITES_AS.__getitem__)
        for event in by_writer[writer]
    ]


def _ends(ends: dict[Partition, int]) -> tuple[PartitionEnd, ...]:
    return tuple(
        PartitionEnd(topic=topic, partition=partition, end_offset=end)
        for (topic, partition), end in ends.items()
    )
