"""What the stream tells: each alert when it is on the log, and once a second how all stands.

A thread of its own looks once a second, and only while somebody listens, so the loop does no more
for a hundred listeners than for one, and a loop that is stuck is told of too.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from consumers.risk_monitor.door import alert_views, views
from consumers.risk_monitor.door.answers import SnapshotAnswer, StatusAnswer
from consumers.risk_monitor.door.figures import figures
from consumers.risk_monitor.door.memory import Told
from consumers.risk_monitor.door.window import MonitorWindow
from doors.problems import ProblemError
from doors.streams import Streams
from ecosystem.events.envelope import Event
from ecosystem.risk.monitor import RiskEngine

CHANNEL: Final = "monitor"
EVERY_S: Final = 1.0
GAUGES_MAX: Final = 60
"""Utilisations of a snapshot, the highest ones."""
ALERTS_MAX: Final = 100
"""Alerts of a snapshot, the worst ones."""
TOLD_MAX: Final = 50
"""Words of one message; of more the last ones are told."""
_WORST_FIRST: Final = {"CRITICAL": 0, "HIGH": 1, "MEDIUM": 2, "LOW": 3}


class Teller:
    """Tells the listeners of one door.

    Args:
        acting: whether the door takes acts.
        now_us: the time on the wall.
    """

    def __init__(
        self,
        window: MonitorWindow,
        streams: Streams,
        now_us: Callable[[], int],
        *,
        monitor: str,
        acting: bool,
        every_s: float = EVERY_S,
    ) -> None:
        self._window = window
        self._streams = streams
        self._now_us = now_us
        self._monitor = monitor
        self._acting = acting
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        streams.open(CHANNEL)
        window.listeners.append(self.told)

    def status(self, engine: RiskEngine) -> StatusAnswer:
        """Return the status; who calls holds the window's lock."""
        return views.status(
            self._window,
            engine,
            monitor=self._monitor,
            acting=self._acting,
            wall_us=self._now_us(),
        )

    def snapshot(self) -> SnapshotAnswer:
        """Return how everything stands.

        Raises:
            ProblemError: the monitor cannot be asked now.
        """
        with self._window.looking() as engine:
            active = self._window.memory.active()
            active.sort(key=lambda case: -case.last.event_time_us)
            active.sort(key=lambda case: _WORST_FIRST.get(case.last.severity, len(_WORST_FIRST)))
            return SnapshotAnswer(
                status=self.status(engine),
                pnl=views.pnl(engine),
                figures=figures(engine),
                positions=views.positions(engine),
                utilisation=views.utilisation(engine.book.watches())[:GAUGES_MAX],
                broken=[one for one in views.mandates(engine) if not one.compliant],
                alerts=[alert_views.alert(case) for case in active[:ALERTS_MAX]],
            )

    def told(self, events: Sequence[Event]) -> None:
        """Tell what the monitor said; called by its loop."""
        told = [event for event in events if isinstance(event, Told)]
        if told:
            self._streams.publish(
                CHANNEL,
                "told",
                lambda: [
                    alert_views.timeline(event).model_dump() for event in told[: -TOLD_MAX - 1 : -1]
                ],
            )

    def start(self) -> None:
        """Begin to tell once a second."""
        self._thread.start()

    def stop(self) -> None:
        """Tell no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def tell(self) -> None:
        """Tell how everything stands, or why that cannot be told."""
        kind, body = self._stand()
        self._streams.publish(CHANNEL, kind, lambda: body)

    def _stand(self) -> tuple[str, dict[str, Any]]:
        # Looked at before it is published: a channel's lock is never held while the loop's is
        # waited for.
        try:
            return "state", self.snapshot().model_dump()
        except ProblemError as problem:
            return "unready", {"why": problem.detail}

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            if self._streams.has_clients(CHANNEL):
                self.tell()
