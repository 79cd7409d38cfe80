"""The local stack runs real servers, guarded, idempotent, and leaves nothing half-started."""

import pytest
from confluent_kafka.admin import AdminClient

from tests.brokers import Broker

pytestmark = pytest.mark.infra


def test_the_session_s_broker_lets_its_superuser_in(broker: Broker) -> None:
    metadata = AdminClient({**broker.admin.client_config()}).list_topics(timeout=5)
    assert len(metadata.brokers) == 1
