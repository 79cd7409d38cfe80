"""Where the principals' passwords lie, and the connections made with them."""

from eventlog.connection import Connection
from eventlog.secret_store import SecretStore


def secret_name(principal: str) -> str:
    """Return the name under which a principal's password is kept."""
    return f"kafka/{principal}"


def connection_for(principal: str, bootstrap_servers: str, secrets: SecretStore) -> Connection:
    """Return how `principal` reaches the broker, with its stored password.

    Raises:
        SecretError: no password is stored for it.
    """
    return Connection(
        bootstrap_servers=bootstrap_servers,
        principal=principal,
        password=secrets.get(secret_name(principal)),
    )
