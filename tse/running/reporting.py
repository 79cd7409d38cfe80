"""Reports of a run as files, from what stands on the log."""

from pathlib import Path
from typing import Final

import msgspec

from eventlog.catalogue.namespace import Namespace
from streams.audit_correlator.report.content import render_json
from streams.audit_correlator.report.load import ReportLog
from streams.audit_correlator.report.page import render_html
from tse.running.environment import Environment

PRINCIPAL: Final = "replayer"


class ReportPaths(msgspec.Struct, frozen=True, kw_only=True):
    """Where the reports of a run lie."""

    html: Path
    json: Path


def write_reports(environment: Environment, run_id: str, namespace: str) -> ReportPaths:
    """Write the page and the JSON of a judged run and return their paths.

    Raises:
        InvalidInputError: no run of this name was judged.
        AccessDeniedError: there is no such namespace.
    """
    clients = environment.clients(namespace)
    log = ReportLog(
        environment.broker.connection(PRINCIPAL),
        Namespace(namespace),
        environment.catalogue,
        clients.codec,
    )
    content = log.content(run_id)
    folder = environment.reports / run_id
    folder.mkdir(parents=True, exist_ok=True)
    paths = ReportPaths(html=folder / "report.html", json=folder / "report.json")
    paths.html.write_text(render_html(content), encoding="utf-8")
    paths.json.write_text(render_json(content), encoding="utf-8")
    return paths
