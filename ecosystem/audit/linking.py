"""Links from alerts to injections, by recorded causation and never by closeness in time.

An alert names the event that triggered it and the inputs that determined the measured value; every
event names its direct cause. An alert is linked to an injection when one of its ancestors was
altered by it. The chain through the trigger comes first: it tells what happened, order and fill
included. Only where the trigger's ancestors were left alone do the other inputs speak, the
shortest chain first.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ecosystem.audit.block import Entry
from ecosystem.audit.census import RunGraph
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.words import EventId

Altered = Mapping[EventId, Sequence[InjectionApplied]]
"""What was done to each altered event, in order."""


class Link(msgspec.Struct, frozen=True):
    """A complete chain: the event that `applied` altered first, the alert last."""

    applied: InjectionApplied
    path: tuple[Entry, ...]


class Linked(msgspec.Struct, frozen=True):
    """What was found of one alert: its links by injection, or why there is none."""

    links: Mapping[EventId, Link]
    reason: str


class Linker:
    """Finds the links of alerts in the graph of one run.

    Args:
        inputs: for each event that names its inputs, the inputs.
    """

    def __init__(
        self, graph: RunGraph, altered: Altered, inputs: Mapping[EventId, tuple[EventId, ...]]
    ) -> None:
        self._graph = graph
        self._altered = altered
        self._inputs = inputs

    def link(self, alert_id: EventId) -> Linked:
        """Return every injection among the ancestors of an alert, or the reason for none."""
        alert = self._graph.find(alert_id)
        if alert is None:
            return Linked({}, "the alert is not among the records of the run")
        links: dict[EventId, Link] = {}
        missing: list[str] = []
        effects: dict[EventId, Entry | None] = {alert.event_id: None}
        lineage = self._climb(alert, effects, missing)
        for entry in lineage:
            self._note(links, entry, effects)
        for entry in self._search_inputs(lineage, effects, missing):
            self._note(links, entry, effects)
        return Linked(links, "" if links else self._reason(missing, len(effects) - 1))

    def _climb(
        self, alert: Entry, effects: dict[EventId, Entry | None], missing: list[str]
    ) -> list[Entry]:
        lineage = [alert]
        while (effect := lineage[-1]).causation_id not in effects:
            cause = self._graph.cause(effect)
            if cause is None:
                missing.append(f"the cause {effect.causation_id.hex()} of {_label(effect)}")
                break
            effects[cause.event_id] = effect
            lineage.append(cause)
        return lineage

    def _search_inputs(
        self,
        lineage: Sequence[Entry],
        effects: dict[EventId, Entry | None],
        missing: list[str],
    ) -> Iterator[Entry]:
        queue = deque(lineage)
        while queue:
            effect = queue.popleft()
            for named in self._inputs.get(effect.event_id, ()):
                if named in effects:
                    continue
                entry = self._graph.find(named)
                if entry is None:
                    missing.append(f"the input {named.hex()} of {_label(effect)}")
                    continue
                effects[named] = effect
                queue.append(entry)
                yield entry
            if effect.causation_id not in effects:
                cause = self._graph.cause(effect)
                if cause is None:
                    missing.append(f"the cause {effect.causation_id.hex()} of {_label(effect)}")
                    continue
                effects[cause.event_id] = effect
                queue.append(cause)
                yield cause

    def _note(
        self,
        links: dict[EventId, Link],
        entry: Entry,
        effects: Mapping[EventId, Entry | None],
    ) -> None:
        for applied in self._altered.get(entry.event_id, ()):
            if applied.injection_id not in links:
                links[applied.injection_id] = Link(applied, tuple(_path(entry, effects)))

    def _reason(self, missing: Sequence[str], ancestors_count: int) -> str:
        if not self._altered:
            return "no injection had altered any event"
        if unique := list(dict.fromkeys(missing)):
            others = f" (and {len(unique) - 1} more)" if len(unique) > 1 else ""
            return f"{unique[0]}{others} is not among the records of the run"
        ancestors = (
            "its ancestor" if ancestors_count == 1 else f"any of its {ancestors_count} ancestors"
        )
        return f"no injection altered {ancestors}"


def _path(entry: Entry, effects: Mapping[EventId, Entry | None]) -> Iterator[Entry]:
    step: Entry | None = entry
    while step is not None:
        yield step
        step = effects[step.event_id]


def _label(entry: Entry) -> str:
    topic, partition, offset = entry.place
    return f"the event at {topic}/{partition}/{offset}"
