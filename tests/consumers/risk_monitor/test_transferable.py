"""The monitor moves to production unchanged: installed alone, and told another cluster."""

import hashlib
import json
import re
import subprocess
import venv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ecosystem.events.alerts import RiskAlertRaised, RiskHeartbeat
from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from tests.brokers import Broker
from tests.consumers.risk_monitor.test_process import Stage, beats
from tests.consumers.risk_monitor.worlds import CODEC, CRASH, TOPICS, SmallWorld
from tse.monitor_environment import EXTRA, SCRIPT, installer, pinned_dependencies

pytestmark = pytest.mark.infra

ROOT = Path(__file__).parents[3]
WITHHELD = (
    "producers",
    "streams",
    "replay",
    "tse",
    "faust",
    "mode",
    "aiokafka",
    "ecosystem.events.control",
    "ecosystem.audit",
    "ecosystem.scenario",
    "ecosystem.run",
    "ecosystem.world",
    "ecosystem.injections",
    "ecosystem.exchange",
    "ecosystem.custodian",
    "ecosystem.market_data",
    "ecosystem.trading",
    "eventlog.access",
    "eventlog.local_stack",
)
LIST = """
import json, pkgutil, sys
modules = [m.name for m in pkgutil.iter_modules()]
for package in ("consumers", "doors", "ecosystem", "eventlog"):
    path = __import__(package).__path__
    modules += [m.name for m in pkgutil.walk_packages(path, package + ".")]
print(json.dumps({"modules": modules, "standard": sorted(sys.stdlib_module_names)}))
"""
OTHER_NAMES = {"risk-monitor": "acme-risk", "prices": "quotes", "balances": "holdings"}
OTHER_PARTITIONS = 7


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty virtual environment into which `.[risk-monitor]` was installed."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(environment, symlinks=True, with_pip=False)
    constraints = environment / "constraints.txt"
    constraints.write_text("\n".join(pinned_dependencies(ROOT)))
    python = str(environment / "bin" / "python")
    run([*installer(python), "--constraint", str(constraints), f".[{EXTRA}]"])
    return environment


def run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def names_in(environment: Path) -> set[str]:
    """Return every module that can be imported there and is not the standard library's."""
    asked = subprocess.run(
        [str(environment / "bin" / "python"), "-I", "-c", LIST],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(asked.stdout)
    return {name for name in answer["modules"] if name.split(".")[0] not in answer["standard"]}


def test_nothing_of_simulators_scenarios_and_audit_can_be_imported(installed: Path) -> None:
    names = names_in(installed)
    reached = {
        name
        for name in names
        for withheld in WITHHELD
        if name == withheld or name.startswith(f"{withheld}.")
    }
    assert reached == set()
    ours = {name.split(".")[0] for name in names if (ROOT / name.split(".")[0]).is_dir()}
    assert ours == {"consumers", "doors", "ecosystem", "eventlog"}
    assert {"consumers.risk_monitor.__main__", "ecosystem.risk.monitor"} <= names


def test_it_starts_alone_and_answers(
    installed: Path, broker: Broker, namespace: str, tmp_path: Path
) -> None:
    stage = Stage(
        broker,
        namespace,
        tmp_path,
        command=[str(installed / SCRIPT)],
        works_in=tmp_path,
    )
    with closing(stage):
        assert answers(stage, "risk-monitor")


def test_another_cluster_under_other_names_takes_configuration_and_no_change_of_a_file(
    installed: Path, broker: Broker, fresh_broker: Broker, tmp_path: Path
) -> None:
    before = content_of(installed)
    other = other_catalogue(tmp_path)
    stage = Stage(
        fresh_broker,
        "acme",
        tmp_path,
        catalogue=other,
        principal="acme-risk",
        command=[str(installed / SCRIPT)],
        works_in=tmp_path,
    )
    here = load_catalogue(TOPICS)
    prepare_namespace(broker.admin, here, Namespace("elsewhere"), broker.secrets)
    told = stage.environment
    assert told["RISK_MONITOR_BOOTSTRAP_SERVERS"] != broker.bootstrap_servers
    assert fresh_broker.secrets.get("kafka/acme-risk") != broker.secrets.get("kafka/risk-monitor")
    assert "quotes" in stage.view.subscription
    with closing(stage):
        assert answers(stage, "acme-risk")
    assert content_of(installed) == before


def answers(stage: Stage, monitor: str) -> bool:
    """Return whether a monitor of the stage sees a crash there, under its own name."""
    world = SmallWorld(stage.view)
    stage.start_monitor("clock")
    for factor in CRASH:
        world.write_slice(factor)
        stage.copy(world)
    said = stage.monitor_said(beats(len(CRASH)), "risk-alerts")
    events = [CODEC.decode(record.value) for record in said]
    heartbeats = [event for event in events if isinstance(event, RiskHeartbeat)]
    named = {end.topic for heartbeat in heartbeats for end in heartbeat.ends}
    assert {heartbeat.monitor for heartbeat in heartbeats} == {monitor}
    assert named == set(stage.view.subscription)
    return any(isinstance(event, RiskAlertRaised) for event in events)


def other_catalogue(folder: Path) -> Catalogue:
    """Return a catalogue in which monitor and topics go by other names and are cut otherwise."""
    text = TOPICS.read_text()
    for ours, theirs in OTHER_NAMES.items():
        text = re.sub(rf"\b{ours}\b", theirs, text)
    file = folder / "topics.yaml"
    file.write_text(text.replace("partitions: 4", f"partitions: {OTHER_PARTITIONS}", 1))
    return load_catalogue(file)


def content_of(environment: Path) -> dict[str, str]:
    """Return the digest of every file of an installation but the caches of the interpreter."""
    return {
        str(path.relative_to(environment)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files_of(environment)
    }


def files_of(environment: Path) -> Iterator[Path]:
    for path in sorted(environment.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            yield path
