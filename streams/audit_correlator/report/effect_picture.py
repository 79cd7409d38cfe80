"""The effect as a picture: what the market would have been, what it was, and when alerts came."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import msgspec

from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.units import E8
from streams.audit_correlator.report.content import (
    amount_text,
    duration_text,
    percent_text,
    time_text,
)

WIDTH: Final = 1_040
HEIGHT: Final = 280
LEFT: Final = 92
RIGHT: Final = 16
TOP: Final = 26
BOTTOM: Final = 34
POINTS_MAX: Final = 480
"""Per line; more cannot be seen at this width."""
MARKS_MAX: Final = 60
GRID_LINES: Final = 4


class Mark(msgspec.Struct, frozen=True):
    """A moment worth seeing."""

    x: int
    kind: str
    """`condition` or the severity of an alert."""
    tooltip: str


class EffectPicture(msgspec.Struct, frozen=True):
    """Everything the template draws for one measure."""

    measure: str
    width: int
    height: int
    top: int
    bottom: int
    altered: str
    unaltered: str
    grid: tuple[tuple[int, str], ...]
    times: tuple[tuple[int, str, str], ...]
    marks: tuple[Mark, ...]
    summary: str


def draw_effects(
    report: AuditReported,
    timelines: Sequence[TimelineCompleted],
    applied: Iterable[InjectionApplied],
    asked: Sequence[str] = (),
    measures_max: int = 3,
) -> list[EffectPicture]:
    """Return a picture for each of the first measures that has a shape.

    Args:
        asked: measures that the scenario speaks of: they come first, and where any of them has a
            shape no other is drawn.
    """
    by_measure: dict[str, list[InjectionApplied]] = {}
    for event in applied:
        by_measure.setdefault(event.measure, []).append(event)
    shaped = [name for name in sorted(by_measure) if len(by_measure[name]) > 1]
    chosen = [name for name in dict.fromkeys(asked) if name in shaped] or shaped
    elsewhere = {name.partition(" ")[2] for name in by_measure}
    return [
        _draw(name, by_measure[name], report, _about(name, timelines, elsewhere))
        for name in chosen[:measures_max]
    ]


def _about(
    measure: str, timelines: Sequence[TimelineCompleted], measured: Collection[str]
) -> list[TimelineCompleted]:
    own = measure.partition(" ")[2]
    return [line for line in timelines if line.subject == own or line.subject not in measured]


def _draw(
    measure: str,
    events: list[InjectionApplied],
    report: AuditReported,
    timelines: Sequence[TimelineCompleted],
) -> EffectPicture:
    events.sort(key=lambda event: (event.event_time_us, event.event_id))
    values = [v for event in events for v in (event.altered_e8, event.unaltered_e8)]
    low, high = min(values), max(values)
    start, end = events[0].event_time_us, events[-1].event_time_us
    span, reach = max(end - start, 1), max(high - low, 1)

    def x_of(time_us: int) -> int:
        return LEFT + (time_us - start) * (WIDTH - LEFT - RIGHT) // span

    def y_of(value_e8: int) -> int:
        return TOP + (high - value_e8) * (HEIGHT - TOP - BOTTOM) // reach

    step_e8 = E8 if reach > 100 * E8 else E8 // 10_000
    shown = _thinned(events)
    deepest = max(events, key=lambda event: abs(event.altered_e8 - event.unaltered_e8))
    return EffectPicture(
        measure=measure,
        width=WIDTH,
        height=HEIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        altered=_line((x_of(e.event_time_us), y_of(e.altered_e8)) for e in shown),
        unaltered=_line((x_of(e.event_time_us), y_of(e.unaltered_e8)) for e in shown),
        grid=tuple(
            (y_of(value), amount_text(value // step_e8 * step_e8))
            for value in (low + reach * n // GRID_LINES for n in range(GRID_LINES + 1))
        ),
        times=tuple(
            (x_of(start + span * n // 4), duration_text(span * n // 4), _anchor(n))
            for n in range(5)
        ),
        marks=tuple(_marks(report, timelines, start, end, x_of)),
        summary=(
            f"from {time_text(start)} UTC, {len(events)} altered events, at most"
            f" {percent_text(deepest.altered_e8, deepest.unaltered_e8)}"
        ),
    )


def _anchor(number: int) -> str:
    return {0: "start", 4: "end"}.get(number, "middle")


def _marks(
    report: AuditReported,
    timelines: Sequence[TimelineCompleted],
    start: int,
    end: int,
    x_of: Callable[[int], int],
) -> Iterable[Mark]:
    for result in report.expectations:
        at = result.condition_time_us
        if at is not None and start <= at <= end:
            tooltip = f"condition of {result.name} holds from {time_text(at)}"
            yield Mark(x_of(at), "condition", tooltip)
    inside = [line for line in timelines if start <= line.hops[-1].hop_time_us <= end]
    for line in inside[:MARKS_MAX]:
        at = line.hops[-1].hop_time_us
        tooltip = f"{line.severity} {line.rule} on {line.subject} at {time_text(at)}"
        yield Mark(x_of(at), line.severity.lower(), tooltip)


def _thinned(events: list[InjectionApplied]) -> list[InjectionApplied]:
    step = -(-len(events) // POINTS_MAX)
    return [*events[::step], events[-1]]


def _line(points: Iterable[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
