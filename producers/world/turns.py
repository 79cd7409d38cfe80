"""Partitions that several principals write, in the same order every time."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from eventlog.log import LogAppender
from eventlog.records import Partition

Record = tuple[Partition, bytes, bytes]
"""Partition, key and value."""
_Held = tuple[str, bytes, bytes]


class Turns:
    """Lets each partition have its writers one after the other.

    Two principals have two connections, whose records the broker would interleave by chance. So
    where a partition changes hands while records of the first writer are under way, those of the
    second are held until they are acknowledged, and everybody else goes on meanwhile.

    Args:
        appenders: by writer, where its records go. They may let records gather.
        prompt: opens a second appender of a writer, which lets nothing gather. It takes the
            partitions that have changed hands, for which somebody waits as a rule; None where
            the first ones let nothing gather either.
    """

    def __init__(
        self,
        appenders: Mapping[str, LogAppender],
        prompt: Callable[[str], LogAppender] | None = None,
    ) -> None:
        self._appenders = appenders
        self._open_prompt = prompt
        self._prompt: dict[str, LogAppender] = {}
        self._shared: set[Partition] = set()
        self._last: dict[Partition, LogAppender] = {}
        self._held: dict[Partition, deque[_Held]] = {}

    def append(self, writer: str, records: Iterable[Record]) -> None:
        """Append or hold the records of a writer, each partition in order."""
        usual, shared, last, held = self._appenders[writer], self._shared, self._last, self._held
        for place, key, value in records:
            if place in held:
                held[place].append((writer, key, value))
            elif place not in shared and last.setdefault(place, usual) is usual:
                usual.append_raw(*place, key, value)
            elif not self._put(writer, place, key, value):
                held[place] = deque([(writer, key, value)])

    def step(self) -> None:
        """Append what is held as far as nothing must be waited for."""
        for place in list(self._held):
            waiting = self._held[place]
            while waiting and self._put(waiting[0][0], place, *waiting[0][1:]):
                waiting.popleft()
            if not waiting:
                del self._held[place]

    def release(self) -> None:
        """Append all that is held; where several partitions change hands, that is one waiting."""
        while self._held:
            waited_for = [self._last[place] for place in self._held]
            for appender in {id(one): one for one in waited_for}.values():
                appender.flush()
            self.step()

    def flush(self) -> None:
        """Append what is held and wait until everything is acknowledged.

        Raises:
            AppendError: something was not.
        """
        self.release()
        for appender in (*self._appenders.values(), *self._prompt.values()):
            appender.flush()

    def _put(self, writer: str, place: Partition, key: bytes, value: bytes) -> bool:
        """Append a record of a partition that has changed hands, unless somebody is before it."""
        own = self._own(writer)
        last = self._last[place]
        if last is not own and not last.settled():
            return False
        self._shared.add(place)
        self._last[place] = own
        own.append_raw(*place, key, value)
        return True

    def _own(self, writer: str) -> LogAppender:
        if self._open_prompt is None:
            return self._appenders[writer]
        own = self._prompt.get(writer)
        if own is None:
            own = self._prompt[writer] = self._open_prompt(writer)
        return own
