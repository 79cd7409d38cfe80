"""The Faust application: its agent is a few lines around the correlator.

The only file that knows Faust. Its consumer reads uncommitted blocks too, which does no harm: the
fold is idempotent by source position, and a block's ends speak of the blocks before it in its own
partition only, whose entries are true whether or not their transaction was committed in the end.
"""

import asyncio
import gc
import os
import traceback
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any, Final

import faust
import structlog

from streams.audit_correlator.correlator import Correlator, case_key, judged_case
from streams.audit_correlator.settings import BLOCKS_TOPIC, CASES_TABLE, AuditContext
from streams.audit_correlator.transport import use_careful_fetches

FETCH_BYTES_MAX: Final = 8 * 1024 * 1024
BUFFERED_BLOCKS_MAX: Final = 64
COMMIT_INTERVAL_S: Final = 1.0
log = structlog.get_logger()


def build_app(context: AuditContext, correlator: Correlator) -> faust.App:
    """Return the application that feeds blocks to `correlator` and keeps cases in a table."""
    app = faust.App(**_configuration(context))
    use_careful_fetches(app, _brokers(context))
    blocks = app.topic(
        context.namespace.topic(BLOCKS_TOPIC),
        key_serializer="raw",
        value_serializer="raw",
    )
    cases: Any = app.Table(CASES_TABLE, default=None, partitions=context.block_partitions)

    @app.agent(blocks, name="correlate")  # type: ignore[untyped-decorator,unused-ignore]
    async def correlate(stream: Any) -> None:
        await _crash_on_error(_correlate(stream.events(), correlator, cases))

    return app


async def _correlate(events: AsyncIterable[Any], correlator: Correlator, cases: Any) -> None:
    async for event in events:
        partition = event.message.partition
        for run in correlator.fold(event.value, partition, cases):
            # In a thread: the broker must hear from this worker while it judges.
            _, report = await asyncio.to_thread(correlator.judge, run)
            cases[case_key(run.correlation_id, partition)] = judged_case(run, report)
            log.info("run_judged", run=run.run_id, verdict=report.verdict, reason=report.reason)


async def _crash_on_error(work: Any) -> None:
    try:
        await work
    except Exception:
        # Faust would acknowledge the block and restart the agent, and its events would be lost.
        # A restart of the process folds them again.
        log.error("job_failed", detail=traceback.format_exc())
        os._exit(1)


def freeze_garbage() -> None:
    """Keep the collector away from what was loaded; the fold makes no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _brokers(context: AuditContext) -> list[str]:
    return [server.strip() for server in context.settings.bootstrap_servers.split(",")]


def _configuration(context: AuditContext) -> dict[str, Any]:
    settings = context.settings
    app_id = context.namespace.group(context.principal.stream_app or context.principal.name)
    data_dir: Path = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)  # Faust itself makes no parents
    return {
        "id": app_id,
        "broker": ";".join(f"kafka://{broker}" for broker in _brokers(context)),
        "broker_credentials": faust.SASLCredentials(
            username=context.connection.principal,
            password=context.connection.password,
            mechanism=context.connection.mechanism,
        ),
        "store": "memory://",
        "datadir": str(data_dir),
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": BUFFERED_BLOCKS_MAX,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": FETCH_BYTES_MAX,
        "consumer_group_instance_id": f"{app_id}-1",  # a restart takes the dead worker's place
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.session_timeout_s / 4,
        "broker_commit_interval": COMMIT_INTERVAL_S,
        "worker_redirect_stdouts": False,
    }
