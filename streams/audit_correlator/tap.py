"""`python -m streams.audit_correlator.tap`: envelopes of all topics into blocks.

Each batch is one transaction: blocks, dead letters and the positions they were read from, all or
nothing. So every record enters the blocks once and becomes a dead letter at most once, whenever
the tap is killed.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from ecosystem.audit.block import pack_block, position_of
from ecosystem.errors import EcosystemError
from eventlog.kafka_appender import KafkaAppender
from eventlog.raw import RawReader, TakenPositions
from eventlog.records import Partition
from eventlog.settings import read_settings
from streams.audit_correlator.cutting import Cut, Cutter, places_that_moved
from streams.audit_correlator.processes import configure_logs, die_with_parent, stop_signals
from streams.audit_correlator.settings import BLOCKS_TOPIC, AuditContext, AuditSettings

BLOCK_ENTRIES_MAX: Final = 8_000
"""Some 620 kB, below Kafka's default bound of 1 MB for a batch."""
WAIT_S: Final = 0.5
log = structlog.get_logger()


class Tap:
    """Reads every topic, writes blocks; `step` by `step`, each one a transaction.

    A batch is committed in the background while the next is read and cut; a failure to commit
    comes up in the next step.
    """

    def __init__(self, context: AuditContext) -> None:
        settings, catalogue, who = context.settings, context.catalogue, context.principal
        partitions = context.partitions(*catalogue.subscription(who.name))
        self._appender = context.appender(transactional=True)  # fences a predecessor first
        self._reader = RawReader(
            context.connection, context.namespace, partitions, who.group or who.name
        )
        stewarded = [topic.name for topic in catalogue.topics.values() if topic.steward == who.name]
        self._cutter = Cutter(
            context.namespace,
            partitions,
            context.block_partitions,
            context.codec,
            stewarded,
            who.name,
        )
        self._batch_records_max = settings.batch_records_max
        self._gather_s = settings.batch_gather_ms / 1_000
        self._said: Mapping[Partition, int] = {}
        self._background = ThreadPoolExecutor(1, "commit")
        self._commit: Future[None] | None = None
        self.records_count = 0
        self.undecodable_count = 0

    def step(self, wait_s: float = WAIT_S) -> int:
        """Take over what is there and return how many records that was.

        An idle step waits for the last commit, so that its failure is noticed in quiet times too.

        Raises:
            EventLogError: the log failed, or a successor has taken over.
        """
        records = self._reader.read(wait_s, self._batch_records_max, self._gather_s)
        positions = self._reader.positions()
        moved = places_that_moved(self._said, positions)
        if not moved:
            self.finish()
            return 0
        cut = self._cutter.cut(records)
        self.finish()
        self._commit = self._background.submit(self._write, cut, moved, self._reader.taken())
        self._said = positions
        self.records_count += len(records)
        self.undecodable_count += cut.undecodable_count
        if cut.undecodable_count:
            log.warning(
                "undecodable_records",
                count=cut.undecodable_count,
                dead_letters=len(cut.dead_letters),
            )
        return len(records)

    def finish(self) -> None:
        """Wait until the last batch is committed.

        Raises:
            EventLogError: it is not, and nothing of it is to be seen.
        """
        if self._commit is not None:
            self._commit.result()
            self._commit = None

    def _write(self, cut: Cut, moved: Mapping[Partition, int], positions: TakenPositions) -> None:
        self._appender.begin()
        write_blocks(self._appender, cut.entries, moved)
        for letter in cut.dead_letters:
            self._appender.append(letter)
        self._appender.commit_begun(positions)

    def close(self) -> None:
        """Commit what was begun and stop reading."""
        self.finish()
        self._background.shutdown()
        self._reader.close()


def write_blocks(
    appender: KafkaAppender, entries: Sequence[Sequence[bytes]], moved: Mapping[Partition, int]
) -> None:
    """Append the entries of each block partition; the last block of each carries the ends."""
    ends = [position_of(topic, number, end) for (topic, number), end in moved.items()]
    for partition, own in enumerate(entries):
        for block in _blocks(own, ends):
            appender.append_raw(BLOCKS_TOPIC, partition, b"", block)


def _blocks(entries: Sequence[bytes], ends: Sequence[int]) -> Iterator[bytes]:
    full = range(
        0, max(len(entries) - 1, 0) // BLOCK_ENTRIES_MAX * BLOCK_ENTRIES_MAX, BLOCK_ENTRIES_MAX
    )
    for at in full:
        yield pack_block((), entries[at : at + BLOCK_ENTRIES_MAX])
    yield pack_block(ends, entries[len(full) * BLOCK_ENTRIES_MAX :])


def run(tap: Tap, stopping: Callable[[], bool]) -> None:
    """Tap until `stopping` says so.

    Raises:
        EventLogError: the log failed, or a successor has taken over.
    """
    while not stopping():
        tap.step()


def main() -> int:
    """Run the tap until SIGTERM or SIGINT; return the exit code."""
    die_with_parent()
    configure_logs()
    stopping = stop_signals()
    try:
        tap = Tap(AuditContext(read_settings(AuditSettings)))
        log.info("tap_started")
        run(tap, stopping)
        tap.close()
    except EcosystemError as error:
        log.error("tap_failed", error=type(error).__name__, detail=str(error))
        return 1
    log.info("tap_stopped", records=tap.records_count, undecodable=tap.undecodable_count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
