"""Inputs silent: no record comes at all, so that not even event time moves.

When one feed is silent the others bring the time at which that is seen. When all are, only the
clock on the wall can tell: what runs the engine tells it of a silence as a fact on the log.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.alerts import InputsSilenceObserved
from ecosystem.events.envelope import Event
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NEVER_US, NOTHING, Judge, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US, format_e8

SUBJECT: Final = "inputs"


class InputsSilentLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long all inputs together may be silent, in wall time."""

    silence_us: int


class InputsSilent(Rule[InputsSilentLimit]):
    """Judged when a silence is observed, and as soon as event time moves again."""

    name = "inputs_silent"

    def __init__(
        self, limit: InputsSilentLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch(SUBJECT)
        self._silence: InputsSilenceObserved | None = None
        """The last observation of a silence that lasts."""

    def next_silence_us(self) -> int | None:
        """Return how long a silence must last to be worth a word; None when all is said."""
        said_us = 0 if self._silence is None else self._silence.silent_for_us
        for share_e8 in self.scale.shares_e8:
            due_us = -(-share_e8 * self.limit.silence_us // E8)
            if due_us > said_us:
                return due_us
        return None

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return what is judged at observed silences."""
        return {InputsSilenceObserved: self._observed}

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return that the silence is over."""
        silence, self._silence, self.due_us = self._silence, None, NEVER_US
        return NOTHING if silence is None else self._judge(silence, 0)

    def _observed(self, silence: InputsSilenceObserved, now_us: int) -> Sequence[Finding]:
        self._silence, self.due_us = silence, 0
        return self._judge(silence, silence.silent_for_us)

    def _judge(self, silence: InputsSilenceObserved, silent_for_us: int) -> Sequence[Finding]:
        measured_e8, limit_e8 = (
            us * E8 // SECOND_US for us in (silent_for_us, self.limit.silence_us)
        )
        return self.found(
            self._watch,
            measured_e8,
            limit_e8,
            KIND.unit,
            lambda: (silence.event_id, silence.last_event_id),
            lambda: (
                f"no record came from any input for {format_e8(measured_e8, 1)} s;"
                f" the limit is {format_e8(limit_e8, 1)} s"
            ),
        )


def _read(table: Table) -> InputsSilentLimit:
    return InputsSilentLimit(silence_us=table.whole("silence_s") * SECOND_US)


KIND: Final = RuleKind(
    rule=InputsSilent,
    title="No record comes at all",
    watches="the wall time since the last record of any input; not where a clock cuts the slices",
    limit="`silence_s`, seconds without a record",
    clears="when event time moves again",
    inputs="the observation of the silence, and the last event before it",
    unit="s",
    keys=("silence_s",),
    subjects=(SUBJECT,),
    read=_read,
)
