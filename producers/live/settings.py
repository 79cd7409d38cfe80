"""What a live service must be told, from environment variables that begin with TSE_."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from doors.identity import Environment

CHAOS_TOKEN: Final = "chaos-token"  # noqa: S105 - a file's name


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
    market_data_source: Literal["model", "recording", "ccxt"] = "model"
    """Where the service market-data takes prices from."""
    market_data_file: Path | None = None
    """What it follows: for `recording` the recordings as JSON, as the settings of a run have
    them; for `ccxt` the live sources as YAML."""
    clock_scale: float = Field(default=1.0, gt=0, le=10_000)
    """Seconds of event time per second on the wall."""
    environment: Environment = "dev"
    """In `prod` there are no chaos endpoints."""
    http_address: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65_535)
    """Where the door is; 0: there is none."""
    chaos_token_file: Path | None = None
    """Holds the token of the chaos endpoints, mode 0600; `chaos-token` in `secrets_dir` unless
    given. Where there is no such file there are no chaos endpoints."""
    chaos_run: str = Field(default="manual", pattern=r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$")
    """The run that injections by hand belong to."""
    strategies: str = ""
    """Strategies of the user's own for the trading engine, `package.module:Class@account`, by
    commas."""
    trading_limits_file: Path | None = None
    """TOML with other limits for the trading engine."""

    @property
    def token_file(self) -> Path:
        """Where the token of the chaos endpoints may lie."""
        return self.chaos_token_file or self.secrets_dir / CHAOS_TOKEN
