"""An appender whose records are under way until somebody lets them arrive."""

from eventlog.memory_log import MemoryAppender, MemoryLog


class Slow(MemoryAppender):
    """Puts its records onto the log when it is flushed, and not before."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.under_way: list[tuple[str, int, bytes, bytes]] = []
        self.flushes_count = 0

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        """Put a record on its way."""
        self.under_way.append((topic, partition, key, value))

    def settled(self) -> bool:
        """Return whether nothing is under way."""
        return not self.under_way

    def arrive(self) -> None:
        """Let everything that is under way arrive."""
        for topic, partition, key, value in self.under_way:
            super().append_raw(topic, partition, key, value)
        self.under_way.clear()

    def flush(self) -> None:
        """Wait for all of it."""
        self.flushes_count += 1
        self.arrive()
