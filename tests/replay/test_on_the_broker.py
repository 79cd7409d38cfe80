"""Replay on a real broker, with the replayer's own credentials and real transactions."""

from collections.abc import Iterator

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from ecosystem.events.alerts import (
    CircuitBreakerOpened,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertRaised,
)
from ecosystem.events.control.words import HostKind
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.risk.acts import is_act
from replay.errors import HistoryCutError, UnfinishedRunError, UnknownRunError
from replay.rederive import rederive
from tests.brokers import Broker
from tests.replay.broker_log import OnBroker, clients_of
from tests.replay.runs import CRASH, RunOnLog, acted_on, written

pytestmark = pytest.mark.infra


@pytest.fixture
def log(broker: Broker, namespace: str) -> Iterator[OnBroker]:
    on_broker = OnBroker(broker, namespace)
    yield on_broker
    on_broker.close()


def test_a_run_is_identical_until_somebody_changes_what_was_said(log: OnBroker) -> None:
    run = written(log)
    outcome = log.replayed()
    assert outcome.identical, outcome
    assert (outcome.verdict, outcome.slices_count) == ("PASS", len(CRASH))
    assert outcome.compared["audit-timelines"] > 0

    report = log.events("audit-reports")[0]
    run.append([msgspec.structs.replace(report, verdict="MISSED")])
    run.flush()
    changed = log.replayed().difference
    assert changed is not None
    assert (changed.topic, changed.field) == ("audit-reports", "verdict")


def test_an_alert_too_many_is_found_among_transactions(log: OnBroker) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    alert = next(e for e in log.events("risk-alerts") if isinstance(e, RiskAlertRaised))
    invented = EventId(derive_id(alert.event_id, "test/invented"))
    run.append([msgspec.structs.replace(alert, event_id=invented)])
    run.flush()
    run.complete()
    run.audit()
    found = log.replayed().difference
    assert found is not None
    assert (found.finding, found.event_id) == ("EXTRA", invented.hex())


def test_runs_that_cannot_be_replayed_are_refused_by_name(log: OnBroker, broker: Broker) -> None:
    with pytest.raises(UnknownRunError, match="run r1: the log has no run of this name"):
        log.replayed()
    with pytest.raises(UnknownRunError, match="run nowhere: the log has no run of this name"):
        rederive(clients_of(broker, "nowhere"), "nowhere", lambda progress: None)
    run = RunOnLog(log)
    run.open()
    run.flush()
    with pytest.raises(UnfinishedRunError, match="its end is not on the log"):
        log.replayed()


def test_a_history_that_was_cut_on_the_broker_is_not_called_full(log: OnBroker) -> None:
    written(log)
    admin = AdminClient(log.admin.client_config())
    place = next(place for place, end in log.ends().items() if place[0] == "prices" and end > 5)
    cut = TopicPartition(log.namespace.topic(place[0]), place[1], 4)
    for done in admin.delete_records([cut]).values():
        done.result()
    with pytest.raises(HistoryCutError, match="offset 0 is needed, 4 is the first that is left"):
        log.replayed()


@pytest.mark.parametrize("host", ["WORLD", "LIVE"])
def test_a_run_in_which_people_acted_is_identical(log: OnBroker, host: HostKind) -> None:
    acted_on(log, host)
    outcome = log.replayed()
    assert outcome.identical, outcome.difference and outcome.difference.text
    kinds = [type(event) for event in log.events("risk-alerts") if is_act(event)]
    assert len(kinds) == 5
    assert {LimitsChanged, RiskAlertAcknowledged, CircuitBreakerOpened} < set(kinds)
