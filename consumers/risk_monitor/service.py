"""The monitor on the log: read, cut into slices, judge, answer, each answer in one transaction.

The answer to a slice is its alerts, its dead letters and a heartbeat that names the slice: all of
them are on the log or none is. So a monitor that was killed anywhere reads its own heartbeats,
takes in the slices they record without a word, and goes on with the first that has no answer.

Slices that one read has completed share a transaction, so that a monitor that is behind catches
up. Slices by arrival that call for nothing but a heartbeat may wait for a moment besides. An alert
waits for no further record, and seldom finds a transaction on its way that it would have to follow.

Acts of people are taken between slices. Their facts stand on the log between the heartbeats of two
slices, and there a restored monitor takes them in again.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from consumers.risk_monitor.answers import Answer, Answerer
from consumers.risk_monitor.counter import Asked, Counter
from consumers.risk_monitor.door.window import MonitorWindow, lag_s
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.past import Said, said_by_slice
from consumers.risk_monitor.slices import Slice, SliceAssembler, SliceMode, Undecodable
from ecosystem.errors import EcosystemError, InvalidInputError
from ecosystem.events.envelope import Event
from ecosystem.risk.monitor import RiskEngine
from eventlog.codec import Codec
from eventlog.errors import LogUnreachableError
from eventlog.log import LogReader, TransactionalAppender

POLL_MAX_S: Final = 0.2
"""How long a wait for records lasts, and so how soon a request to stop is seen."""
RESTORE_SILENCE_MAX_S: Final = 30.0
STAND_EVERY_S: Final = 0.5
DESCRIBED: Final = ["rule", "subject", "severity", "measured_e8", "limit_e8", "message", "author"]
log = structlog.get_logger()


class RiskMonitorService:
    """Runs the risk engine over a log.

    Args:
        principal: names the monitor in its heartbeats and dead letters.
        steward_of: the topics whose undecodable records it puts into the dead letters; those of
            other topics it passes over.
        gather_s: how long an `arrival` slice stays open after its first record.
        hold_s: how long the heartbeat of an `arrival` slice without alerts may wait for others.
        silence_s: wall time without any record before a silence is told, where slices are cut by
            arrival; 0: never.
        counter: where acts are handed in; one of its own where none is given.
        window: through which a door sees the monitor; one of its own where none is given.
    """

    def __init__(
        self,
        *,
        engine: RiskEngine,
        codec: Codec,
        reader: LogReader,
        appender: TransactionalAppender,
        metrics: Metrics,
        principal: str,
        steward_of: Sequence[str],
        mode: SliceMode,
        gather_s: float,
        hold_s: float = 0.0,
        silence_s: float = 0.0,
        counter: Counter | None = None,
        window: MonitorWindow | None = None,
    ) -> None:
        self.counter = counter or Counter()
        self._window = window or MonitorWindow()
        self._engine = engine
        self._answerer = Answerer(engine, principal)
        self._codec = codec
        self._reader = reader
        self._appender = appender
        self._metrics = metrics
        self._principal = principal
        self._steward_of = frozenset(steward_of)
        self._mode: SliceMode = mode
        self._gather_s = gather_s if mode == "arrival" else 0.0
        self._hold_s = hold_s if mode == "arrival" else 0.0
        self._silence_s = silence_s if mode == "arrival" else 0.0
        self._held: list[tuple[Slice, Answer]] = []
        self._held_until_s = 0.0
        self._assembler = SliceAssembler(mode)
        self._stood_at_s = 0.0
        metrics.watch_silence(self._window.silent_s)

    def restore(self, own: LogReader) -> None:
        """Rebuild what an earlier life knew, from `own`, the records it wrote.

        Raises:
            LogUnreachableError: the log did not give what the heartbeats record.
        """
        log.info("restore_begun")
        past = said_by_slice(self._read_own(own))
        slices = [said for said in past if said.heartbeat is not None]
        self._assembler = SliceAssembler(
            self._mode, [said.heartbeat for said in slices if said.heartbeat is not None]
        )
        heard_at_s = time.monotonic()
        for said in slices:
            while (cut := self._assembler.next_slice()) is None:
                if self._take(POLL_MAX_S):
                    heard_at_s = time.monotonic()
                left = self._assembler.recorded_left
                self._raise_if_silent(heard_at_s, f"{left} slices of before")
            heard_at_s = time.monotonic()
            self._restore(said, cut)
        self._restore(past[-1], None)
        self._window.heard()
        self._window.open(self._engine, self._reader.end_offsets())
        log.info("state_restored", slices=len(slices), events=self._answerer.events_count)

    def _restore(self, said: Said, cut: Slice | None) -> None:
        for event in said.acts:
            self._engine.restore_alert(event)
        if cut is not None:
            self._answerer.restore(cut)
        for event in said.alerts:
            self._engine.restore_alert(event)
        self._window.restored(self._engine, said)

    def _read_own(self, own: LogReader) -> list[Event]:
        ends = own.end_offsets()
        past: list[Event] = []
        heard_at_s = time.monotonic()
        while any(own.positions().get(place, 0) < end for place, end in ends.items()):
            if batch := own.poll(POLL_MAX_S):
                # What cannot be decoded there is its steward's to report; no word of ours is so.
                records, _ = self._codec.decode_batch(batch)
                past += (record.event for record in records)
                heard_at_s = time.monotonic()
            self._raise_if_silent(heard_at_s, "the monitor's own records")
        return past

    def _raise_if_silent(self, heard_at_s: float, what: str) -> None:
        if time.monotonic() - heard_at_s > RESTORE_SILENCE_MAX_S:
            raise LogUnreachableError(
                f"{self._principal}: {what} missing, and nothing came for"
                f" {RESTORE_SILENCE_MAX_S:.0f} s"
            )

    def run(self, stopping: Callable[[], bool]) -> None:
        """Answer slices until `stopping()`; a slice that was begun is finished.

        Raises:
            EventLogError: the log failed, or another monitor has taken our place.
        """
        while not stopping():
            self.step(POLL_MAX_S)
        with self._window.folding:
            self._commit_held()

    @property
    def events_count(self) -> int:
        """How many events the monitor has judged, those before a restart included."""
        return self._answerer.events_count

    def step(self, patience_s: float) -> int:
        """Wait at most `patience_s` for records, answer every complete slice; return how many."""
        if self._held:
            patience_s = min(patience_s, max(0.0, self._held_until_s - time.monotonic()))
        if self._take(patience_s) and self._gather_s:
            # One read at the end: reading on and on would wake up for every single record.
            time.sleep(self._gather_s)
            self._take(0.0)
        count = 0
        with self._window.folding:
            self._take_acts()
            while (cut := self._assembler.next_slice()) is not None:
                self._answer(cut)
                count += 1
                self._take_acts()
            if self._held and time.monotonic() >= self._held_until_s:
                self._commit_held()
            self._tell_silence()
        self._tell_stand()
        self._window.beat(self._reader.positions)
        return count

    def close(self) -> None:
        """Refuse the acts that wait and let go of the log."""
        self.counter.close()
        self._reader.close()
        self._appender.close()

    def _take(self, patience_s: float) -> int:
        self._reader.hold(self._assembler.crowded())
        batch = self._reader.poll(patience_s)
        records, undecodable = self._codec.decode_batch(batch)
        self._assembler.add(
            records,
            [
                Undecodable(raw, cause)
                for raw, cause in undecodable
                if raw.topic in self._steward_of
            ],
            self._reader.positions(),
            self._reader.lags() if self._mode == "arrival" else {},
            time.monotonic(),
        )
        if batch:
            self._window.heard()
        return len(batch)

    def _answer(self, cut: Slice) -> None:
        answer = self._answerer.answer(cut)
        if not self._held:
            self._held_until_s = time.monotonic() + self._hold_s
        self._held.append((cut, answer))
        self._window.judged(self._engine)
        if answer.alerts or answer.dead_letters:
            self._held_until_s = 0.0

    def _take_acts(self) -> None:
        asked = self.counter.take()
        if not asked:
            return
        facts: list[Event] = []
        answers: list[tuple[Asked, Sequence[Event]]] = []
        for one in asked:
            is_new = self._engine.acted(one.request_id) is None
            try:
                answer = self._engine.act(one.act, one.request_id)
            except InvalidInputError as error:
                one.answer.set_exception(error)
                continue
            answers.append((one, answer))
            facts += answer if is_new else ()
        try:
            self._commit_held(facts)
        except EcosystemError as error:
            for one, _ in answers:
                one.answer.set_exception(error)
            raise
        for one, answer in answers:
            log.info("act_taken", request=one.request_id.hex(), fact=_described(answer[0]))
            one.answer.set_result(answer)

    def _commit_held(self, facts: Sequence[Event] = ()) -> None:
        if not self._held and not facts:
            return
        held = [event for _, answer in self._held for event in answer.events]
        self._appender.commit([*held, *facts])
        self._metrics.told(facts)
        for cut, answer in self._held:
            self._tell(cut, answer)
        self._window.answered(self._held, facts)
        self._held.clear()

    def _tell(self, cut: Slice, answer: Answer) -> None:
        for letter, bad in zip(answer.dead_letters, cut.undecodable, strict=True):
            log.warning(
                "record_dead_lettered",
                topic=bad.raw.topic,
                partition=bad.raw.partition,
                offset=bad.raw.offset,
                cause=bad.cause,
                event_id=letter.event_id.hex(),
            )
        for alert in answer.alerts:
            log.info("alert_told", slice=cut.sequence, alert=_described(alert))
        self._metrics.answered(len(cut.records), answer.alerts, lag_s(cut))

    def _tell_silence(self) -> None:
        silent_s = self._window.silent_s()
        if not self._silence_s or silent_s < self._silence_s:
            return
        silent_for_us, due_us = int(silent_s * 1e6), self._engine.silence_due_us
        if due_us is not None and silent_for_us >= due_us:
            facts = self._engine.observe_silence(silent_for_us)
            self._commit_held(facts)
            for fact in facts:
                log.warning("inputs_silent", said=_described(fact))

    def _tell_stand(self) -> None:
        now_s = time.monotonic()
        if now_s - self._stood_at_s >= STAND_EVERY_S:
            self._stood_at_s = now_s
            undecodable_count = self._answerer.undecodable_count
            self._metrics.stand(self._engine, undecodable_count, self._reader.lag_records())


def _described(alert: Event) -> dict[str, str | int]:
    return {
        "type": type(alert).__name__,
        **{name: getattr(alert, name) for name in DESCRIBED if hasattr(alert, name)},
        "event_id": alert.event_id.hex(),
        "causation_id": alert.causation_id.hex(),
    }
