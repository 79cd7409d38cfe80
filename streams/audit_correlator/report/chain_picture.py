"""The causal chain as a picture: one lane for each service, time running to the right."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import msgspec

from ecosystem.events.control.audit import TimelineCompleted
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from streams.audit_correlator.report.content import (
    LANES,
    MINUS,
    brief,
    duration_text,
    service_of,
    wall_text,
    words,
)

GUTTER: Final = 150
COLUMN_MIN: Final = 112
WIDTH_MIN: Final = 1_040
LANE: Final = 96
TOP: Final = 14
FOOT: Final = 44
NODE_Y: Final = 26
RADIUS: Final = 13


class Node(msgspec.Struct, frozen=True):
    """One event of the chain."""

    number: int
    x: int
    y: int
    lines: tuple[str, ...]
    kind: str
    """`control`, `production` or `alert`: its colour."""
    tooltip: str


class Arrow(msgspec.Struct, frozen=True):
    """From an event to the next; `how` says by what they are tied."""

    path: str
    how: str
    label_x: int
    label_y: int


class Lane(msgspec.Struct, frozen=True):
    """A service's band."""

    name: str
    y: int
    middle: int
    shaded: bool


class ChainPicture(msgspec.Struct, frozen=True):
    """Everything the template draws."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    ticks: tuple[tuple[int, str, str], ...]
    """Where, event time and wall time since the first event."""
    description: str


def draw_chain(line: TimelineCompleted, records: Mapping[EventId, Event]) -> ChainPicture:
    """Return the picture of a timeline, at least one hop long."""
    column = max(COLUMN_MIN, (WIDTH_MIN - GUTTER) // len(line.hops))
    services = [service_of(hop) for hop in line.hops]
    order = {name: index for index, name in enumerate(LANES)}
    present = sorted(set(services), key=lambda name: (order.get(name, len(LANES)), name))
    row = {name: index for index, name in enumerate(present)}
    nodes = tuple(
        Node(
            number=index + 1,
            x=GUTTER + column // 2 + index * column,
            y=TOP + row[service] * LANE + NODE_Y,
            lines=_label(words(hop.event_type), brief(records.get(hop.hop_event_id))),
            kind=_kind(hop.event_type),
            tooltip=f"{hop.event_type} at {hop.topic}/{hop.partition}/{hop.offset}",
        )
        for index, (hop, service) in enumerate(zip(line.hops, services, strict=True))
    )
    first_us, first_ms = line.hops[0].hop_time_us, line.hops[0].record_time_ms
    return ChainPicture(
        width=GUTTER + len(nodes) * column,
        height=TOP + len(present) * LANE + FOOT,
        lanes=tuple(
            Lane(name, TOP + n * LANE, TOP + n * LANE + LANE // 2, n % 2 == 0)
            for n, name in enumerate(present)
        ),
        nodes=nodes,
        arrows=tuple(
            _arrow(before, after, how_tied(line, index + 1))
            for index, (before, after) in enumerate(pairwise(nodes))
        ),
        ticks=tuple(
            (
                node.x,
                _since(duration_text(hop.hop_time_us - first_us)),
                _since(wall_text(hop.record_time_ms - first_ms)),
            )
            for node, hop in zip(nodes, line.hops, strict=True)
        ),
        description=" → ".join(words(hop.event_type) for hop in line.hops),
    )


def how_tied(line: TimelineCompleted, index: int) -> str:
    """Return what ties hop `index` to the one before: `caused`, `altered` or `input`."""
    before, after = line.hops[index - 1], line.hops[index]
    if after.hop_causation_id == before.hop_event_id:
        return "caused"
    return "altered" if before.event_type == "InjectionApplied" else "input"


def _label(name: str, gist: str) -> tuple[str, ...]:
    return (name, gist) if gist else (name,)


def _since(text: str) -> str:
    return text if text.startswith(MINUS) else f"+{text}"


def _kind(event_type: str) -> str:
    if event_type.startswith(("Injection", "Run")):
        return "control"
    return "alert" if event_type.startswith("RiskAlert") else "production"


def _arrow(before: Node, after: Node, how: str) -> Arrow:
    x0, x1 = before.x + RADIUS + 2, after.x - RADIUS - 7
    middle = (x0 + x1) // 2
    path = f"M{x0} {before.y} C{middle} {before.y} {middle} {after.y} {x1} {after.y}"
    return Arrow(path, how, middle, (before.y + after.y) // 2 - 6)
