"""Makes ready what docker-compose.yml mounts and builds from: secrets, the Kafka image's files.

    python -m deploy.prepare [--uid N] [--no-kafka] [--reports FOLDER]

Everything lies in .tse/compose, which is not tracked. Passwords that are there stay. Without an
.env, one is written that says who the containers run as.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from ecosystem.errors import EcosystemError
from eventlog.catalogue.load import load_catalogue
from eventlog.local_stack.files import cache_folder
from eventlog.local_stack.jars import prepare_jars
from eventlog.local_stack.kafka import java
from eventlog.secret_store import SecretStore

ROOT: Final = Path(__file__).parents[1]
COMPOSE_HOME: Final = Path(".tse/compose")
SERVICE_UID: Final = 10001
"""Who the containers run as where root sets up; otherwise it is whoever does."""


def service_uid(asked: int | None, own: int) -> int:
    """Return the user the containers run as: the one asked for, else our own, but never root."""
    if asked is not None:
        return asked
    return own or SERVICE_UID


def prepare_secrets(folder: Path, principals: list[str], uid: int) -> None:
    """Have one password file for each principal, and what else is secret, owned by `uid`.

    The folder is closed to everybody but the one who sets up, whatever the files' modes are. The
    broker's copy of the superuser's password is readable by all inside it, because Redpanda's
    image runs as a user of its own; the folder above keeps this machine's other users out.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    store = SecretStore(folder)
    names = [
        "run-key",
        "chaos-token",
        "monitor-token",
        *(f"kafka/{principal}" for principal in ("admin", *principals)),
    ]
    for name in names:
        store.get_or_create(name)
        if uid != os.getuid():
            os.chown(store.path(name), uid, uid)
    copy = folder / "broker" / "admin"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(store.get("kafka/admin"))
    copy.chmod(0o444)


def prepare_kafka(context: Path) -> None:
    """Lay ready what deploy/kafka/Dockerfile copies: jars from the lock, the Java of the wheel."""
    context.mkdir(parents=True, exist_ok=True)
    jars = context / "jars"
    shutil.rmtree(jars, ignore_errors=True)
    jars.mkdir()
    for jar in prepare_jars(cache_folder()):
        shutil.copyfile(jar, jars / jar.name)
    runtime = context / "java"
    shutil.rmtree(runtime, ignore_errors=True)
    shutil.copytree(java().parents[1], runtime, symlinks=True)
    for file in (ROOT / "deploy" / "kafka").iterdir():
        shutil.copyfile(file, context / file.name)


def write_env(path: Path, uid: int) -> None:
    """Write an .env that says who the containers run as; one that is there stays."""
    if not path.exists():
        path.write_text(f"TSE_UID={uid}\nTSE_GID={uid}\n")


def main() -> int:
    """Prepare everything; return the exit code."""
    parser = argparse.ArgumentParser(description="Prepares docker-compose.yml.")
    parser.add_argument("--uid", type=int, help="who the containers run as")
    parser.add_argument("--no-kafka", action="store_true", help="Redpanda will do")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="as TSE_REPORTS")
    options = parser.parse_args()
    uid = service_uid(options.uid, os.getuid())
    if uid <= 0:
        parser.error(f"--uid {uid}: containers run as another user than root; 1 and above")
    os.chdir(ROOT)
    try:
        catalogue = load_catalogue(Path("topics.yaml"))
        prepare_secrets(COMPOSE_HOME / "secrets", list(catalogue.principals), uid)
        options.reports.mkdir(parents=True, exist_ok=True)
        if uid != os.getuid():
            os.chown(options.reports, uid, uid)
        if not options.no_kafka:
            prepare_kafka(COMPOSE_HOME / "kafka")
        write_env(Path(".env"), uid)
    except EcosystemError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
