"""Server-sent events: channels with bounded queues, heartbeats, and what a late comer has missed.

What happens is published from any thread. A client that cannot keep up is dropped with a reason,
and may come again with `Last-Event-ID`: what the channel remembers since is sent first. A channel
remembers from its first listener on.
"""

import asyncio
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from doors.problems import ProblemError

QUEUE_MAX: Final = 256
"""Messages a client may lag behind before it is dropped."""
REMEMBERED: Final = 256
"""Messages of a channel that a returning client is given."""
CLIENTS_MAX: Final = 100
"""Clients of one door at the same time."""
HEARTBEAT_S: Final = 15.0
LIFETIME_S: Final = 3_600.0
"""How long a stream lasts; who wants more comes again with `Last-Event-ID`."""


class Message(msgspec.Struct, frozen=True):
    """What is sent: number in its channel, kind, and body as JSON."""

    number: int
    kind: str
    body: str


class _Client:
    """One listener; its queue belongs to the event loop it listens in."""

    def __init__(self, loop: asyncio.AbstractEventLoop, queue_max: int) -> None:
        self.loop = loop
        self.queue: asyncio.Queue[Message] = asyncio.Queue(queue_max)
        self.dropped: str | None = None
        self.left = asyncio.Event()

    def take(self, message: Message) -> None:
        if self.dropped is not None:
            return
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.drop(f"too slow: {self.queue.maxsize} messages wait")

    def drop(self, why: str) -> None:
        if self.dropped is None:
            self.dropped = why
            self.left.set()


class Streams:
    """The channels of one door, by name."""

    def __init__(
        self,
        *,
        queue_max: int = QUEUE_MAX,
        remembered: int = REMEMBERED,
        clients_max: int = CLIENTS_MAX,
        heartbeat_s: float = HEARTBEAT_S,
        lifetime_s: float = LIFETIME_S,
    ) -> None:
        self._queue_max = queue_max
        self._remembered = remembered
        self._clients_max = clients_max
        self._heartbeat_s = heartbeat_s
        self._lifetime_s = lifetime_s
        self._lock = threading.Lock()
        self._clients: dict[str, set[_Client]] = {}
        self._past: dict[str, deque[Message]] = {}
        self._numbers: dict[str, itertools.count[int]] = {}
        self._heard: set[str] = set()
        """Channels that somebody has listened to; the others need not remember."""
        self._closed: str | None = None

    def open(self, *channels: str) -> None:
        """Have these channels remember from now on."""
        with self._lock:
            for channel in channels:
                self._clients.setdefault(channel, set())
                self._past.setdefault(channel, deque(maxlen=self._remembered))
                self._numbers.setdefault(channel, itertools.count(1))

    def publish(self, channel: str, kind: str, body: Callable[[], object]) -> None:
        """Send to everybody who listens; called from any thread.

        Args:
            body: makes what is sent, as plain values; called at once, or not at all where
                nobody has ever listened.
        """
        with self._lock:
            number = next(self._numbers[channel])
            if channel not in self._heard:
                return
            message = Message(number, kind, json.dumps(body(), separators=(",", ":")))
            self._past[channel].append(message)
            for client in self._clients[channel]:
                client.loop.call_soon_threadsafe(client.take, message)

    def has_clients(self, channel: str) -> bool:
        """Return whether anybody listens."""
        return bool(self._clients.get(channel))

    def close(self, why: str) -> None:
        """Send everybody away; nobody is let in any more."""
        with self._lock:
            self._closed = why
            for clients in self._clients.values():
                for client in clients:
                    client.loop.call_soon_threadsafe(client.drop, why)

    def response(self, channel: str, last_event_id: str | None) -> StreamingResponse:
        """Return a stream of a channel, from the event after `last_event_id` on where given.

        Raises:
            ProblemError: too many clients listen, or the door closes.
        """
        client = self._enter(channel, last_event_id)
        return StreamingResponse(
            self._sent(channel, client),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    def _enter(self, channel: str, last_event_id: str | None) -> _Client:
        client = _Client(asyncio.get_running_loop(), self._queue_max)
        with self._lock:
            if self._closed is not None:
                raise ProblemError(503, "closing", self._closed)
            if sum(map(len, self._clients.values())) >= self._clients_max:
                raise ProblemError(
                    503, "too-many-streams", f"{self._clients_max} clients listen already"
                )
            self._heard.add(channel)
            if last_event_id is not None and last_event_id.isdecimal():
                seen = int(last_event_id)
                missed = [one for one in self._past[channel] if one.number > seen]
                for message in missed[-self._queue_max :]:
                    client.take(message)
            self._clients[channel].add(client)
        return client

    async def _sent(self, channel: str, client: _Client) -> AsyncIterator[bytes]:
        try:
            yield b": welcome\n\n"
            ends_s = time.monotonic() + self._lifetime_s
            while client.dropped is None:
                left_s = ends_s - time.monotonic()
                if left_s <= 0:
                    client.drop(f"{self._lifetime_s:.0f} s are over; come again")
                async for chunk in self._next(client, left_s):
                    yield chunk
            reason = json.dumps({"reason": client.dropped})
            yield format_sse_event(event="dropped", data_str=reason)
        finally:
            with self._lock:
                self._clients[channel].discard(client)

    async def _next(self, client: _Client, left_s: float) -> AsyncIterator[bytes]:
        arrival = asyncio.ensure_future(client.queue.get())
        leaving = asyncio.ensure_future(client.left.wait())
        try:
            done, _ = await asyncio.wait(
                (arrival, leaving),
                timeout=max(0.0, min(self._heartbeat_s, left_s)),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            leaving.cancel()
            if not arrival.done():
                arrival.cancel()
        if arrival in done:
            message = arrival.result()
            yield format_sse_event(
                id=str(message.number), event=message.kind, data_str=message.body
            )
        elif not done and left_s > self._heartbeat_s:
            yield b": heartbeat\n\n"
