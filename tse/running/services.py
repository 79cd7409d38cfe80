"""The commands and settings of the services that stand around a run."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.run import RunPlan
from eventlog.catalogue.model import Plane
from eventlog.catalogue.view import view_of
from eventlog.schema.export import export_schemas
from eventlog.schema.store import CHECKOUT
from eventlog.secret_store import SecretStore
from tse.monitor_environment import ensure_monitor_environment
from tse.running.environment import ROOT, Environment
from tse.running.processes import Processes

RISK_MONITOR: Final = "risk-monitor"
AUDIT: Final = "audit-correlator"
MONITOR_TOKEN: Final = "monitor-token"  # noqa: S105 - a secret's name
"""What who acts at the monitor's door must show."""


def start_monitor(
    processes: Processes,
    environment: Environment,
    namespace: str,
    *,
    slices: str = "clock",
    limits: Path | None = None,
    command: Sequence[str] = (),
    port: int = 0,
) -> None:
    """Start a risk monitor, told only what is its to know.

    Args:
        command: another's monitor; ours, from an installation of its own, where it is empty.
        port: where the door of ours is, on the loopback; 0: it has none.
    Raises:
        OSError: the command cannot be started.
    """
    settings = monitor_settings(environment, namespace, slices)
    if limits is not None:
        settings["RISK_MONITOR_LIMITS_FILE"] = str(limits.resolve())
    if port:
        environment.broker.secrets.get_or_create(MONITOR_TOKEN)
        settings["RISK_MONITOR_HTTP_PORT"] = str(port)
        settings["RISK_MONITOR_TOKEN_FILE"] = str(environment.broker.secrets.path(MONITOR_TOKEN))
    folder = None
    if not command:
        executable = ensure_monitor_environment(environment.home)
        # It works where nothing but itself lies, and not in our folder among the scenarios.
        command, folder = [str(executable)], executable.parents[1]
    processes.start(RISK_MONITOR, command, settings, folder)


def check_runnable(command: Sequence[str]) -> None:
    """Do nothing where a command can be started.

    Raises:
        InvalidInputError: its program is not there, or may not be run.
    """
    if command and shutil.which(command[0]) is None:
        raise InvalidInputError(
            f"command {command[0]!r}: no such program; one on PATH or the path of one is allowed"
        )


def monitor_settings(environment: Environment, namespace: str, slices: str) -> dict[str, str]:
    """Return the variables that tell a monitor all it may know, and write the files they name."""
    folder = environment.home / "runs" / (namespace or "live") / "monitor"
    folder.mkdir(parents=True, exist_ok=True)
    view = folder / "topics.json"
    view.write_text(view_of(environment.catalogue, RISK_MONITOR).to_json())
    export_schemas(CHECKOUT, folder / "schemas", Plane.PRODUCTION)
    return {
        "RISK_MONITOR_BOOTSTRAP_SERVERS": environment.broker.bootstrap_servers,
        "RISK_MONITOR_PRINCIPAL": RISK_MONITOR,
        "RISK_MONITOR_PASSWORD_FILE": str(_password(environment.broker.secrets, RISK_MONITOR)),
        "RISK_MONITOR_NAMESPACE": namespace,
        "RISK_MONITOR_TOPICS_FILE": str(view.resolve()),
        "RISK_MONITOR_SCHEMAS_DIR": str((folder / "schemas").resolve()),
        "RISK_MONITOR_SLICES": slices,
    }


def write_limits(environment: Environment, plan: RunPlan) -> Path:
    """Write the limits that the plan records into a file for the risk monitor; return it."""
    file = environment.home / "runs" / plan.run_id / "limits.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.loads(plan.settings_json)["limits_toml"], encoding="utf-8")
    return file


def start_audit(processes: Processes, environment: Environment, namespace: str) -> None:
    """Start the audit correlator: its tap and its stream job."""
    settings = {
        "AUDIT_BOOTSTRAP_SERVERS": environment.broker.bootstrap_servers,
        "AUDIT_PRINCIPAL": AUDIT,
        "AUDIT_PASSWORD_FILE": str(_password(environment.broker.secrets, AUDIT)),
        "AUDIT_NAMESPACE": namespace,
        "AUDIT_TOPICS_FILE": str(environment.topics_file),
        "AUDIT_DATA_DIR": str(environment.home / "audit" / (namespace or "live")),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "streams.audit_correlator.service"]
    processes.start(AUDIT, command, settings)


def start_simulator(
    processes: Processes, environment: Environment, service: str, settings: Mapping[str, str]
) -> None:
    """Start one live simulator."""
    command = [sys.executable, "-m", "producers.live", service]
    processes.start(
        service,
        command,
        {
            "TSE_BOOTSTRAP_SERVERS": environment.broker.bootstrap_servers,
            "TSE_SECRETS_DIR": str(environment.broker.secrets.folder),
            "TSE_TOPICS_FILE": str(environment.topics_file),
            "PYTHONPATH": str(ROOT),
            **settings,
        },
    )


def _password(secrets: SecretStore, principal: str) -> Path:
    return secrets.path(f"kafka/{principal}")
