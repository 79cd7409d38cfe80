"""The stream job on a machine whose threads get their turns late; run with `python -m`.

A fetch asked for while the changelog is read is carried out when it has been read to its end, and
before the sources are read: a moment of a few microseconds that is held open here.
"""

import asyncio
import sys
from typing import Any
from unittest.mock import patch

import faust
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from streams.audit_correlator import __main__ as job
from streams.audit_correlator import job as app_of_job

MOMENT_S = 0.5
in_time = AIOKafkaConsumerThread.getmany
fetches: list[float] = []


async def late(thread: Any, active_partitions: set[Any], timeout: float) -> Any:  # noqa: ASYNC109
    """Carry out the first fetch at once, the second when its partitions were taken out."""
    fetches.append(timeout)
    if len(fetches) == 2:
        for _ in range(100):
            if not active_partitions:
                break
            await asyncio.sleep(MOMENT_S / 200)
    return await in_time(thread, active_partitions, timeout)


def build_app(*given: Any) -> faust.App:
    """Build the job's application, slow to say that its tables are restored."""
    app = app_of_job.build_app(*given)

    async def hold(*_: Any, **__: Any) -> None:
        await asyncio.sleep(MOMENT_S)

    app.on_rebalance_complete.connect(hold, weak=False)
    return app


if __name__ == "__main__":
    with (
        patch.object(AIOKafkaConsumerThread, "getmany", late),
        patch.object(job, "build_app", build_app),
    ):
        sys.exit(job.main())
