"""The risk monitor once more, pure: the records it read in, the answers it gave out.

Where slices were cut by the clock they are cut by the clock again, so a heartbeat that names
another slice than it answered is found out. Where they were cut by arrival nobody can know them
again but from the heartbeats, which record them.

What people did to it follows from no record it read. It is taken in again where it stood, between
the answers to two slices, and what followed from it is derived.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from consumers.risk_monitor.answers import Answerer
from consumers.risk_monitor.slices import Slice, SliceAssembler, SliceMode, Undecodable
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.risk.acts import is_act
from ecosystem.risk.limits import Limits
from ecosystem.risk.monitor import RiskEngine
from eventlog.codec import Codec
from eventlog.records import Positions, RawRecord
from replay.plan import RISK_MONITOR


class Cuts(msgspec.Struct, frozen=True, kw_only=True):
    """How the monitor cut what it read into slices."""

    mode: SliceMode
    heartbeats: Sequence[RiskHeartbeat] = ()
    """Those on the log, oldest first, where slices were cut by arrival."""
    clocks: Sequence[RawRecord] = ()
    """The records of the clock, where slices were cut by it."""

    def ends(self, codec: Codec) -> Iterable[Positions]:
        """Yield the offset vector at which each slice ends, in order."""
        if self.mode == "arrival":
            for heartbeat in self.heartbeats:
                yield {(end.topic, end.partition): end.end_offset for end in heartbeat.ends}
            return
        records, _ = codec.decode_batch(self.clocks)
        for record in records:
            if isinstance(record.event, ClockAdvanced):
                ends = {(end.topic, end.partition): end.end_offset for end in record.event.ends}
                yield {**ends, (record.topic, record.partition): record.offset + 1}


class RecordedAct(msgspec.Struct, frozen=True):
    """The fact of an act, as it stands on the log."""

    fact: Event
    is_own: bool
    """Whether it is of the run; one of before is taken in, since the monitor remembers it."""


Acts = Mapping[int, Sequence[RecordedAct]]
"""What was done after the answer to each slice, by its sequence; `BEFORE_ALL` before the first."""
BEFORE_ALL: Final = -1


def recorded_acts(said: Iterable[tuple[Event | None, bool]]) -> Acts:
    """Return the acts among what a monitor said, each after the slice after which it stands.

    Args:
        said: its records in the order of the log, None for what cannot be decoded, and whether
            each is of the run.
    """
    acts: dict[int, list[RecordedAct]] = {}
    after = BEFORE_ALL
    for event, is_own in said:
        if isinstance(event, RiskHeartbeat):
            after = event.slice_sequence
        elif event is not None and is_act(event):
            acts.setdefault(after, []).append(RecordedAct(event, is_own))
    return acts


class MonitorAgain:
    """Derives the monitor's answers again.

    Args:
        acts: what people did to it, and where.
        steward_of: the topics whose undecodable records it puts into the dead letters.
        first_sequence: slices before this one were answered before the run: they are taken in,
            since the monitor remembers them, and their answers are left out.
    """

    def __init__(
        self,
        limits: Limits,
        cuts: Cuts,
        steward_of: Collection[str],
        first_sequence: int = 0,
        acts: Acts | None = None,
    ) -> None:
        # What belongs to the control plane is undecodable to the monitor, so it is here.
        self._codec = Codec(PRODUCTION_EVENTS)
        self._by_clock = cuts.mode == "clock"
        self._assembler = SliceAssembler(cuts.mode, () if self._by_clock else cuts.heartbeats)
        self._answerer = Answerer(RiskEngine(limits), RISK_MONITOR)
        self._steward_of = steward_of
        self._first_sequence = first_sequence
        self._acts = acts or {}
        self._last_sequence = BEFORE_ALL
        self.slices_count = 0

    def take(self, records: Iterable[RawRecord], positions: Positions) -> list[Event]:
        """Return the answers to the slices that `records` complete, and the acts among them.

        Args:
            positions: how far each partition has been read; what lies below it was given.
        """
        decoded, undecodable = self._codec.decode_batch(records)
        bad = [Undecodable(raw, why) for raw, why in undecodable if raw.topic in self._steward_of]
        self._assembler.add(decoded, bad, positions)
        answers: list[Event] = []
        while (cut := self._next_slice()) is not None:
            answers += self._acted()
            answers += self._answered(cut)
            self._last_sequence = cut.sequence
        return answers

    def finish(self) -> list[Event]:
        """Return the acts after the last slice and what followed from them."""
        return self._acted()

    def _acted(self) -> list[Event]:
        told: list[Event] = []
        for act in self._acts.get(self._last_sequence, ()):
            followed = self._answerer.engine.follow(act.fact)
            if act.is_own:
                told += followed
        return told

    def _answered(self, cut: Slice) -> list[Event]:
        if cut.clock is None and not cut.records and not cut.undecodable:
            return []  # no monitor answers nothing: what says so on the log is not derived
        answer = self._answerer.answer(cut)
        if cut.sequence < self._first_sequence:
            return []
        self.slices_count += 1
        return answer.events

    def _next_slice(self) -> Slice | None:
        if self._by_clock or self._assembler.recorded_left:
            return self._assembler.next_slice()
        return None
