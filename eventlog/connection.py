"""How one principal reaches the broker."""

from typing import Final

import msgspec

METADATA_TIMEOUT_S: Final = 10.0
"""How long the broker may take to answer a question about topics, groups or offsets."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """The broker's address and one principal's credentials; its repr hides the password."""

    bootstrap_servers: str
    principal: str
    password: str
    mechanism: str = "SCRAM-SHA-256"
    security_protocol: str = "SASL_PLAINTEXT"

    def client_config(self) -> dict[str, str | int | float | bool]:
        """Return the librdkafka properties that authenticate this principal."""
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.principal,
            "sasl.password": self.password,
            "client.id": self.principal,
            "log_level": 2,  # alerts only; errors reach us through error_cb and reports
        }

    def __repr__(self) -> str:
        return f"Connection({self.principal}@{self.bootstrap_servers})"
