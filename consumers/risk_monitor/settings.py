"""What the risk monitor must be told, from environment variables that begin with RISK_MONITOR_."""

from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from consumers.risk_monitor.slices import SliceMode
from doors.identity import Environment
from eventlog.schema.store import BUNDLE

LIMITS_FILE: Final = Path(__file__).with_name("limits.toml")
BUNDLED_VIEW: Final = BUNDLE.parent / "risk-monitor.json"
"""The view inside an installed wheel; a checkout has none."""
PREFIX: Final = "RISK_MONITOR_"


class RiskMonitorSettings(BaseSettings):
    """Settings of the monitor; every one can be an environment variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    bootstrap_servers: str
    """The broker, as host:port."""
    password_file: Path
    """Holds the principal's password alone; mode 0600."""
    topics_file: Path = BUNDLED_VIEW
    """What this principal may know of the topics, from `tse topics export --principal`."""
    principal: str = "risk-monitor"
    namespace: str = ""
    slices: SliceMode = "arrival"
    """How records are cut into slices: by the clock's ends, or as they arrive."""
    gather_ms: int = Field(default=5, ge=0, le=1_000)
    """How long a slice by arrival stays open after its first record."""
    hold_ms: int = Field(default=50, ge=0, le=1_000)
    """How long the heartbeat of a slice by arrival may wait for others when there is no alert."""
    silence_s: int = Field(default=30, ge=0, le=86_400)
    """How long all inputs must be silent on the wall before that is told; 0: never."""
    limits_file: Path = LIMITS_FILE
    environment: Environment = "dev"
    http_address: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65_535)
    """Where the door is: REST, the dashboard, health and metrics; 0: there is none."""
    token_file: Path | None = None
    """Holds what who acts on the monitor must show, mode 0600; without it the door is for
    watching only."""
