"""A finished run judged again from the log alone, and held against what the log says of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from consumers.risk_monitor.settings import LIMITS_FILE
from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import RunStarted
from ecosystem.events.control.words import Verdict
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.risk.limits import Limits, parse_limits
from eventlog.catalogue.model import Catalogue
from eventlog.clients import Clients, routes_of
from eventlog.codec import Codec
from eventlog.errors import UndecodableRecordError
from eventlog.records import RawRecord
from replay.auditor_again import AuditorAgain
from replay.compare import Derived, Difference, each_once, first_difference
from replay.history import History, KafkaHistory, Ranges, find_run, windows
from replay.monitor_again import Cuts, MonitorAgain, recorded_acts
from replay.plan import (
    ALERTS,
    CLOCK,
    COMPARED,
    DEAD_LETTERS,
    MONITOR_COMMAND,
    REPORTS,
    RISK_MONITOR,
    TIMELINES,
    extended,
    plan_reading,
)

EVERY_EVENT: Final = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
WINDOW_RECORDS: Final = 50_000
_BATCH_RECORDS: Final = 5_000


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay is."""

    records_done: int
    records_total: int
    slices_count: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found."""

    run_id: str
    verdict: Verdict
    """The verdict as derived."""
    reason: str
    records_count: int
    slices_count: int
    """Slices of the monitor that were judged again."""
    compared: dict[str, int]
    """How many records were derived for each topic that was compared."""
    difference: Difference | None
    foreign_monitor: bool = False
    """Another's monitor watched, so that what it wrote was taken as it stands."""

    @property
    def identical(self) -> bool:
        """Whether every alert, dead letter, timeline and verdict is the same byte for byte."""
        return self.difference is None


OnProgress = Callable[[Progress], None]
Recorded = Mapping[str, list[RawRecord]]
"""Records by topic."""


def rederive(clients: Clients, run_id: str, on_progress: OnProgress) -> Outcome:
    """Judge a finished run again, from the broker's log and under the replayer's principal.

    Raises:
        UnknownRunError: nothing on the log is called so.
        UnfinishedRunError: it has begun, and its end is not on the log.
        HistoryCutError: not every record of it is on the log any more.
        EventLogError: the log cannot be read.
    """
    return rederive_from(KafkaHistory(clients), clients.catalogue, run_id, on_progress)


def rederive_from(
    history: History,
    catalogue: Catalogue,
    run_id: str,
    on_progress: OnProgress,
    window_records: int = WINDOW_RECORDS,
) -> Outcome:
    """Judge a finished run again from any history; see `rederive`.

    Args:
        window_records: how many records are read before what they decide is let go.
    """
    return _Replay(history, catalogue, run_id, on_progress).run(window_records)


def settings_of(started: RunStarted) -> dict[str, Any]:
    """Return the settings of a run; none where they are no JSON object.

    Raises:
        InvalidInputError: they are no JSON at all.
    """
    try:
        settings = json.loads(started.settings_json)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"settings of run {started.run_id}: {error}") from error
    return settings if isinstance(settings, dict) else {}


def limits_of(started: RunStarted) -> Limits:
    """Return the limits that the monitor had: those the run names, else those shipped.

    Raises:
        InvalidInputError: the settings of the run are no JSON, or their limits are wrong.
    """
    text = settings_of(started).get("limits_toml")
    if text is None:
        return parse_limits(LIMITS_FILE.read_text(encoding="utf-8"), str(LIMITS_FILE))
    return parse_limits(str(text), f"limits of run {started.run_id}")


class _Replay:
    def __init__(
        self, history: History, catalogue: Catalogue, run_id: str, on_progress: OnProgress
    ) -> None:
        self._history = history
        self._catalogue = catalogue
        self._on_progress = on_progress
        self._codec = Codec(EVERY_EVENT)
        self._run = find_run(history, self._codec, run_id)
        topics = {topic for topic, _ in self._run.ranges} | {TIMELINES, REPORTS}
        self._bounds = history.bounds(sorted(topics))
        self._plan = plan_reading(self._run, catalogue, self._bounds)
        self._auditor = AuditorAgain(catalogue, self._codec, self._run.ranges)
        self._foreign = MONITOR_COMMAND in settings_of(self._run.started)
        self._slices_count = 0
        self._done_count = 0

    def run(self, window_records: int) -> Outcome:
        recorded: Recorded = {topic: [] for topic in COMPARED}
        for batch in self._batches({**self._plan.told, **self._plan.found}):
            self._auditor.take(batch)
            for record in batch:
                recorded[record.topic].append(record)
        for batch in self._batches(self._plan.rest):
            self._auditor.take(batch)
        answers = self._answers(self._cuts(recorded[ALERTS]), recorded[ALERTS], window_records)
        timelines, report = self._auditor.judge(self._run.completed)
        derived = self._derived([*answers, *timelines, report])
        return Outcome(
            run_id=report.run_id,
            verdict=report.verdict,
            reason=report.reason,
            records_count=self._auditor.records_count,
            slices_count=self._slices_count,
            compared={
                topic: len(records)
                for topic, records in derived.items()
                if not self._foreign or topic not in (ALERTS, DEAD_LETTERS)
            },
            difference=self._difference(recorded, derived),
            foreign_monitor=self._foreign,
        )

    def _cuts(self, alerts: Iterable[RawRecord]) -> Cuts:
        if self._run.started.host == "WORLD":
            clock = {p: r for p, r in self._plan.watched.items() if p[0] == CLOCK}
            return Cuts(mode="clock", clocks=tuple(self._history.read(clock)))
        heartbeats = [heartbeat for _, heartbeat in self._heartbeats(alerts)]
        for place, (_, end) in self._plan.told.items():
            if place[0] == ALERTS:
                # The run may end between an alert and the heartbeat that names its slice.
                later = self._history.read({place: (end, self._bounds[place][1])})
                heartbeats += [heartbeat for _, heartbeat in islice(self._heartbeats(later), 1)]
        return Cuts(mode="arrival", heartbeats=heartbeats)

    def _heartbeats(self, alerts: Iterable[RawRecord]) -> Iterator[tuple[RawRecord, RiskHeartbeat]]:
        for record in alerts:
            event = self._decoded(record)
            if isinstance(event, RiskHeartbeat):
                yield record, event

    def _answers(self, cuts: Cuts, alerts: Iterable[RawRecord], window_records: int) -> list[Event]:
        monitor = None
        if self._run.completed.monitor_status != "ABSENT" and not self._foreign:
            monitor = MonitorAgain(
                limits_of(self._run.started),
                cuts,
                {t.name for t in self._catalogue.topics.values() if t.steward == RISK_MONITOR},
                self._first_sequence(alerts),
                recorded_acts((self._decoded(r), self._is_own(r)) for r in alerts),
            )
        watched = extended(self._plan.watched, cuts.heartbeats, self._bounds)
        answers: list[Event] = []
        for window in windows(watched, cuts.ends(self._codec), window_records):
            records = []
            for batch in self._batches(window):
                self._auditor.take(batch)
                records += batch
            if monitor is not None:
                ends = {place: end for place, (_, end) in window.items()}
                answers += monitor.take(records, ends)
                self._slices_count = monitor.slices_count
        return answers if monitor is None else [*answers, *monitor.finish()]

    def _first_sequence(self, alerts: Iterable[RawRecord]) -> int:
        before = (beat for record, beat in self._heartbeats(alerts) if not self._is_own(record))
        return max((beat.slice_sequence for beat in before), default=-1) + 1

    def _is_own(self, record: RawRecord) -> bool:
        start, end = self._run.ranges.get((record.topic, record.partition), (0, 0))
        return start <= record.offset < end

    def _batches(self, ranges: Ranges) -> Iterator[list[RawRecord]]:
        records = self._history.read(ranges)
        while batch := list(islice(records, _BATCH_RECORDS)):
            yield batch
            self._done_count += len(batch)
            self._on_progress(
                Progress(
                    records_done=self._done_count,
                    records_total=self._plan.records_count,
                    slices_count=self._slices_count,
                )
            )

    def _derived(self, events: Iterable[Event]) -> dict[str, list[Derived]]:
        routes = routes_of(self._catalogue, EVERY_EVENT)
        derived: dict[str, list[Derived]] = {topic: [] for topic in COMPARED}
        for event in events:
            topic, key, partition = routes.place(event)
            derived[topic].append(
                Derived(
                    topic=topic,
                    partition=partition,
                    key=key,
                    value=self._codec.encode(event),
                    event=event,
                )
            )
        return derived

    def _difference(
        self, recorded: Recorded, derived: Mapping[str, Sequence[Derived]]
    ) -> Difference | None:
        completed = self._run.completed
        own_key = completed.run_id.encode()
        comparable = {
            ALERTS: [r for r in recorded[ALERTS] if self._is_own(r)],
            DEAD_LETTERS: [
                r for r in recorded[DEAD_LETTERS] if self._is_own(r) and self._is_derivable(r)
            ],
            TIMELINES: each_once([r for r in recorded[TIMELINES] if r.key == own_key]),
            REPORTS: each_once([r for r in recorded[REPORTS] if r.key == own_key]),
        }
        # A run that was aborted waits for no more answers, a live one for none at all.
        cut_short = (
            completed.status != "COMPLETED"
            or completed.monitor_status != "ANSWERED"
            or self._run.started.host != "WORLD"
        )
        for topic, records in comparable.items():
            if self._foreign and topic in (ALERTS, DEAD_LETTERS):
                continue
            unfinished = cut_short and topic in (ALERTS, DEAD_LETTERS)
            found = first_difference(
                records, derived[topic], self._codec.decode, unfinished=unfinished
            )
            if found is not None:
                return found
        return None

    def _is_derivable(self, record: RawRecord) -> bool:
        letter = self._decoded(record)
        # The auditor's own letters follow from no slice.
        return not isinstance(letter, RecordDeadLettered) or letter.steward == RISK_MONITOR

    def _decoded(self, record: RawRecord) -> Event | None:
        try:
            return self._codec.decode(record.value)
        except UndecodableRecordError:
            return None
