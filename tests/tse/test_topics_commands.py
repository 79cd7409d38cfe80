"""`tse topics` and `tse access` as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka.admin import AclBindingFilter
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from ecosystem.errors import EcosystemError
from eventlog.access.cluster import Cluster, to_kafka
from eventlog.access.prepare import drop_namespace
from eventlog.access.probe import AccessReport
from eventlog.access.state import Binding, Operation, Resource
from eventlog.catalogue.namespace import Namespace
from eventlog.catalogue.view import load_exported, view_of
from eventlog.errors import CatalogueError, LogUnreachableError
from tests.brokers import Broker
from tests.eventlog.catalogues import PROJECT, changed, write
from tse import access_commands, topics_commands

PROJECT_FILE = Path(__file__).parents[2] / "topics.yaml"
NOBODY = "127.0.0.1:1"
TIMEOUT_S = 10


def topics(*arguments: str) -> Result:
    return CliRunner().invoke(topics_commands.app, [*arguments])


def error_of(result: Result) -> EcosystemError:
    assert isinstance(result.exception, EcosystemError), result.output
    return result.exception


class Shell:
    """Types commands with the options that reach the test's broker and namespace."""

    def __init__(self, broker: Broker, namespace: str, home: Path) -> None:
        self.options = [
            *("--file", str(PROJECT_FILE)),
            *("--home", str(home)),
            *("--bootstrap-servers", broker.bootstrap_servers),
        ]
        self.namespace = namespace

    def topics(self, command: str, *arguments: str) -> Result:
        return topics(command, *self.options, "--namespace", self.namespace, *arguments)

    def access_check(self, *arguments: str) -> Result:
        app = access_commands.app
        return CliRunner().invoke(app, ["check", *self.options, *arguments])


@pytest.fixture
def shell(broker: Broker, namespace: str, tmp_path: Path) -> Iterator[Shell]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "secrets").symlink_to(broker.secrets.folder)
    admin = broker.secrets.path("kafka/admin")
    if not admin.exists():  # a broker from the environment keeps it elsewhere
        admin.parent.mkdir(parents=True, exist_ok=True)
        admin.touch(mode=0o600)
        admin.write_text(broker.admin.password)
    yield Shell(broker, namespace, home)
    drop_namespace(broker.admin, Namespace(namespace))


def test_the_projects_catalogue_is_checked_against_its_schemas() -> None:
    result = topics("check", "--file", str(PROJECT_FILE))
    assert result.exit_code == 0, result.output
    counts = f"{len(PROJECT.topics)} topics, {len(PROJECT.principals)} principals"
    assert counts in result.output
    assert "warning" not in result.output


@pytest.mark.parametrize("command", ["check", "plan", "apply", "export", "matrix"])
def test_a_malformed_file_never_touches_the_broker(tmp_path: Path, command: str) -> None:
    path = write(tmp_path, changed(("plane: production", "plane: moon"), ("group: tap", "group: ")))
    options = [] if command in ("check", "matrix") else ["--bootstrap-servers", NOBODY]
    if command == "export":
        options += ["--principal", "monitor"]
    result = topics(command, "--file", str(path), *options)
    assert result.exit_code == 1
    assert isinstance(result.exception, CatalogueError)
    assert "topics.yaml:7: topic prices: unknown plane 'moon'" in str(result.exception)
    assert "topics.yaml:45: principal auditor.group: nothing found" in str(result.exception)


def test_a_bad_namespace_is_refused_before_the_broker_is_asked() -> None:
    result = topics(
        "plan", "--file", str(PROJECT_FILE), "--namespace", "A.b", "--bootstrap-servers", NOBODY
    )
    assert result.exit_code == 1
    assert "namespace 'A.b'" in str(error_of(result))


def test_without_a_broker_the_next_step_is_named(tmp_path: Path) -> None:
    result = topics("plan", "--file", str(PROJECT_FILE), "--home", str(tmp_path))
    assert result.exit_code == 1
    assert isinstance(result.exception, LogUnreachableError)
    assert "tse stack up" in str(result.exception)


def test_the_matrix_shows_what_the_risk_monitor_may_do() -> None:
    result = topics("matrix", "--file", str(PROJECT_FILE))
    assert result.exit_code == 0
    column = list(PROJECT.principals).index("risk-monitor") + 2
    marks = {
        line.split()[0]: line.split()[column]
        for line in result.output.splitlines()
        if line.strip() and line.split()[0] in PROJECT.topics
    }
    assert marks["prices"] == "r"
    assert marks["risk-alerts"] == "rw"
    assert marks["dead-letters"] == "w"
    assert marks["scenario-injections"] == "·"
    assert marks.keys() == PROJECT.topics.keys()


def test_a_principals_view_is_exported_without_a_broker(tmp_path: Path) -> None:
    path = tmp_path / "view.json"
    result = topics(
        "export",
        *("--file", str(PROJECT_FILE), "--principal", "risk-monitor", "--output", str(path)),
    )
    assert result.exit_code == 0, result.output
    assert load_exported(path) == view_of(PROJECT, "risk-monitor")


@pytest.mark.infra
def test_plan_tells_drift_by_its_exit_code_and_apply_ends_it(shell: Shell) -> None:
    missing = shell.topics("plan")
    assert missing.exit_code == 2, missing.output
    assert f"topic {shell.namespace}.prices" in missing.output
    applied = shell.topics("apply")
    assert applied.exit_code == 0, applied.output
    in_line = shell.topics("plan", "--verify-logins")
    assert in_line.exit_code == 0, in_line.output
    assert "as the catalogue says" in in_line.output
    again = shell.topics("apply")
    assert (again.exit_code, again.output.strip()) == (0, "0 steps taken")


@pytest.mark.infra
def test_apply_takes_destructive_steps_only_when_allowed(
    shell: Shell, broker: Broker, tmp_path: Path
) -> None:
    assert shell.topics("apply").exit_code == 0
    smaller = PROJECT_FILE.read_text().replace(
        "[audit-timelines, audit-reports]", "[audit-reports]"
    )
    path = write(tmp_path, smaller)
    held_back = shell.topics("apply", "--file", str(path))
    assert held_back.exit_code == 2, held_back.output
    assert "1 destructive steps not taken" in held_back.output
    assert f"READ on TOPIC {shell.namespace}.audit-timelines" in held_back.output
    taken = shell.topics("apply", "--file", str(path), "--allow-destructive")
    assert taken.exit_code == 0, taken.output
    assert shell.topics("plan", "--file", str(path)).exit_code == 0


@pytest.mark.infra
def test_the_live_namespace_is_exported_as_yaml(shell: Shell, tmp_path: Path) -> None:
    assert shell.topics("apply").exit_code == 0
    path = tmp_path / "live.yaml"
    assert shell.topics("export", "--output", str(path)).exit_code == 0
    document = YAML(typ="safe").load(path)
    assert document["topics"].keys() == PROJECT.topics.keys()
    monitor = document["principals"]["risk-monitor"]
    assert set(monitor["consumes"]) == set(PROJECT.readable("risk-monitor"))
    assert set(monitor["produces"]) == set(PROJECT.writable("risk-monitor"))
    assert "admin" not in document["principals"]


@pytest.mark.infra
def test_the_access_check_names_exactly_the_cell_that_was_tampered_with(
    shell: Shell, broker: Broker, tmp_path: Path
) -> None:
    assert shell.topics("apply").exit_code == 0
    cluster = Cluster(broker.admin)
    lost = Binding(
        principal="User:custodian",
        resource=Resource.TOPIC,
        name=f"{shell.namespace}.balances",
        operation=Operation.WRITE,
    )
    for future in cluster.client.delete_acls([to_kafka(AclBindingFilter, lost)]).values():
        assert len(future.result()) == 1
    cluster.wait(lambda: lost not in cluster.bindings(), "the binding is gone", TIMEOUT_S)
    path = tmp_path / "report.json"
    result = shell.access_check("--namespace", shell.namespace, "--json", str(path))
    assert result.exit_code == 1, result.output
    named = [line for line in result.output.splitlines() if line.startswith("DIFFERENT")]
    assert len(named) == 1
    assert "custodian write balances: allowed by the catalogue, denied" in named[0]
    report = msgspec.json.decode(path.read_bytes(), type=AccessReport)
    assert [finding.cell.name for finding in report.differences()] == ["balances"]


@pytest.mark.infra
def test_the_access_check_makes_and_drops_a_namespace_of_its_own(
    shell: Shell, broker: Broker
) -> None:
    result = shell.access_check()
    assert result.exit_code == 0, result.output
    assert "0 differ from the catalogue" in result.output
    names = Cluster(broker.admin).list_topics()
    assert not [name for name in names if name.startswith("access-check-")]
