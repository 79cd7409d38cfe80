"""Faust's Kafka transport, whose fetches keep to the partitions they were asked for."""

from typing import Any

import faust
from faust.transport.drivers import aiokafka
from yarl import URL


class Consumer(aiokafka.Consumer):  # type: ignore[misc,unused-ignore]
    """A consumer that loses no record while a table is restored.

    Faust 0.15.3 hands a fetch its own set of active partitions, to be read in another thread. When
    the changelog is read to its end this set is emptied, and aiokafka takes an empty set for "all":
    the fetch brings records of the sources, which Faust then drops because no source is active yet.
    Without a committed offset nothing leads back to them.
    """

    async def _getmany(  # the signature is Faust's
        self,
        active_partitions: set[Any] | None,
        timeout: float,  # noqa: ASYNC109
    ) -> Any:
        asked = None if active_partitions is None else set(active_partitions)
        return await super()._getmany(asked, timeout)


class Transport(aiokafka.Transport):  # type: ignore[misc,unused-ignore]
    """The transport of an application that must see every record."""

    Consumer = Consumer


def use_careful_fetches(app: faust.App, brokers: list[str]) -> None:
    """Let `app` read from `brokers` (host:port) by the consumer of this module."""
    app.transport = Transport([URL(f"kafka://{broker}") for broker in brokers], app)
