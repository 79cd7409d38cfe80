"""Does a world stay as fast and as small as it was? Cost per event and memory, in quiet hours.

The world runs without a log: what grows here would grow everywhere. The cost is processor time of
a window of 100 000 events, once early and once after ten million; memory is the process's own,
once after an hour of event time and once after 36.
"""

import os
import resource
from pathlib import Path
from time import process_time
from typing import Final

import msgspec
import psutil
from rich.progress import Progress

from benchmarks.row import Row
from benchmarks.world_append import scenario
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import run_key
from ecosystem.run import RunPlan, opening_events
from ecosystem.units import HOUR_US, MINUTE_US
from eventlog.catalogue.load import load_catalogue
from producers.world.session import build_world

ROOT: Final = Path(__file__).resolve().parent.parent
WINDOW: Final = 100_000
EVENTS: Final = int(os.environ.get("ENDURANCE_EVENTS", "10000000"))
"""Events after which the late window begins; the first begins after one window."""
MEMORY_HOURS: Final = (1, 36)


class Course(msgspec.Struct):
    """What was measured on the way."""

    early_s: float = 0.0
    late_s: float = 0.0
    events_count: int = 0
    memory_mib: dict[int, float] = msgspec.field(default_factory=dict)


def measure() -> Course:
    """Run a quiet world until both windows and both hours are measured."""
    plan = RunPlan(run_id="endurance", scenario=scenario(72), scenario_text="", seed=1)
    key = run_key(1, "endurance")
    events = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
    world = build_world(plan, key, load_catalogue(ROOT / "topics.yaml"), events)
    for event in opening_events(plan, key):
        world.publish(event)
    course, process, at_us = Course(), psutil.Process(), plan.starts_at_us
    window = (0, 0.0)
    with Progress(transient=True) as progress:
        task = progress.add_task("endurance", total=EVENTS + 2 * WINDOW)
        while not course.late_s or len(course.memory_mib) < len(MEMORY_HOURS):
            at_us += MINUTE_US
            course.events_count += sum(len(run.events) for run in world.run_until(at_us))
            progress.update(task, completed=course.events_count)
            for hour in MEMORY_HOURS:
                if at_us - plan.starts_at_us == hour * HOUR_US:
                    course.memory_mib[hour] = process.memory_info().rss / 2**20
            window = _window(course, window)
    return course


def _window(course: Course, window: tuple[int, float]) -> tuple[int, float]:
    """Close the window that is full, or open the one that begins here."""
    count, (since_count, since_s) = course.events_count, window
    if since_count and count >= since_count + WINDOW:
        cost_s = (process_time() - since_s) / (count - since_count)
        if not course.early_s:
            course.early_s = cost_s
        elif not course.late_s and since_count >= EVENTS:
            course.late_s = cost_s
        return 0, 0.0
    starts = (not course.early_s and count >= WINDOW) or (not course.late_s and count >= EVENTS)
    return (count, process_time()) if not since_count and starts else window


def run() -> list[Row]:
    """Measure, and return the rows."""
    course = measure()
    first, last = MEMORY_HOURS
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(
            what=f"world, cost of an event after {EVENTS:,} events",
            ours=course.late_s * 1e6,
            raw=course.early_s * 1e6,
            unit="us of processor",
            raw_what=f"after {WINDOW:,}",
            aim="<= 1.2 times",
        ),
        Row(
            what=f"world, memory after {last} h of event time (peak {peak_mib:,.0f})",
            ours=course.memory_mib[last],
            raw=course.memory_mib[first],
            unit="MiB",
            raw_what=f"after {first} h",
            aim="flat",
        ),
    ]
