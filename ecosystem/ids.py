"""Identity: where the sixteen opaque bytes of an event come from.

A root event's id is a keyed hash of what it is the n-th of; any other event's id is a hash of its
cause. So the same run gives the same ids, whatever the batches, restarts and hosts; a run and its
twin agree until the first altered event; and nobody without the key learns a time, an order or the
presence of a scenario from an id. Hash: BLAKE2b, RFC 7693.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, cast

from ecosystem.events.words import EventId

ID_BYTES: Final = 16
_UNKEYED: Final = blake2b(digest_size=ID_BYTES)
"""Copied for each id, which is cheaper than to begin anew."""


def run_key(seed: int, secret: str) -> bytes:
    """Return the key of all root ids of a run: a function of its seed and a secret alone."""
    return blake2b(f"run {seed}".encode(), key=secret.encode()[:64], digest_size=32).digest()


class StreamIds:
    """Names the root events of one stream; what is the same in all their names is hashed once."""

    __slots__ = ("_hashed",)

    def __init__(self, hashed: blake2b) -> None:
        self._hashed = hashed

    def root(self, number: int) -> EventId:
        """Return the id of event `number` of the stream."""
        hashed = self._hashed.copy()
        hashed.update(b"%d" % number)
        return EventId(hashed.digest())

    def roots(self, numbers: Iterable[int]) -> list[EventId]:
        """Return the ids of some events of the stream."""
        copy, ids = self._hashed.copy, []
        for number in numbers:
            hashed = copy()
            hashed.update(b"%d" % number)
            ids.append(hashed.digest())
        return cast(list[EventId], ids)


class RootIds:
    """Names the root events of one machine in one run."""

    def __init__(self, key: bytes, machine: str) -> None:
        self._keyed = blake2b(key=key, digest_size=ID_BYTES)
        self._keyed.update(machine.encode() + b"\0")

    def root(self, stream: str, number: int) -> EventId:
        """Return the id of event `number` of `stream`; the same call gives the same id."""
        hashed = self._keyed.copy()
        hashed.update(b"%s\0%d" % (stream.encode(), number))
        return EventId(hashed.digest())

    def stream(self, name: str) -> StreamIds:
        """Return what names the events of one stream as `root` does, for whoever names many."""
        hashed = self._keyed.copy()
        hashed.update(name.encode() + b"\0")
        return StreamIds(hashed)


def derive_id(cause: EventId, label: str, number: int = 0) -> EventId:
    """Return the id of the event that follows from `cause` under `label`.

    Args:
        label: machine and kind, e.g. `exchange/accepted`; distinct for each follower of one cause.
        number: tells followers of one kind apart.
    """
    hashed = _UNKEYED.copy()
    hashed.update(b"%s%s\0%d" % (cause, label.encode(), number))
    return EventId(hashed.digest())
