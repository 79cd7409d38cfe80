"""Intent is compiled to exact rights, and compared with what a cluster holds."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.access.compile import compile_access
from eventlog.access.export import as_document
from eventlog.access.plan import Changes, plan
from eventlog.access.state import (
    Binding,
    DesiredState,
    LiveState,
    Operation,
    Pattern,
    Resource,
    TopicState,
    concerns,
)
from eventlog.catalogue.namespace import Namespace
from tests.eventlog.catalogues import PROJECT, small

RUN = Namespace("run")
DESIRED = compile_access(PROJECT, RUN)


def live(desired: DesiredState) -> LiveState:
    return LiveState(topics=desired.topics, bindings=desired.bindings, users=desired.users)


def test_intent_is_compiled_to_the_least_rights(tmp_path: Path) -> None:
    desired = compile_access(small(tmp_path), RUN)
    rights = sorted(
        str(binding) for binding in desired.bindings if binding.principal != "User:auditor"
    )
    assert rights == [
        "ALLOW User:feed DESCRIBE on TOPIC run.dead-letters",
        "ALLOW User:feed READ on TOPIC run.prices",
        "ALLOW User:feed WRITE on TOPIC run.injections",
        "ALLOW User:feed WRITE on TOPIC run.prices",
        "ALLOW User:feed WRITE on TRANSACTIONAL_ID run.feed",
        "ALLOW User:monitor READ on GROUP run.monitor",
        "ALLOW User:monitor READ on TOPIC run.prices",
        "ALLOW User:monitor WRITE on TOPIC run.dead-letters",
    ]
    internal = {
        binding.operation for binding in desired.bindings if binding.name == "run.join-cases"
    }
    assert internal == {"READ", "WRITE"}
    assert desired.users == {"feed", "monitor", "auditor"}


def test_a_prefix_becomes_a_prefixed_binding_inside_its_namespace(tmp_path: Path) -> None:
    catalogue = small(tmp_path, ("describes: [dead-letters]", "consumes: [pri*]"))
    prefixed = [
        binding
        for binding in compile_access(catalogue, RUN).bindings
        if binding.pattern == Pattern.PREFIXED
    ]
    assert [str(binding) for binding in prefixed] == ["ALLOW User:feed READ on TOPIC run.pri*"]


@pytest.mark.parametrize("name", ["", "run"])
def test_restricted_principals_get_literal_bindings_on_production_topics_alone(name: str) -> None:
    namespace = Namespace(name)
    held = [
        binding
        for binding in compile_access(PROJECT, namespace).bindings
        if binding.principal == "User:risk-monitor"
    ]
    assert held
    for binding in held:
        assert binding.pattern == Pattern.LITERAL
        assert binding.resource != Resource.CLUSTER
        if binding.resource == Resource.TOPIC:
            assert PROJECT.topic(namespace.logical(binding.name)).plane == "production"


def test_no_group_and_no_transactional_id_is_shared() -> None:
    holders: dict[tuple[str, str], set[str]] = {}
    for binding in DESIRED.bindings:
        if binding.resource in (Resource.GROUP, Resource.TRANSACTIONAL_ID):
            holders.setdefault((binding.resource, binding.name), set()).add(binding.principal)
    assert holders
    assert all(len(principals) == 1 for principals in holders.values())


def test_nothing_is_planned_where_the_cluster_is_as_declared() -> None:
    assert not plan(DESIRED, live(DESIRED))


def test_everything_is_planned_for_an_empty_cluster() -> None:
    nothing = LiveState(topics={}, bindings=frozenset(), users=frozenset())
    changes = plan(DESIRED, nothing)
    assert changes.create_topics == DESIRED.topics
    assert set(changes.add_bindings) == DESIRED.bindings
    assert set(changes.add_users) == DESIRED.users
    assert changes.destructive == 0


bindings = st.sampled_from(sorted(DESIRED.bindings))
topics = st.sampled_from(sorted(DESIRED.topics))


@given(st.sets(bindings), st.sets(topics), st.sets(st.sampled_from(sorted(DESIRED.users))))
def test_exactly_what_is_missing_is_planned(
    lost: set[Binding], gone: set[str], unknown: set[str]
) -> None:
    changes = plan(
        DESIRED,
        LiveState(
            topics={name: topic for name, topic in DESIRED.topics.items() if name not in gone},
            bindings=DESIRED.bindings - lost,
            users=DESIRED.users - unknown,
        ),
    )
    assert set(changes.add_bindings) == lost
    assert changes.create_topics.keys() == gone
    assert set(changes.add_users) == unknown
    assert changes.harmless == len(lost) + len(gone) + len(unknown)
    assert bool(changes) == bool(lost or gone or unknown)
    assert changes.destructive == 0


def test_what_nobody_declared_is_listed_as_destructive() -> None:
    extra = Binding(
        principal="User:risk-monitor",
        resource=Resource.TOPIC,
        name="run.scenario-injections",
        operation=Operation.READ,
    )
    stray = TopicState(partitions=1, replication=1, config={})
    changes = plan(
        DESIRED,
        LiveState(
            topics={**DESIRED.topics, "run.stray": stray},
            bindings=DESIRED.bindings | {extra},
            users=DESIRED.users,
        ),
    )
    assert changes.remove_bindings == (extra,)
    assert changes.delete_topics == ("run.stray",)
    assert (changes.harmless, changes.destructive) == (0, 2)


def test_a_strangers_topic_without_namespace_is_reported_and_no_drift() -> None:
    desired = compile_access(PROJECT, Namespace())
    stray = TopicState(partitions=1, replication=1, config={})
    found = msgspec.structs.replace(live(desired), topics={**desired.topics, "stray": stray})
    changes = plan(desired, found)
    assert changes.unknown_topics == ("stray",)
    assert not changes


def _with_prices(partitions: int = 4, replication: int = 1, **config: str | None) -> Changes:
    prices = DESIRED.topics["run.prices"]
    merged = {**prices.config, **{key.replace("_", "."): value for key, value in config.items()}}
    found = TopicState(
        partitions=partitions,
        replication=replication,
        config={key: value for key, value in merged.items() if value is not None},
    )
    topics = {**DESIRED.topics, "run.prices": found}
    return plan(DESIRED, msgspec.structs.replace(live(DESIRED), topics=topics))


def test_partitions_are_added_and_never_taken_away() -> None:
    (growth,) = _with_prices(partitions=3).grow_topics
    assert (growth.topic, growth.found, growth.wanted) == ("run.prices", 3, 4)
    fewer = _with_prices(partitions=5)
    assert fewer.refused == (
        "topic run.prices: 5 partitions found, 4 wanted; partitions cannot be taken away",
    )
    assert (fewer.harmless, fewer.destructive) == (0, 0)
    assert fewer


def test_another_replication_is_refused() -> None:
    (text,) = _with_prices(replication=3).refused
    assert text.startswith("topic run.prices: replication 3 found, 1 wanted;")


def test_configuration_that_keeps_more_is_set_at_once() -> None:
    (change,) = _with_prices(retention_ms="1000").alter_configs
    assert str(change) == "set run.prices retention.ms: 1000 -> -1"
    (change,) = _with_prices(retention_ms=None).alter_configs
    assert change.found is None


@pytest.mark.parametrize(
    ("key", "found", "wanted", "destructive"),
    [
        ("retention.ms", "-1", "1000", True),
        ("retention.ms", "1000", "2000", False),
        ("retention.ms", "2000", "1000", True),
        ("retention.ms", None, "1000", True),
        ("retention.ms", None, "-1", False),
        ("retention.ms", "1000", None, True),
        ("retention.bytes", "-1", "1", True),
        ("cleanup.policy", "delete", "compact", True),
        ("cleanup.policy", "compact", "delete", True),
        ("cleanup.policy", "compact,delete", "delete", False),
        ("cleanup.policy", None, "delete", False),
        ("cleanup.policy", None, "compact", True),
        ("max.message.bytes", "2000", "1000", False),
    ],
)
def test_configuration_under_which_records_would_go_is_destructive(
    key: str, found: str | None, wanted: str | None, destructive: bool
) -> None:
    def state(value: str | None) -> TopicState:
        config = {} if value is None else {key: value}
        return TopicState(partitions=1, replication=1, config=config)

    desired = DesiredState(
        namespace=RUN, topics={"run.a": state(wanted)}, bindings=frozenset(), users=frozenset()
    )
    changes = plan(
        desired,
        LiveState(topics={"run.a": state(found)}, bindings=frozenset(), users=frozenset()),
    )
    assert (len(changes.cut_configs), len(changes.alter_configs)) == (
        (1, 0) if destructive else (0, 1)
    )


@pytest.mark.parametrize(
    ("namespace", "name", "pattern", "principal", "resource", "expected"),
    [
        ("run", "run.prices", "LITERAL", "stranger", "TOPIC", True),
        ("run", "run2.prices", "LITERAL", "exchange-okx", "TOPIC", False),
        ("run", "prices", "LITERAL", "exchange-okx", "TOPIC", False),
        ("run", "*", "LITERAL", "stranger", "TOPIC", True),
        ("run", "r", "PREFIXED", "stranger", "TOPIC", True),
        ("run", "run.sce", "PREFIXED", "stranger", "TOPIC", True),
        ("run", "run2.", "PREFIXED", "stranger", "TOPIC", False),
        ("run", "kafka-cluster", "LITERAL", "exchange-okx", "BROKER", True),
        ("run", "kafka-cluster", "LITERAL", "stranger", "BROKER", False),
        ("", "prices", "LITERAL", "stranger", "TOPIC", True),
        ("", "theirs", "LITERAL", "stranger", "TOPIC", False),
        ("", "theirs", "LITERAL", "exchange-okx", "TOPIC", True),
        ("", "run.prices", "LITERAL", "exchange-okx", "TOPIC", False),
        ("", "pri", "PREFIXED", "stranger", "TOPIC", True),
        ("", "run.", "PREFIXED", "stranger", "TOPIC", False),
    ],
)
def test_a_binding_concerns_a_namespace_when_it_reaches_into_it(
    namespace: str, name: str, pattern: str, principal: str, resource: str, expected: bool
) -> None:
    binding = Binding(
        principal=f"User:{principal}",
        resource=resource,
        name=name,
        operation="READ",
        pattern=pattern,
    )
    assert concerns(compile_access(PROJECT, Namespace(namespace)), binding) is expected


@given(st.sampled_from(sorted(DESIRED.bindings)))
def test_every_binding_we_make_concerns_its_own_namespace_alone(binding: Binding) -> None:
    assert concerns(DESIRED, binding)
    assert not concerns(compile_access(PROJECT, Namespace("other")), binding)
    assert not concerns(compile_access(PROJECT, Namespace()), binding)


def test_a_live_namespace_is_exported_in_the_words_of_the_catalogue(tmp_path: Path) -> None:
    desired = compile_access(small(tmp_path), RUN)
    deny = Binding(
        principal="User:feed",
        resource=Resource.TOPIC,
        name="run.prices",
        operation=Operation.READ,
        permission="DENY",
    )
    found = msgspec.structs.replace(live(desired), bindings=desired.bindings | {deny})
    document = as_document(found, RUN)
    assert document["topics"]["join-cases"] == {  # type: ignore[index]  # a document is untyped
        "partitions": 2,
        "replication": 1,
        "config": {"cleanup.policy": "compact", "retention.ms": -1},
    }
    assert document["principals"]["feed"] == {  # type: ignore[index]  # a document is untyped
        "consumes": ["prices"],
        "produces": ["injections", "prices"],
        "describes": ["dead-letters"],
        "transactional_id": "feed",
    }
    # A second group has no word in the catalogue, a denial neither.
    raw = document["bindings"]
    assert isinstance(raw, list)
    assert {(one["permission"], one["name"]) for one in raw} == {
        ("DENY", "run.prices"),
        ("ALLOW", "run.tap"),
    }
