"""The Faust workers of the audit join benchmark: `python -m benchmarks.audit_workers KIND COUNT`.

Settings come as one line of JSON on standard input; what is said goes to standard output, each
word with the wall time.
"""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import faust

from ecosystem.events.control.scenario import RunCompleted
from eventlog.connection import Connection
from eventlog.secret_store import read_secret
from streams.audit_correlator.correlator import Case, Correlator
from streams.audit_correlator.evidence_log import EvidenceLog
from streams.audit_correlator.job import build_app, freeze_garbage
from streams.audit_correlator.settings import AuditContext, AuditSettings

TOPICS = ("prices", "orders", "fills", "balances")


def say(word: str) -> None:
    """Tell the parent, with the time."""
    sys.__stdout__.write(f"{word} {time.time()}\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


class CountingCorrelator(Correlator):
    """Says when it has folded as many entries as it was told."""

    target = 0

    def fold(
        self, block: bytes, block_partition: int, cases: MutableMapping[str, Case]
    ) -> list[RunCompleted]:
        """Fold, then look at the count."""
        before = self.entries_count
        due = super().fold(block, block_partition, cases)
        if before < self.target <= self.entries_count:
            say("done")
        return due


def join_app(settings: AuditSettings, count: int) -> faust.App:
    """Return the real job around a correlator that counts."""
    context = AuditContext(settings)
    evidence = EvidenceLog(context)
    correlator = CountingCorrelator(
        context.block_partitions, context.codec.event_types, evidence.fetch, evidence.publish
    )
    correlator.target = count
    return build_app(context, correlator)


def nothing_app(settings: AuditSettings, count: int) -> faust.App:
    """Return an application whose agent does nothing with each record."""
    connection = Connection(
        bootstrap_servers=settings.bootstrap_servers,
        principal="admin",
        password=read_secret(settings.password_file),
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        f"{settings.namespace}.nothing",
        broker=f"kafka://{settings.bootstrap_servers}",
        broker_credentials=faust.SASLCredentials(
            username=connection.principal,
            password=connection.password,
            mechanism=connection.mechanism,
        ),
        store="memory://",
        datadir=str(settings.data_dir),
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        worker_redirect_stdouts=False,
    )
    names = [f"{settings.namespace}.{topic}" for topic in TOPICS]
    records = app.topic(*names, key_serializer="raw", value_serializer="raw")

    @app.agent(records, name="nothing")  # type: ignore[untyped-decorator,unused-ignore]
    async def nothing(stream: Any) -> None:
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == 1:
                say("first")
            if seen == count:
                say("done")

    return app


def main(kind: str, count: int) -> None:
    """Run the worker until it is killed."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    settings = AuditSettings.model_validate_json(sys.stdin.readline())
    app = {"join": join_app, "nothing": nothing_app}[kind](settings, count)

    async def tell_ready(*_: Any, **__: Any) -> None:
        say("ready")

    app.on_partitions_assigned.connect(tell_ready)
    freeze_garbage()
    faust.Worker(app, loglevel="WARN", override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
