"""`risk-monitor`, `python -m consumers.risk_monitor`: watches the firm's risk until SIGTERM."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

import structlog
from pydantic import ValidationError

from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.serve import DoorPlan, serve_door
from consumers.risk_monitor.door.window import MonitorWindow
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.settings import PREFIX, RiskMonitorSettings
from doors.logs import configure_logs
from ecosystem.errors import EcosystemError, InvalidInputError
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from eventlog.catalogue.namespace import Namespace
from eventlog.catalogue.view import load_exported
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_reader import KafkaReader
from eventlog.routes import Routes, TopicRoute
from eventlog.secret_store import read_secret

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2
log = structlog.get_logger()


def read_limits(settings: RiskMonitorSettings) -> Limits:
    """Return the limits in the file that the settings name.

    Raises:
        InvalidInputError: it cannot be read, or lists every mistake in it.
    """
    path = settings.limits_file
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{PREFIX}LIMITS_FILE: {path}: {error}") from error
    return parse_limits(text, str(path))


def open_door(
    settings: RiskMonitorSettings, window: MonitorWindow, counter: Counter, metrics: Metrics
) -> Callable[[], None]:
    """Open the door that the settings ask for, before anything is restored: who asks meanwhile is
    told that the monitor is not ready yet. Return what closes it again."""
    if not settings.http_port:
        return lambda: None
    token = None if settings.token_file is None else read_secret(settings.token_file)
    plan = DoorPlan(monitor=settings.principal, environment=settings.environment, token=token)
    return serve_door(plan, window, counter, metrics, settings.http_address, settings.http_port)


def build_service(
    settings: RiskMonitorSettings,
    metrics: Metrics,
    counter: Counter | None = None,
    window: MonitorWindow | None = None,
) -> RiskMonitorService:
    """Return the monitor, its state restored from the log and its predecessor shut out."""
    limits = read_limits(settings)
    view = load_exported(settings.topics_file)
    connection = Connection(
        bootstrap_servers=settings.bootstrap_servers,
        principal=settings.principal,
        password=read_secret(settings.password_file),
    )
    namespace = Namespace(settings.namespace)
    codec = Codec(PRODUCTION_EVENTS)
    routes = Routes(
        [
            TopicRoute(
                topic=topic.name, key=topic.key, partitions=topic.partitions, events=topic.events
            )
            for topic in view.topics
        ],
        PRODUCTION_EVENTS,
    )
    appender = KafkaAppender(
        connection,
        namespace,
        routes,
        codec,
        transactional_id=view.transactional_id or settings.principal,
        linger_ms=0,
    )
    service = RiskMonitorService(
        engine=RiskEngine(limits, settings.principal),
        codec=codec,
        reader=KafkaReader(
            connection, namespace, view.subscription, group=view.group, from_beginning=True
        ),
        appender=appender,
        metrics=metrics,
        principal=settings.principal,
        steward_of=view.steward_of,
        mode=settings.slices,
        gather_s=settings.gather_ms / 1_000,
        hold_s=settings.hold_ms / 1_000,
        silence_s=settings.silence_s,
        counter=counter,
        window=window,
    )
    own = KafkaReader(connection, namespace, view.rebuilds_from)
    try:
        service.restore(own)
    finally:
        own.close()
    return service


def watch(settings: RiskMonitorSettings, stopping: Callable[[], bool]) -> None:
    """Watch until `stopping()`, with the door open from before the state is restored."""
    window, counter, metrics = MonitorWindow(), Counter(), Metrics()
    close_door = open_door(settings, window, counter, metrics)
    try:
        service = build_service(settings, metrics, counter, window)
        try:
            service.run(stopping)
        finally:
            service.close()
    finally:
        close_door()


def main() -> int:
    """Watch until SIGTERM or SIGINT; return the exit code."""
    configure_logs()
    stop_asked: list[int] = []

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop_asked.append(number)

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        watch(RiskMonitorSettings(), lambda: bool(stop_asked))
    except ValidationError as error:
        for mistake in error.errors():
            name = PREFIX + "_".join(str(part) for part in mistake["loc"]).upper()
            log.error("settings_refused", variable=name, mistake=mistake["msg"])
        return EXIT_MISCONFIGURED
    except InvalidInputError as error:
        log.error("input_refused", mistakes=str(error).splitlines())
        return EXIT_MISCONFIGURED
    except (EcosystemError, OSError) as error:
        log.error("monitor_stopped", error=f"{type(error).__name__}: {error}")
        return EXIT_FAILED
    log.info("monitor_stopped", signal=stop_asked[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
