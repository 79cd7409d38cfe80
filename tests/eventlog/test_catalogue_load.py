"""topics.yaml is read strictly: what is wrong is named with its line, all of it at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Plane, warnings_of
from eventlog.errors import CatalogueError
from tests.eventlog.catalogues import PROJECT, SMALL, changed, small, write


def mistakes(folder: Path, text: str, events: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(write(folder, text), events=events)
    return str(caught.value).removeprefix(f"{folder}/").split(f"\n{folder}/")


def test_intent_is_resolved_to_topics(tmp_path: Path) -> None:
    catalogue = small(tmp_path)
    assert catalogue.subscription("monitor") == ("prices",)
    assert catalogue.subscription("auditor") == ("prices", "dead-letters", "injections")
    assert catalogue.readable("auditor") == tuple(catalogue.topics)
    assert catalogue.writable("auditor") == ("dead-letters", "join-cases")
    assert catalogue.groups("auditor") == ("tap", "join")
    assert catalogue.visible("feed") == ("prices", "dead-letters", "injections")
    assert catalogue.readable("feed") == ("prices",)
    assert catalogue.topic_of("InjectionApplied") == "injections"


def test_defaults_are_overlaid_by_the_topic(tmp_path: Path) -> None:
    catalogue = small(tmp_path)
    assert catalogue.topic("prices").partitions == 2
    assert catalogue.topic("injections").partitions == 1
    assert catalogue.topic("join-cases").config == {
        "retention.ms": "-1",
        "cleanup.policy": "compact",
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "1: catalogue.version: 2 found; a whole number from 1 to 1"),
        ("version: 1\n", "", "1: catalogue: version is missing"),
        ("partitions: 2", "partitions: 0", "3: defaults.partitions: 0 found; a whole number from"),
        ("partitions: 2", "partitions: many", "3: defaults.partitions: a word ('many') found"),
        (
            "retention.ms: -1",
            "retention.ms: week",
            "4: defaults.config.retention.ms: a word ('week')",
        ),
        (
            "{retention.ms: -1}",
            "{retentoin.ms: -1}",
            "4: defaults.config: unknown key 'retentoin.ms'",
        ),
        ("retention.ms", "retentoin.ms", "did you mean 'retention.ms'?"),
        (
            "plane: production",
            "plane: prodution",
            "7: topic prices: unknown plane 'prodution'; allowed: production, control;"
            " did you mean 'production'?",
        ),
        ("key: instrument", "kee: instrument", "8: topic prices: unknown key 'kee'; allowed:"),
        ("key: instrument", "key:", "8: topic prices.key: nothing found; a word is allowed"),
        ("[PriceTicked]", "PriceTicked", "9: topic prices.events: a word ('PriceTicked') found;"),
        ("PriceTicked", "price_ticked", "9: topic prices: event 'price_ticked' found; CamelCase"),
        (
            "[RecordDeadLettered]",
            "[PriceTicked]",
            "15: topic dead-letters: event 'PriceTicked' belongs to topic 'prices' already",
        ),
        (
            "events: [PriceTicked]",
            "internal: nobody",
            "9: topic prices: unknown principal 'nobody'",
        ),
        ("steward: monitor", "steward: feed", "10: topic prices: steward 'feed' does not produce"),
        ("steward: monitor", "steward: mon", "10: topic prices: unknown steward 'mon'; allowed:"),
        (
            "events: [InjectionApplied]\n    steward: auditor",
            "events: [InjectionApplied]\n    steward: monitor",
            "23: topic injections: steward 'monitor' may not read the topic",
        ),
        ("  dead-letters:\n", "  prices:\n", "12: topics: key 'prices' again; the first is in"),
        ("  prices:\n", "  Prices:\n", "6: topic Prices: name 'Prices' found; lower-case letters"),
        ("  prices:\n", f"  {'p' * 209}:\n", "a name of 209 characters found; 208 are allowed"),
        ("internal: auditor", "internal: feed", "28: topic join-cases: owner 'feed' found; a prin"),
        (
            "  join-cases",
            "  cases",
            "25: topic cases: a name that begins with 'join-' is allowed",
        ),
        ("    internal: auditor\n", "", "25: topic join-cases: events is missing"),
        ("[prices, injections]", "[price]", "33: principal feed.produces: unknown topic 'price';"),
        ("[prices, injections]", "[prices*]", "33: principal feed.produces: 'prices*' found; exac"),
        ("restricted: true", "restricted: yes", "38: principal monitor.restricted: a word ('yes')"),
        (
            "consumes: production",
            "consumes: everything",
            "40: principal monitor.consumes: topic 'injections' of plane control found;",
        ),
        (
            "consumes: production",
            "consumes: [prices, pri*]",
            "40: principal monitor.consumes: 'pri*' found; a restricted principal is allowed exact",
        ),
        (
            "consumes: production",
            "describes: [injections]",
            "40: principal monitor.describes: topic 'injections' of plane control found;",
        ),
        (
            "produces: [dead-letters]\n    consumes: production",
            "produces: [dead-letters, injections]\n    consumes: production",
            "39: principal monitor.produces: topic 'injections' of plane control found;",
        ),
        (
            "consumes: production",
            "consumes: all",
            "40: principal monitor.consumes: 'all' found; production, everything or a list",
        ),
        ("consumes: everything", "consumes: ['*']", "44: principal auditor.consumes: '*' found;"),
        (
            "transactional_id: feed",
            "consumes: [join*]",
            "36: principal feed.consumes: 'join*' would cover 'join-cases', which is internal to",
        ),
        (
            "rebuilds_from: [prices]",
            "rebuilds_from: [join-cases]",
            "34: principal feed.rebuilds_from: topic 'join-cases' is internal to auditor",
        ),
        ("group: tap", "group: monitor", "45: principal auditor.group: 'monitor' is taken by"),
        ("stream_app: join", "stream_app: tap", "46: principal auditor.stream_app: 'tap' is taken"),
        ("  feed:\n", "  admin:\n", "32: principal admin: the broker's own name; another is"),
    ],
)
def test_each_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    found = mistakes(tmp_path, changed((old, new)))
    assert any(expected in one for one in found), "\n".join(found)


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = changed(
        ("partitions: 2", "partitions: 999"),
        ("key: instrument", "key: 7"),
        ("restricted: true", "restricted: [x]"),
        ("group: tap", "grup: tap"),
    )
    assert mistakes(tmp_path, text) == [
        "topics.yaml:3: defaults.partitions: 999 found; a whole number from 1 to 256 is allowed",
        "topics.yaml:8: topic prices.key: a number ('7') found; a word is allowed",
        "topics.yaml:38: principal monitor.restricted: a list found; true or false is allowed",
        "topics.yaml:45: principal auditor: unknown key 'grup'; allowed: restricted, produces,"
        " consumes, rebuilds_from, describes, group, stream_app, transactional_id;"
        " did you mean 'group'?",
    ]


def test_events_are_held_against_those_that_have_schemas(tmp_path: Path) -> None:
    events = {"PriceTicked": "control", "RecordDeadLettered": "production", "InjectionAply": "x"}
    found = mistakes(tmp_path, SMALL, events)
    assert len(found) == 2
    assert "event 'PriceTicked' of plane control found" in found[0]
    assert "unknown event 'InjectionApplied'" in found[1]
    assert "did you mean 'InjectionAply'?" in found[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty"),
        ("topics: [\n", "2: not YAML"),
        ("- 1\n", "1: catalogue: a list found; a mapping is allowed"),
        ("version: 1\n\tx: 2\n", "2: not YAML"),
        ("a: *b\n", "1: not YAML"),
    ],
)
def test_what_is_no_catalogue_is_said_to_be_none(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in mistakes(tmp_path, text)[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nowhere\.yaml: No such file"):
        load_catalogue(tmp_path / "nowhere.yaml")


lines = SMALL.splitlines(keepends=True)


@given(
    st.integers(0, len(lines) - 1),
    st.sampled_from(["", "  x\n", "  - a: [\n", "true: 1\n", "  plane: {}\n", "&a *a\n", "? \n"]),
)
def test_a_spoilt_file_is_read_or_refused_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, index: int, replacement: str
) -> None:
    text = "".join([*lines[:index], replacement, *lines[index + 1 :]])
    path = write(tmp_path_factory.mktemp("spoilt"), text)
    said = ""
    try:
        assert load_catalogue(path).topics
    except CatalogueError as error:
        said = str(error)
    assert all(line.startswith(f"{path}:") for line in said.splitlines()), said


def test_a_prefix_is_granted_with_a_warning(tmp_path: Path) -> None:
    catalogue = small(tmp_path, ("describes: [dead-letters]", "consumes: [pri*]"))
    assert catalogue.principal("feed").prefixes == ("pri",)
    assert catalogue.subscription("feed") == ("prices",)
    assert warnings_of(catalogue) == (
        "principal feed: prefix 'pri*' also grants topics that are declared later",
    )


def test_a_topic_without_writer_or_reader_is_warned_of(tmp_path: Path) -> None:
    catalogue = small(
        tmp_path,
        ("produces: [prices, injections]", "produces: [prices]"),
        ("consumes: everything", "consumes: [prices, dead-letters]"),
        ("rebuilds_from: [prices]", "rebuilds_from: [prices, injections]"),
        ("partitions: 1\n    events: [InjectionApplied]\n    steward: auditor",
         "events: [InjectionApplied]\n    steward: auditor"),
        ("group: tap", "rebuilds_from: [injections]\n    group: tap"),
    )  # fmt: skip
    assert warnings_of(catalogue) == (
        "topic injections: no principal produces it",
        "topic injections: no principal consumes it",
    )


def test_unknown_names_are_refused_by_the_catalogue() -> None:
    for ask in (PROJECT.topic, PROJECT.principal, PROJECT.topic_of, PROJECT.subscription):
        with pytest.raises(CatalogueError, match=r"'nobody': unknown; .* are allowed"):
            ask("nobody")


def test_the_risk_monitor_follows_the_production_plane_and_sees_nothing_else() -> None:
    production = {name for name, topic in PROJECT.topics.items() if topic.plane == Plane.PRODUCTION}
    who = PROJECT.principal("risk-monitor")
    assert who.restricted
    assert set(PROJECT.visible("risk-monitor")) <= production
    assert set(PROJECT.subscription("risk-monitor")) == production - set(who.produces)


def test_history_is_never_cut_in_the_projects_catalogue() -> None:
    for topic in PROJECT.topics.values():
        assert topic.config["retention.ms"] == "-1", topic.name
        assert topic.config["retention.bytes"] == "-1", topic.name
        assert topic.internal or topic.config["cleanup.policy"] == "delete", topic.name
