"""The monitor's own installation holds what the monitor needs and nothing it must not know."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tse.monitor_environment import (
    ROOT,
    MonitorEnvironmentError,
    ensure_monitor_environment,
    pinned_dependencies,
    wheel_sources,
)

FORBIDDEN = (
    "ecosystem.events.control",
    "ecosystem.audit",
    "ecosystem.scenario",
    "ecosystem.world",
    "ecosystem.exchange",
    "ecosystem.market_data",
    "eventlog.access",
    "eventlog.local_stack",
    "producers",
    "streams",
    "replay",
    "tse",
    "faust",
    "typer",
    "aiokafka",
    "psycopg",
    "pip",
)
ASK = """
import importlib.util, importlib, json, pkgutil, sys
import consumers, ecosystem, eventlog
def found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
modules = [
    m.name for p in (consumers, ecosystem, eventlog)
    for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")
    if not m.name.endswith("__main__")
]
for name in modules:
    importlib.import_module(name)
print(json.dumps({
    "forbidden": [name for name in sys.argv[1:] if found(name)],
    "modules": modules,
    "paths": sys.path,
}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for environments."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def executable(home: Path) -> Path:
    """The monitor's executable in an environment made for this module."""
    return ensure_monitor_environment(home)


def test_nothing_the_monitor_must_not_know_can_be_imported_there(executable: Path) -> None:
    python = executable.parent / "python"
    asked = subprocess.run(
        [str(python), "-I", "-c", ASK, *FORBIDDEN], capture_output=True, text=True, check=True
    )
    answer = json.loads(asked.stdout)
    assert answer["forbidden"] == []
    assert "consumers.risk_monitor.service" in answer["modules"]
    assert "ecosystem.risk.monitor" in answer["modules"]
    assert [path for path in answer["paths"] if path.startswith(str(ROOT / "tse"))] == []
    assert str(ROOT) not in answer["paths"]


def test_the_environment_holds_the_pinned_distributions_and_no_others(executable: Path) -> None:
    (packages,) = executable.parents[1].glob("lib/python3*/site-packages")
    names = {
        path.name.removesuffix(".dist-info").rsplit("-", 1)[0].lower().replace("_", "-")
        for path in packages.glob("*.dist-info")
    }
    pinned = {pin.split("==")[0] for pin in pinned_dependencies(ROOT)}
    assert names == {*pinned, "trading-ecosystem"}


def test_an_environment_is_made_once(home: Path, executable: Path) -> None:
    made_at = executable.stat().st_mtime_ns
    assert ensure_monitor_environment(home) == executable
    assert executable.stat().st_mtime_ns == made_at


def test_an_environment_left_half_made_is_made_anew(home: Path, executable: Path) -> None:
    environment = executable.parents[1]
    (environment / "complete").unlink()
    executable.unlink()
    assert ensure_monitor_environment(home) == executable
    assert os.access(executable, os.X_OK)


def test_the_executable_says_what_it_must_be_told(executable: Path) -> None:
    done = subprocess.run([str(executable)], capture_output=True, text=True, check=False, env={})
    assert done.returncode == 2
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["variable"] for line in lines} == {
        "RISK_MONITOR_BOOTSTRAP_SERVERS",
        "RISK_MONITOR_PASSWORD_FILE",
    }


def test_sources_are_those_of_the_wheel() -> None:
    names = {str(path.relative_to(ROOT)) for path in wheel_sources(ROOT)}
    assert "ecosystem/risk/monitor.py" in names
    assert "topics.yaml" in names
    assert not [name for name in names if name.startswith("ecosystem/events/control")]
    assert not [name for name in names if name.endswith(".pyc")]


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MonitorEnvironmentError, match=r"no pyproject\.toml"):
        wheel_sources(tmp_path)


def test_a_dependency_that_is_missing_here_is_named(tmp_path: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text.replace("structlog>=25", "no-such-thing>=25"))
    with pytest.raises(MonitorEnvironmentError, match="no-such-thing"):
        pinned_dependencies(tmp_path)


def test_pins_are_exact_and_closed() -> None:
    pins = pinned_dependencies(ROOT)
    assert all(pin.count("==") == 1 for pin in pins)
    assert {"confluent-kafka", "pydantic-core", "msgspec"} <= {pin.split("==")[0] for pin in pins}
