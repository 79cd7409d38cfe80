"""`entry.py COMMAND ...`: waits until the environment serves this container, then becomes COMMAND.

No service relies on another's health check: each waits here until the broker lets its own
principal in and shows it every topic of its part of the catalogue, which is so once `init` has
applied `topics.yaml`. Told by environment variables:

    ENTRY_BOOTSTRAP_SERVERS  the broker; without it nothing is waited for
    ENTRY_PRINCIPAL          logs in under this name
    ENTRY_PASSWORD_FILE      with the password in this file
    ENTRY_VIEW_FILE          waits for the topics of this exported view; without it, for the login
    ENTRY_EPOCH_FILE         waits for this file too and hands its number on as TSE_CLOCK_EPOCH_US
    ENTRY_WAIT_S             gives up after this time, with exit code 1; default 180
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from eventlog.catalogue.view import load_exported
from eventlog.connection import Connection
from eventlog.secret_store import read_secret

PREFIX: Final = "ENTRY_"
LOOK_EVERY_S: Final = 0.5
ANSWER_MAX_S: Final = 3.0
EPOCH_VARIABLE: Final = "TSE_CLOCK_EPOCH_US"


class NotServedError(Exception):
    """The environment did not become ready in time; says what was missing last."""


def missing_topics(connection: Connection, wanted: frozenset[str]) -> str | None:
    """Return what the broker still withholds from the principal, or None."""
    client = AdminClient({**connection.client_config(), "reconnect.backoff.max.ms": 500})
    try:
        shown = frozenset(client.list_topics(timeout=ANSWER_MAX_S).topics)
    except KafkaException as error:
        return f"the broker does not let {connection.principal} in: {error.args[0].str()}"
    if hidden := sorted(wanted - shown):
        return f"the broker shows {connection.principal} no topic {', '.join(hidden)}"
    return None


def await_nothing_missing(
    missing: Callable[[], str | None], wait_max_s: float, pause: Callable[[float], None]
) -> None:
    """Return once `missing()` is None.

    Raises:
        NotServedError: it was not within `wait_max_s`.
    """
    deadline = time.monotonic() + wait_max_s
    while (reason := missing()) is not None:
        if time.monotonic() >= deadline:
            raise NotServedError(f"{reason} (waited {wait_max_s:.0f} s)")
        pause(LOOK_EVERY_S)


def broker_check(settings: Mapping[str, str]) -> Callable[[], str | None]:
    """Return a function that says what the broker still withholds."""
    view = settings.get(f"{PREFIX}VIEW_FILE")
    wanted = frozenset(topic.name for topic in load_exported(Path(view)).topics) if view else ()
    connection = Connection(
        bootstrap_servers=settings[f"{PREFIX}BOOTSTRAP_SERVERS"],
        principal=settings[f"{PREFIX}PRINCIPAL"],
        password=read_secret(Path(settings[f"{PREFIX}PASSWORD_FILE"])),
    )
    return lambda: missing_topics(connection, frozenset(wanted))


def prepared_environment(
    settings: Mapping[str, str], pause: Callable[[float], None] = time.sleep
) -> dict[str, str]:
    """Wait for everything that `settings` ask for; return the command's environment.

    Raises:
        NotServedError: something was still missing at the end.
    """
    wait_max_s = float(settings.get(f"{PREFIX}WAIT_S", "180"))
    environment = {name: value for name, value in settings.items() if not name.startswith(PREFIX)}
    if f"{PREFIX}BOOTSTRAP_SERVERS" in settings:
        await_nothing_missing(broker_check(settings), wait_max_s, pause)
    if epoch_file := settings.get(f"{PREFIX}EPOCH_FILE"):
        path = Path(epoch_file)
        await_nothing_missing(
            lambda: None if path.exists() else f"{path} has not been written", wait_max_s, pause
        )
        environment[EPOCH_VARIABLE] = path.read_text().strip()
    return environment


def stop(number: int, frame: FrameType | None) -> NoReturn:
    """End at once: nothing has been begun yet."""
    sys.exit(128 + number)


def become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, so that signals reach the service itself."""
    os.execvpe(command[0], list(command), environment)  # noqa: S606 - no shell is wanted


def main(command: Sequence[str]) -> int:
    """Wait, then replace this process by `command`; return 1 where waiting was in vain."""
    if not command:
        sys.stderr.write("usage: entry.py COMMAND [ARGUMENT ...]\n")
        return 2
    # The kernel gives process 1 no default action, so that without this a wait ignores SIGTERM.
    signal.signal(signal.SIGTERM, stop)
    try:
        environment = prepared_environment(os.environ)
    except NotServedError as error:
        sys.stderr.write(f"error: {command[0]} was not started: {error}\n")
        return 1
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    become(command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
