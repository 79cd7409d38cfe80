"""`python -m streams.audit_correlator`: the worker of the stream job."""

import sys

import faust
import structlog

from ecosystem.errors import EcosystemError
from eventlog.settings import read_settings
from streams.audit_correlator.correlator import Correlator
from streams.audit_correlator.evidence_log import EvidenceLog
from streams.audit_correlator.job import build_app, freeze_garbage
from streams.audit_correlator.processes import configure_logs, die_with_parent
from streams.audit_correlator.settings import AuditContext, AuditSettings

log = structlog.get_logger()


def restored(context: AuditContext) -> Correlator:
    """Return the correlator as it stood: every block below the committed offsets folded again.

    Raises:
        EventLogError: the log cannot be read.
    """
    evidence = EvidenceLog(context)
    correlator = Correlator(
        context.block_partitions,
        context.codec.event_types,
        evidence.fetch,
        evidence.publish,
        evidence.reported(),
    )
    app_group = context.principal.stream_app or context.principal.name
    for partition, block in evidence.folded_blocks(app_group):
        correlator.fold(block, partition, {})
    log.info("state_restored", entries=correlator.entries_count)
    return correlator


def main() -> int:
    """Run the worker until SIGTERM or SIGINT; return the exit code."""
    die_with_parent()
    configure_logs()
    try:
        context = AuditContext(read_settings(AuditSettings))
        app = build_app(context, restored(context))
    except EcosystemError as error:
        log.error("job_failed", error=type(error).__name__, detail=str(error))
        return 1
    freeze_garbage()
    worker = faust.Worker(app, loglevel="WARN", override_logging=False)
    return worker.execute_from_commandline()  # never returns: it exits with its own code


if __name__ == "__main__":
    sys.exit(main())
