"""Wishes of callers: each becomes the root of a causal tree on the log, once, and is followed."""

import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import ID_BYTES, RootIds
from producers.live.outbox import Outbox
from producers.live.traces import Traces

KEY_PATTERN: Final = r"^[A-Za-z0-9_.:-]{1,64}$"


class Requests:
    """Names, sends and follows wishes.

    Args:
        roots: names wishes that come with a key, so that the same key is the same wish even after
            a restart. Without a key the id is drawn by chance.
    """

    def __init__(
        self, outbox: Outbox, traces: Traces, roots: RootIds, now_us: Callable[[], int]
    ) -> None:
        self.traces = traces
        self.now_us = now_us
        self._outbox = outbox
        self._roots = roots

    def name(self, key: str | None) -> EventId:
        """Return the id of a wish."""
        if key is None:
            return EventId(secrets.token_bytes(ID_BYTES))
        return self._roots.root(key, 0)

    def send(self, event: Event) -> bool:
        """Return whether this wish is new here; it stands on the log then, or did before.

        Raises:
            ProblemError: its id stands for another wish, or the log does not take it.
        """
        self.traces.follow(event)
        meaning = msgspec.json.encode(msgspec.structs.replace(event, event_time_us=0))
        try:
            return self._outbox.send(event, meaning)
        finally:
            if not self._outbox.knows(event.event_id):
                self.traces.forget(event.correlation_id)
