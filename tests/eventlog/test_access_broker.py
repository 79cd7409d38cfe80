"""The catalogue on a real broker: applied once and for all, isolated, and removed as a whole."""

import secrets as chance

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from ecosystem.errors import InvalidInputError
from eventlog.access.apply import apply
from eventlog.access.cluster import Cluster, to_kafka
from eventlog.access.compile import compile_access
from eventlog.access.credentials import connection_for
from eventlog.access.logins import logs_in
from eventlog.access.plan import plan
from eventlog.access.prepare import drop_namespace, prepare_namespace, survey
from eventlog.access.probe import Action, Cell, check_in_scratch, check_live
from eventlog.access.state import Binding, DesiredState, Operation, Pattern, Resource
from eventlog.catalogue.model import Plane
from eventlog.catalogue.namespace import Namespace
from eventlog.connection import Connection
from eventlog.errors import AccessDeniedError, CatalogueError, LogUnreachableError
from tests.brokers import Broker
from tests.eventlog.catalogues import PROJECT

pytestmark = pytest.mark.infra

TIMEOUT_S = 10.0
CONTROL = [name for name, topic in PROJECT.topics.items() if topic.plane is Plane.CONTROL]


@pytest.fixture
def run(broker: Broker, namespace: str) -> Namespace:
    space = Namespace(namespace)
    prepare_namespace(broker.admin, PROJECT, space, broker.secrets)
    return space


@pytest.fixture
def cluster(broker: Broker) -> Cluster:
    return Cluster(broker.admin)


@pytest.fixture
def desired(run: Namespace) -> DesiredState:
    return compile_access(PROJECT, run)


def connection(broker: Broker, principal: str) -> Connection:
    return connection_for(principal, broker.bootstrap_servers, broker.secrets)


def add(cluster: Cluster, binding: Binding) -> None:
    for future in cluster.client.create_acls([to_kafka(AclBinding, binding)]).values():
        future.result()
    cluster.wait(lambda: binding in cluster.bindings(), "added", TIMEOUT_S)


def remove(cluster: Cluster, binding: Binding) -> None:
    for future in cluster.client.delete_acls([to_kafka(AclBindingFilter, binding)]).values():
        assert len(future.result()) == 1
    cluster.wait(lambda: binding not in cluster.bindings(), "removed", TIMEOUT_S)


def first_error(broker: Broker, principal: str, group: str, topic: str) -> KafkaError:
    consumer = Consumer({**connection(broker, principal).client_config(), "group.id": group})
    try:
        consumer.subscribe([topic])
        message = consumer.poll(TIMEOUT_S)
    finally:
        consumer.close()
    assert message is not None, "neither a record nor a refusal"
    error = message.error()
    assert error is not None, "a record instead of a refusal"
    return error


def test_an_application_repeated_changes_nothing(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    live = survey(cluster, desired, broker.secrets, verify_logins=True)
    assert not plan(desired, live)
    assert live.bindings == desired.bindings
    assert live.topics == desired.topics
    prepare_namespace(broker.admin, PROJECT, desired.namespace, broker.secrets)
    assert cluster.live(desired) == live


def test_drift_is_found_and_put_right(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    run = desired.namespace
    lost = min(desired.bindings)
    remove(cluster, lost)
    resource = ConfigResource(
        ConfigResource.Type.TOPIC,
        run.topic("prices"),
        incremental_configs=[
            ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    for future in cluster.client.incremental_alter_configs([resource]).values():
        future.result()
    (gone,) = cluster.client.delete_topics([run.topic("clock")]).values()
    gone.result()
    cluster.wait(
        lambda: (
            run.topic("clock") not in cluster.list_topics()
            and cluster.live(desired).topics[run.topic("prices")].config["retention.ms"] == "60000"
        ),
        "spoilt",
        TIMEOUT_S,
    )
    changes = plan(desired, survey(cluster, desired, broker.secrets))
    assert changes.add_bindings == (lost,)
    assert list(changes.create_topics) == [run.topic("clock")]
    assert [(change.topic, change.found, change.wanted) for change in changes.alter_configs] == [
        (run.topic("prices"), "60000", "-1")
    ]
    assert (changes.harmless, changes.destructive) == (3, 0)
    apply(cluster, changes, broker.secrets)
    cluster.wait(lambda: not plan(desired, cluster.live(desired)), "in line", TIMEOUT_S)


@pytest.mark.parametrize("pattern", [Pattern.LITERAL, Pattern.PREFIXED])
def test_a_grant_nobody_declared_is_removed_only_when_that_is_allowed(
    broker: Broker, cluster: Cluster, desired: DesiredState, pattern: Pattern
) -> None:
    run = desired.namespace
    extra = Binding(
        principal="User:risk-monitor",
        resource=Resource.TOPIC,
        name=run.topic("scenario-injections"),
        operation=Operation.READ,
        pattern=pattern,
    )
    add(cluster, extra)
    changes = plan(desired, survey(cluster, desired, broker.secrets))
    assert changes.remove_bindings == (extra,)
    apply(cluster, changes, broker.secrets)
    assert extra in cluster.bindings()
    with pytest.raises(CatalogueError, match="undeclared binding ALLOW User:risk-monitor READ"):
        prepare_namespace(broker.admin, PROJECT, run, broker.secrets)
    apply(cluster, changes, broker.secrets, allow_destructive=True)
    assert not plan(desired, cluster.live(desired))


def test_an_undeclared_topic_is_deleted_only_when_that_is_allowed(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    stray = desired.namespace.topic("stray")
    (made,) = cluster.client.create_topics([NewTopic(stray, 1, 1)]).values()
    made.result()
    cluster.wait(lambda: stray in cluster.list_topics(), "made", TIMEOUT_S)
    changes = plan(desired, survey(cluster, desired, broker.secrets))
    assert changes.delete_topics == (stray,)
    apply(cluster, changes, broker.secrets)
    assert stray in cluster.list_topics()
    apply(cluster, changes, broker.secrets, allow_destructive=True)
    assert stray not in cluster.list_topics()


def test_partitions_are_added(broker: Broker, cluster: Cluster, namespace: str) -> None:
    run = Namespace(namespace)
    desired = compile_access(PROJECT, run)
    (made,) = cluster.client.create_topics([NewTopic(run.topic("prices"), 1, 1)]).values()
    made.result()
    cluster.wait(lambda: run.topic("prices") in cluster.list_topics(), "made", TIMEOUT_S)
    prepare_namespace(broker.admin, PROJECT, run, broker.secrets)
    assert cluster.live(desired).topics == desired.topics


def test_a_wrong_stored_password_is_found_by_logging_in_and_renewed(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    path = broker.secrets.path("kafka/replayer")
    path.write_text(chance.token_hex())
    assert not logs_in(connection(broker, "replayer"))
    assert not plan(desired, survey(cluster, desired, broker.secrets))
    live = survey(cluster, desired, broker.secrets, verify_logins=True)
    changes = plan(desired, live)
    assert changes.renew_users == ("replayer",)
    apply(cluster, changes, broker.secrets)
    assert logs_in(connection(broker, "replayer"))


def test_a_lost_password_is_replaced(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    broker.secrets.path("kafka/replayer").unlink()
    assert plan(desired, survey(cluster, desired, broker.secrets)).renew_users == ("replayer",)
    prepare_namespace(broker.admin, PROJECT, desired.namespace, broker.secrets)
    assert logs_in(connection(broker, "replayer"))


def test_control_topics_are_invisible_to_the_risk_monitor(broker: Broker, run: Namespace) -> None:
    client = AdminClient(connection(broker, "risk-monitor").client_config())
    listed = {
        run.logical(name) for name in client.list_topics(timeout=TIMEOUT_S).topics if run.owns(name)
    }
    assert listed == set(PROJECT.visible("risk-monitor"))
    for name in CONTROL:
        named = client.list_topics(run.topic(name), timeout=TIMEOUT_S).topics[run.topic(name)]
        assert named.error is not None
        assert named.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_control_topics_are_unreadable_for_the_risk_monitor(broker: Broker, run: Namespace) -> None:
    for name in CONTROL:
        error = first_error(broker, "risk-monitor", run.group("risk-monitor"), run.topic(name))
        assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_the_risk_monitors_group_is_refused_to_others(broker: Broker, run: Namespace) -> None:
    for other in ("exchange-okx", "audit-correlator", "replayer"):
        error = first_error(broker, other, run.group("risk-monitor"), run.topic("prices"))
        assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_an_idempotent_producer_needs_no_right_on_the_cluster(
    broker: Broker, run: Namespace
) -> None:
    reports: list[KafkaError | None] = []
    config = connection(broker, "market-data").client_config()
    producer = Producer({**config, "enable.idempotence": True, "acks": "all"})
    producer.produce(
        run.topic("prices"), b"tick", on_delivery=lambda error, _: reports.append(error)
    )
    assert producer.flush(TIMEOUT_S) == 0
    assert reports == [None]


def test_a_namespace_is_removed_as_a_whole_and_alone(
    broker: Broker, cluster: Cluster, run: Namespace
) -> None:
    neighbour = Namespace(f"{run.name}-b")
    prepare_namespace(broker.admin, PROJECT, neighbour, broker.secrets)
    consumer = Consumer(
        {
            **connection(broker, "exchange-okx").client_config(),
            "group.id": run.group("exchange-okx"),
            "enable.auto.commit": False,
        }
    )
    try:
        place = TopicPartition(run.topic("prices"), 0, 0)
        consumer.commit(offsets=[place], asynchronous=False)
    finally:
        consumer.close()
    drop_namespace(broker.admin, run)
    groups = cluster.client.list_consumer_groups().result().valid
    assert not [group for group in groups if run.owns(group.group_id)]
    assert not [name for name in cluster.list_topics() if run.owns(name)]
    assert not [binding for binding in cluster.bindings() if run.owns(binding.name)]
    desired = compile_access(PROJECT, neighbour)
    assert not plan(desired, survey(cluster, desired, broker.secrets))
    drop_namespace(broker.admin, run)
    drop_namespace(broker.admin, neighbour)


def test_the_namespace_without_a_name_is_never_dropped(broker: Broker) -> None:
    with pytest.raises(InvalidInputError, match="only a named namespace"):
        drop_namespace(broker.admin, Namespace())


def test_everybody_can_do_what_is_declared_and_nothing_else(
    broker: Broker, cluster: Cluster
) -> None:
    report = check_in_scratch(broker.admin, PROJECT, broker.secrets)
    assert [str(finding) for finding in report.differences()] == []
    assert {finding.cell.action for finding in report.findings} == set(Action)
    principals, topics = len(PROJECT.principals), len(PROJECT.topics)
    assert sum(f.cell.action is Action.READ for f in report.findings) == principals * topics
    assert not [name for name in cluster.list_topics() if name.startswith(report.namespace)]


def test_the_check_of_a_live_namespace_finds_one_lost_right_and_leaves_nothing(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    run = desired.namespace
    assert check_live(broker.admin, PROJECT, run, broker.secrets).differences() == ()
    lost = Binding(
        principal="User:exchange-okx",
        resource=Resource.TOPIC,
        name=run.topic("fills"),
        operation=Operation.WRITE,
    )
    remove(cluster, lost)
    (finding,) = check_live(broker.admin, PROJECT, run, broker.secrets).differences()
    assert finding.cell == Cell(principal="exchange-okx", action=Action.WRITE, name="fills")
    assert (finding.declared, finding.observed) == (True, False)
    consumer = Consumer({**broker.admin.client_config(), "group.id": "unused"})
    try:
        for name, topic in cluster.list_topics().items():
            for number in topic.partitions if run.owns(name) else ():
                place = TopicPartition(name, number)
                assert consumer.get_watermark_offsets(place, timeout=TIMEOUT_S) == (0, 0), name
    finally:
        consumer.close()
    groups = cluster.client.list_consumer_groups().result().valid
    assert not [group for group in groups if run.owns(group.group_id)]


def test_the_check_finds_a_right_too_many(
    broker: Broker, cluster: Cluster, desired: DesiredState
) -> None:
    extra = Binding(
        principal="User:exchange-okx",
        resource=Resource.GROUP,
        name=desired.namespace.group("risk-monitor"),
        operation=Operation.READ,
    )
    add(cluster, extra)
    (finding,) = check_live(broker.admin, PROJECT, desired.namespace, broker.secrets).differences()
    assert finding.cell == Cell(principal="exchange-okx", action=Action.USE, name="risk-monitor")
    assert (finding.declared, finding.observed) == (False, True)


def test_a_principal_that_cannot_log_in_is_unanswered_and_differs(
    broker: Broker, run: Namespace
) -> None:
    path = broker.secrets.path("kafka/replayer")
    right = path.read_text()
    path.write_text(chance.token_hex())
    try:
        differences = check_live(broker.admin, PROJECT, run, broker.secrets).differences()
    finally:
        path.write_text(right)
    assert {finding.cell.principal for finding in differences} == {"replayer"}
    assert {finding.observed for finding in differences} == {None}
    assert all("uthentication" in finding.answer for finding in differences)


def test_an_administrator_with_a_wrong_password_is_told_so(broker: Broker) -> None:
    wrong = Connection(
        bootstrap_servers=broker.bootstrap_servers, principal="admin", password="wrong"
    )
    with pytest.raises(AccessDeniedError, match="uthentication failed"):
        Cluster(wrong).list_topics()


def test_an_address_where_nobody_listens_is_unreachable() -> None:
    nobody = Connection(bootstrap_servers="127.0.0.1:1", principal="admin", password="x")
    with pytest.raises(LogUnreachableError, match=r"127\.0\.0\.1:1: topics cannot be listed"):
        Cluster(nobody).list_topics()
