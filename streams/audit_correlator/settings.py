"""What the audit correlator must be told, from environment variables that begin with AUDIT_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.kafka_appender import KafkaAppender
from eventlog.secret_store import read_secret

BLOCKS_TOPIC = "audit-correlator-envelopes"
CASES_TABLE = "cases"


class AuditSettings(BaseSettings):
    """Settings of tap and job; every one can be an environment variable."""

    model_config = SettingsConfigDict(env_prefix="AUDIT_", frozen=True, extra="ignore")

    bootstrap_servers: str
    """The broker, as host:port, several separated by commas."""
    password_file: Path
    """Holds the principal's password; mode 0600."""
    principal: str = "audit-correlator"
    namespace: str = ""
    topics_file: Path = Path("topics.yaml")
    data_dir: Path = Path(".faust")
    """Where Faust keeps its own small files; one for each worker."""
    batch_records_max: int = Field(default=16_000, ge=1, le=100_000)
    batch_gather_ms: int = Field(default=100, ge=0, le=10_000)
    """How long the tap waits for a batch to fill: fewer transactions where little happens."""
    session_timeout_s: float = Field(default=10.0, ge=6.0)
    """After which time the broker takes a worker that says nothing for dead."""


class AuditContext:
    """The catalogue, codec and connection that tap and job share, built from their settings.

    Raises:
        CatalogueError: topics.yaml or a schema is wrong.
        SecretError: the password cannot be read.
    """

    def __init__(self, settings: AuditSettings) -> None:
        self.settings = settings
        self.catalogue = load_catalogue(settings.topics_file)
        self.namespace = Namespace(settings.namespace)
        self.connection = Connection(
            bootstrap_servers=settings.bootstrap_servers,
            principal=settings.principal,
            password=read_secret(settings.password_file),
        )
        events = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
        self.codec = Codec(events)
        self.routes = routes_of(self.catalogue, events)
        self.principal = self.catalogue.principal(settings.principal)
        self.block_partitions = self.catalogue.topic(BLOCKS_TOPIC).partitions

    def partitions(self, *topics: str) -> list[tuple[str, int]]:
        """Return every partition of the topics, as the catalogue declares them."""
        return [
            (topic, number)
            for topic in topics
            for number in range(self.catalogue.topic(topic).partitions)
        ]

    def appender(self, *, transactional: bool) -> KafkaAppender:
        """Return an appender under the correlator's principal."""
        return KafkaAppender(
            self.connection,
            self.namespace,
            self.routes,
            self.codec,
            transactional_id=self.principal.transactional_id if transactional else None,
        )
