"""The promises of docker-compose.yml, read from the files; no container is started."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from eventlog.catalogue.load import load_catalogue
from producers.live.__main__ import SERVICES as SIMULATORS

ROOT: Final = Path(__file__).parents[2]
BASE: Final = ROOT / "docker-compose.yml"
KAFKA: Final = ROOT / "docker-compose.kafka.yml"
READS_EVERYTHING: Final = {"init"}
OFFLINE_PRINCIPALS: Final = {"replayer"}
"""Principals without a process: reports and replays are made with their credentials."""
REPORTS_FROM: Final = {"test-coordinator": ("replayer",)}
"""The run's report is made from the whole log, which the coordinator itself may not read."""


def parsed(path: Path) -> dict[str, Any]:
    """Return a compose file with its anchors merged."""
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


COMPOSE: Final = parsed(BASE)
SERVICES: Final[Mapping[str, dict[str, Any]]] = COMPOSE["services"]
RELAY: Final = "risk-monitor-door"
"""Not a service of ours but a way to one: it carries the risk monitor's door out."""
DOORS: Final = sorted(set(SIMULATORS) - {"clock"})
OURS: Final = sorted(set(SERVICES) - {"broker"})


def secrets_of(service: Mapping[str, Any]) -> dict[str, str]:
    """Return which secrets a service is given, and where each is mounted under /run/secrets."""
    listed = service.get("secrets", [])
    return {
        entry if isinstance(entry, str) else entry["source"]: entry
        if isinstance(entry, str)
        else entry["target"]
        for entry in listed
    }


def texts(node: object) -> Iterator[str]:
    """Yield every scalar of a document as text."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    else:
        yield str(node)


def test_the_risk_monitor_is_on_production_apis_alone() -> None:
    assert SERVICES["risk-monitor"]["networks"] == ["production-apis"]


def test_nobody_but_the_broker_and_its_door_shares_a_network_with_the_risk_monitor() -> None:
    companions = {
        name for name, service in SERVICES.items() if "production-apis" in service["networks"]
    }
    assert companions == {"broker", "risk-monitor", RELAY}


def test_the_risk_monitors_door_is_a_relay_that_knows_nothing_and_leads_nowhere_else() -> None:
    relay = SERVICES[RELAY]
    assert relay["command"] == ["8084", "risk-monitor:8084"]
    assert relay["entrypoint"][-1] == "/opt/relay.py"
    assert secrets_of(relay) == {}
    assert "environment" not in relay
    assert "volumes" not in relay
    on_its_network = {
        name for name, service in SERVICES.items() if "monitor-door" in service["networks"]
    }
    assert on_its_network == {RELAY}


def test_the_risk_monitor_listens_where_its_relay_asks() -> None:
    told = SERVICES["risk-monitor"]["environment"]
    assert told["RISK_MONITOR_HTTP_PORT"] == 8084
    assert told["RISK_MONITOR_HTTP_ADDRESS"] == "0.0.0.0"  # noqa: S104 - in a container
    assert SERVICES["risk-monitor"]["healthcheck"]["test"][-1] == "/opt/ask_health.py"
    assert SERVICES[RELAY]["ports"] == ["127.0.0.1:${TSE_RISK_MONITOR_PORT:-8084}:8084"]


def test_the_monitors_token_is_given_to_the_monitor_alone() -> None:
    holders = {name for name, service in SERVICES.items() if "monitor-token" in secrets_of(service)}
    assert holders == {"risk-monitor"}


def test_the_risk_monitor_and_the_auditor_have_no_way_out() -> None:
    closed = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert closed == {"production-apis", "audit-network"}


def test_the_risk_monitor_has_an_image_of_its_own_and_no_volume() -> None:
    monitor = SERVICES["risk-monitor"]
    others = {SERVICES[name]["image"] for name in OURS if name not in ("risk-monitor", RELAY)}
    assert monitor["image"] not in others
    assert monitor["build"]["target"] == "risk-monitor"
    assert "volumes" not in monitor


def test_the_risk_monitor_watches_the_laboratorys_firm_by_the_laboratorys_limits() -> None:
    limits = SERVICES["risk-monitor"]["environment"]["RISK_MONITOR_LIMITS_FILE"]
    copied = f"COPY --from=lab-build /opt/trading-ecosystem/scenarios/limits.toml {limits}"
    image = (ROOT / "deploy" / "Dockerfile").read_text().split("AS risk-monitor\n")[1]
    assert copied in image.split("FROM ")[0].splitlines()


def test_every_principal_with_a_process_has_a_service_under_its_name() -> None:
    principals = set(load_catalogue(ROOT / "topics.yaml").principals)
    assert principals - OFFLINE_PRINCIPALS == set(SERVICES) - {"broker", "init", RELAY}


def test_every_simulator_runs_as_a_service_of_its_own() -> None:
    started = {
        service["command"][-1]
        for service in SERVICES.values()
        if "producers.live" in service["command"]
    }
    assert started == set(SIMULATORS)


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_without_root_capabilities_or_a_writable_root(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "${TSE_UID:-10001}:${TSE_GID:-10001}"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert "privileged" not in service
    assert "cap_add" not in service


def test_the_broker_runs_without_root_and_capabilities() -> None:
    for broker in (SERVICES["broker"], SERVICES["broker"] | parsed(KAFKA)["services"]["broker"]):
        assert not broker["user"].startswith(("0", "root"))
        assert broker["cap_drop"] == ["ALL"]
        assert broker["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(set(OURS) - READS_EVERYTHING))
def test_a_service_is_given_no_password_but_its_own(name: str) -> None:
    given = secrets_of(SERVICES[name])
    shared = {"run-key", "chaos-token", "monitor-token"}
    passwords = {source: target for source, target in given.items() if source not in shared}
    own = set() if name == RELAY else {name, *REPORTS_FROM.get(name, ())}
    assert passwords == {principal: f"kafka/{principal}" for principal in own}


@pytest.mark.parametrize("name", DOORS)
def test_a_door_listens_where_it_is_published_and_is_asked_for_its_health(name: str) -> None:
    service = SERVICES[name]
    port = service["environment"]["TSE_HTTP_PORT"]
    assert service["ports"][0].endswith(f"_PORT:-{port}}}:{port}")
    assert service["environment"]["TSE_HTTP_ADDRESS"] == "0.0.0.0"  # noqa: S104 - in a container
    assert service["healthcheck"]["test"][-1].endswith("deploy/ask_health.py")


def test_the_doors_stand_where_the_manual_says() -> None:
    assert {name: SERVICES[name]["environment"]["TSE_HTTP_PORT"] for name in DOORS} == {
        "exchange-okx": 8080,
        "custodian": 8081,
        "market-data": 8082,
        "trading-engine": 8083,
        "exchange-binance": 8090,
    }


def test_the_chaos_token_is_given_to_the_doors_alone() -> None:
    holders = {name for name, service in SERVICES.items() if "chaos-token" in secrets_of(service)}
    assert holders == set(DOORS)


def test_the_run_key_is_kept_from_those_who_judge() -> None:
    holders = {name for name, service in SERVICES.items() if "run-key" in secrets_of(service)}
    assert holders == {*SIMULATORS, "test-coordinator"}


def test_init_is_given_the_password_of_every_principal() -> None:
    principals = set(load_catalogue(ROOT / "topics.yaml").principals)
    assert secrets_of(SERVICES["init"]) == {
        name: f"kafka/{name}" for name in {"admin", *principals}
    }


@pytest.mark.parametrize("name", sorted(set(OURS) - READS_EVERYTHING - {RELAY}))
def test_a_service_waits_under_its_own_principal_for_its_own_topics(name: str) -> None:
    told = SERVICES[name]["environment"]
    assert told["ENTRY_PRINCIPAL"] == name
    assert told["ENTRY_PASSWORD_FILE"] == f"/run/secrets/kafka/{name}"
    assert told["ENTRY_VIEW_FILE"] == f"/opt/views/{name}.json"
    assert told["ENTRY_BOOTSTRAP_SERVERS"] == "broker:9092"


def test_secrets_come_from_files_and_none_is_left_unused() -> None:
    used = {source for service in SERVICES.values() for source in secrets_of(service)}
    assert used == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert set(secret) == {"file"}, name
        assert secret["file"].startswith("${TSE_SECRETS:-./.tse/compose/secrets}/"), name


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_environment(name: str) -> None:
    told = SERVICES[name].get("environment", {})
    for variable, value in told.items():
        assert not any(word in variable for word in ("BOOTSTRAP_USER", "RUN_KEY")), variable
        if any(word in variable for word in ("PASSWORD", "SECRET", "TOKEN")):
            assert str(value).startswith("/run/secrets"), variable


@pytest.mark.parametrize("path", [BASE, KAFKA], ids=lambda path: path.name)
def test_every_image_has_a_fixed_tag(path: Path) -> None:
    images = [service["image"] for service in parsed(path)["services"].values()]
    assert images
    for image in images:
        tag = image.rpartition("/")[2].partition(":")[2]
        assert tag, image
        assert tag != "latest", image
    assert not any(text.endswith(":latest") for text in texts(parsed(path)))


def test_only_the_broker_and_the_doors_publish_a_port_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"broker", RELAY, *DOORS}
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in parsed(KAFKA)["services"]["broker"]


def test_the_kafka_override_changes_the_broker_and_nothing_else() -> None:
    override = parsed(KAFKA)
    assert set(override["services"]) == {"broker"}
    assert set(override) == {"services", "volumes"}


def test_up_does_not_start_the_test_coordinator() -> None:
    assert SERVICES["test-coordinator"]["profiles"] == ["run"]
    assert [name for name, service in SERVICES.items() if "profiles" in service] == [
        "test-coordinator"
    ]


@pytest.mark.parametrize("name", OURS)
def test_a_service_depends_on_nothing_that_ends(name: str) -> None:
    assert SERVICES[name]["depends_on"] == ["broker"]  # init ends, and podman would restart nobody


def test_the_epoch_is_written_by_init_alone() -> None:
    writers = {
        name
        for name, service in SERVICES.items()
        for volume in service.get("volumes", [])
        if volume.startswith("environment:") and not volume.endswith(":ro")
    }
    assert writers == {"init"}


def test_every_variable_of_the_compose_files_is_explained_in_the_example() -> None:
    explained = {
        line.partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    }
    used = {
        text.partition("${")[2].partition(":-")[0]
        for path in (BASE, KAFKA)
        for line in texts(parsed(path))
        for text in line.replace("${", "\n${").splitlines()
        if text.startswith("${")
    }
    assert used == explained


@pytest.mark.parametrize(
    "words", ["enable_sasl: true", "auto_create_topics_enabled: false", "superusers: [admin]"]
)
def test_redpanda_asks_for_logins_and_creates_no_topic_by_itself(words: str) -> None:
    lines = (ROOT / "deploy/redpanda/bootstrap.yaml").read_text().splitlines()
    assert words in lines


@pytest.mark.parametrize(
    "words",
    [
        "allow.everyone.if.no.acl.found=false",
        "auto.create.topics.enable=false",
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:SASL_PLAINTEXT,HOST:SASL_PLAINTEXT",
    ],
)
def test_kafka_asks_for_logins_and_creates_no_topic_by_itself(words: str) -> None:
    lines = (ROOT / "deploy/kafka/server.properties").read_text().splitlines()
    assert words in lines
