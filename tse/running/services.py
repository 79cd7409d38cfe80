"""The commands and settings of the services that stand around a run."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from eventlog.catalogue.view import view_of
from eventlog.secret_store import SecretStore
from tse.monitor_environment import ensure_monitor_environment
from tse.running.environment import ROOT, Environment
from tse.running.processes import Processes

RISK_MONITOR: Final = "risk-monitor"
AUDIT: Final = "audit-correlator"


def start_monitor(
    processes: Processes,
    environment: Environment,
    namespace: str,
    *,
    slices: str = "clock",
    limits: Path | None = None,
) -> None:
    """Start the risk monitor from an installation of its own, told only what is its to know."""
    executable = ensure_monitor_environment(environment.home)
    view = environment.home / "views" / f"{RISK_MONITOR}.json"
    view.parent.mkdir(exist_ok=True)
    view.write_text(view_of(environment.catalogue, RISK_MONITOR).to_json())
    settings = {
        "RISK_MONITOR_BOOTSTRAP_SERVERS": environment.broker.bootstrap_servers,
        "RISK_MONITOR_PRINCIPAL": RISK_MONITOR,
        "RISK_MONITOR_PASSWORD_FILE": str(_password(environment.broker.secrets, RISK_MONITOR)),
        "RISK_MONITOR_NAMESPACE": namespace,
        "RISK_MONITOR_TOPICS_FILE": str(view),
        "RISK_MONITOR_SLICES": slices,
    }
    if limits is not None:
        settings["RISK_MONITOR_LIMITS_FILE"] = str(limits.resolve())
    # It works where nothing but itself lies, and not in our folder among the scenarios.
    processes.start(RISK_MONITOR, [str(executable)], settings, executable.parents[1])


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
