"""Writers for the other process: on a log in memory that is put into a file at every flush."""

import os
from pathlib import Path

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import RootIds, run_key
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.errors import AppendError
from eventlog.memory_log import MemoryAppender, MemoryLog
from producers.world.appending import WRITERS
from producers.world.slices import CLOCK, SliceWriter

EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CATALOGUE = load_catalogue(Path(__file__).parents[3] / "topics.yaml")
PLACES = [("prices", partition) for partition in range(4)]


class FileWriter(SliceWriter):
    """Writes onto a log in memory, and what is there into a file."""

    def __init__(self, path: Path, kind: type[MemoryAppender] = MemoryAppender) -> None:
        self._path = path
        self._log = log = MemoryLog(routes_of(CATALOGUE, EVENTS), Codec(EVENTS), lambda: 0)
        super().__init__(
            {name: kind(log) for name in WRITERS},
            log.routes,
            log.codec,
            PLACES,
            RootIds(run_key(1, "secret"), CLOCK),
            lambda: {place: len(records) for place, records in log.partitions.items()},
        )

    def flush(self) -> None:
        """Flush, and put everything into the file."""
        super().flush()
        text = [
            f"{topic} {partition} {record.key.hex()} {record.value.hex()}\n"
            for (topic, partition), records in self._log.partitions.items()
            for record in records
        ]
        self._path.write_text("".join(text))


class IntrudedWriter(FileWriter):
    """A writer in whose partitions somebody else writes before the ends are compared."""

    def reconcile(self) -> None:
        """Let a stranger write, and compare."""
        self._log.put("prices", 1, b"", b"garbage")
        super().reconcile()


class WaitingWriter(FileWriter):
    """A writer that is not ready before somebody has written into a named pipe."""

    def __init__(self, path: Path, begins: Path) -> None:
        begins.read_bytes()
        super().__init__(path)


class Refusing(MemoryAppender):
    """An appender whose broker takes nothing."""

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        raise AppendError(f"{topic}: refused")


class Dying(MemoryAppender):
    """An appender that takes its process along."""

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        os._exit(3)
