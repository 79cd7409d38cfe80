"""What a live service must be told, from environment variables that begin with TSE_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LiveSettings(BaseSettings):
    """Settings of one live service; every one can be an environment variable."""

    model_config = SettingsConfigDict(env_prefix="TSE_", frozen=True, extra="ignore")

    bootstrap_servers: str
    """The broker, as host:port."""
    secrets_dir: Path
    """Holds `kafka/<principal>` for this service's principal and `run-key`; mode 0600 each."""
    topics_file: Path = Path("topics.yaml")
    namespace: str = ""
    seed: int = Field(default=1, ge=0)
    clock_epoch_us: int = Field(ge=0)
    """Wall time at which the environment began, microseconds UTC; the same for every service."""
    clock_scale: float = Field(default=1.0, gt=0, le=10_000)
    """Seconds of event time per second on the wall."""
