"""The risk engine alone: events a second of one core, and what each rule costs.

The slices are those of a world of quiet hours and a crash, made here without a broker, ordered and
cut as its host does. Beside the engine a bare fold of the same slices: sort by event time, look the
handler up by type, call one that does nothing. The cost of a rule is the engine with this rule
alone, less the engine without any. Processor time, the best of several turns.

The events are those the codec decodes from what it encoded, slice by slice, before any turn and
when the world they are from is gone. So they are what the service is given: next to each other in
memory, as those that machines made in the course of hours are not; and each with words of its own,
which those of a machine share, so that each lookup by a word compares it anew. Unlike in the
service, their words are hashed once for all turns, and no codec is at work between two slices.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from time import process_time
from typing import Final

import msgspec

from benchmarks.row import Row
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import run_key
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan
from ecosystem.units import HOUR_US
from eventlog.catalogue.load import load_catalogue
from eventlog.codec import Codec
from eventlog.records import RawRecord, Record
from producers.test_coordinator.scenario_file import load_scenario
from tse.running.in_process import InProcessRun
from tse.running.plans import LIMITS

ROOT: Final = Path(__file__).resolve().parent.parent
QUIET_HOURS: Final = 4
STORM: Final = 20_000
"""Records of which nearly each has a defect, as for a monitor that catches up."""
TURNS: Final = 5
Slices = Sequence[Sequence[Record]]
_place = attrgetter("topic", "partition", "offset")
_time = attrgetter("event.event_time_us")


def laboratory_limits() -> Limits:
    """Return the limits of the laboratory, by which a quiet market is quiet."""
    return parse_limits(LIMITS.read_text(), LIMITS.name)


def history_plan(quiet_hours: int = QUIET_HOURS) -> RunPlan:
    """Return the plan of quiet hours and a market crash after them."""
    path = ROOT / "scenarios" / "market-crash.yaml"
    crash = load_scenario(path)
    later = [
        msgspec.structs.replace(one, starts_after_us=one.starts_after_us + quiet_hours * HOUR_US)
        for one in crash.injections
    ]
    scenario = msgspec.structs.replace(
        crash, injections=tuple(later), duration_us=crash.duration_us + quiet_hours * HOUR_US
    )
    return RunPlan(run_id="bench", scenario=scenario, scenario_text="", seed=1)


def history(quiet_hours: int = QUIET_HOURS) -> Slices:
    """Return the slices that the monitor is given, each partition in order, one after the other."""
    run = InProcessRun(
        history_plan(quiet_hours),
        run_key(1, "bench"),
        laboratory_limits(),
        load_catalogue(ROOT / "topics.yaml"),
    )
    codec = Codec(PRODUCTION_EVENTS)
    written = [
        [as_written(codec, record) for record in sorted(judged.records, key=_place)]
        for judged in run.slices()
    ]
    # Only when the world is gone, or its remains would lie between the events of a slice.
    del run
    gc.collect()
    return [codec.decode_batch(cut)[0] for cut in written]


def as_written(codec: Codec, record: Record) -> RawRecord:
    """Return a record as it is on the log."""
    return RawRecord(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        record_time_ms=record.record_time_ms,
        key=b"",
        value=codec.encode(record.event),
    )


def seconds(work: Callable[[], object], turns: int = TURNS) -> float:
    """Return the processor time of the fastest of several turns."""
    found = []
    for _ in range(turns):
        gc.collect()
        started_s = process_time()
        work()
        found.append(process_time() - started_s)
    return min(found)


def judge(limits: Limits, slices: Slices) -> None:
    """Judge all slices by a fresh engine."""
    engine = RiskEngine(limits)
    for cut in slices:
        engine.process_slice(cut)


def fold(slices: Slices) -> None:
    """Do what no engine can do without: sort, look up, call."""
    handlers: dict[type[Event], Callable[[Event], None]] = dict.fromkeys(
        PRODUCTION_EVENTS, _nothing
    )
    for cut in slices:
        for record in sorted(cut, key=_time):
            event = record.event
            handlers[type(event)](event)


def _nothing(event: Event) -> None:
    pass


def storm(slices: Slices) -> Slices:
    """Return the first slices after a clock that is far ahead: each record comes too late."""
    clock = next(one for cut in slices for one in cut if type(one.event) is ClockAdvanced)
    ahead_us = slices[-1][-1].event.event_time_us + HOUR_US
    ahead = msgspec.structs.replace(clock.event, event_time_us=ahead_us)
    late: list[Sequence[Record]] = [[msgspec.structs.replace(clock, event=ahead)]]
    for cut in slices:
        if sum(map(len, late)) >= STORM:
            break
        late.append(cut)
    return late


def rule_rows(limits: Limits, slices: Slices, count: int) -> Iterator[Row]:
    """Yield the cost of an event under each rule alone, beside the engine without rules."""
    bare = msgspec.structs.replace(limits, rules={})
    bare_s = seconds(partial(judge, bare, slices))
    yield Row(
        what="risk engine without rules, an event", ours=bare_s / count * 1e9, raw=None, unit="ns"
    )
    for name, rule in limits.rules.items():
        alone = msgspec.structs.replace(limits, rules={name: rule})
        alone_s = seconds(partial(judge, alone, slices))
        yield Row(
            what=f"{name} alone, an event",
            ours=max(0.0, alone_s - bare_s) / count * 1e9,
            raw=bare_s / count * 1e9,
            unit="ns",
            raw_what="the engine without rules",
        )


def storm_row(limits: Limits, slices: Slices) -> Row:
    """Return the cost of a record that comes too late, beside that of the same record in time."""
    late = storm(slices)
    in_time = slices[: len(late) - 1]
    count = sum(map(len, in_time))
    return Row(
        what=f"a storm of {count:,} late records, a record",
        ours=seconds(partial(judge, limits, late)) / count * 1e6,
        raw=seconds(partial(judge, limits, in_time)) / count * 1e6,
        unit="us",
        raw_what="the same records in time",
        aim="15",
    )


def run() -> list[Row]:
    """Measure and return the rows."""
    slices, limits = history(), laboratory_limits()
    count = sum(map(len, slices))
    ours_s = seconds(partial(judge, limits, slices))
    raw_s = seconds(partial(fold, slices))
    return [
        Row(
            what=f"risk engine, {len(limits.rules)} rules, {count:,} events",
            ours=count / ours_s,
            raw=count / raw_s,
            unit="events/s of one core",
            raw_what="sort and call nothing",
            aim="200 000",
        ),
        storm_row(limits, slices),
        *rule_rows(limits, slices, count),
    ]
