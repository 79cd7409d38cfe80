"""Fixtures of the whole suite: a real broker, PostgreSQL and Valkey, and Hypothesis' settings."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from eventlog.local_stack import LocalKafka, LocalPostgres, LocalStack, LocalValkey
from tests.brokers import Broker, broker_from_environment, container_broker
from tests.browser import find_browser

HOME_PREFIX = "tse-tests-"

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that need a browser out where there is none, unless one is demanded."""
    if find_browser() or os.environ.get("TSE_REQUIRE_BROWSER"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _end_stacks_of_killed_runs() -> None:
    for home in Path(tempfile.gettempdir()).glob(f"{HOME_PREFIX}*"):
        owner = home.name.removeprefix(HOME_PREFIX).split("-")[0]
        if home.stat().st_uid == os.getuid() and not psutil.pid_exists(int(owner)):
            for kind in (LocalKafka, LocalPostgres, LocalValkey):
                kind(home).kill()
            shutil.rmtree(home)


def _new_home() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{HOME_PREFIX}{os.getpid()}-"))


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The session's local stack; its servers start when a fixture asks for them."""
    _end_stacks_of_killed_runs()
    home = _new_home()
    stack = LocalStack(home)
    try:
        yield stack
    finally:
        stack.kill()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    """The session's broker: the environment's, a container's, or the local stack's."""
    given = broker_from_environment(tmp_path_factory.mktemp("secrets"))
    if given is not None:
        yield given
        return
    with container_broker() as contained:
        if contained is not None:
            yield contained
            return
    stack: LocalStack = request.getfixturevalue("stack")
    stack.up(["kafka"])
    yield Broker(admin=stack.kafka.admin(), secrets=stack.kafka.secrets)


@pytest.fixture
def fresh_broker() -> Iterator[Broker]:
    """A broker of the test's own, for what cannot share a cluster."""
    home = _new_home()
    kafka = LocalKafka(home)
    try:
        kafka.start()
        yield Broker(admin=kafka.admin(), secrets=kafka.secrets)
    finally:
        kafka.kill()
        shutil.rmtree(home)


@pytest.fixture
def namespace() -> str:
    """A prefix for topics, groups and principals that no other test has."""
    return f"t{secrets.token_hex(3)}"


@pytest.fixture(scope="session")
def postgres_dsn(request: pytest.FixtureRequest) -> str:
    """The address of a PostgreSQL server: `TSE_POSTGRES_DSN`, or the local stack's."""
    given = os.environ.get("TSE_POSTGRES_DSN")
    if given:
        return given
    stack: LocalStack = request.getfixturevalue("stack")
    return stack.up(["postgres"]).postgres_dsn


@pytest.fixture(scope="session")
def valkey_url(request: pytest.FixtureRequest) -> str:
    """The address of a Valkey server: `TSE_VALKEY_URL`, or the local stack's."""
    given = os.environ.get("TSE_VALKEY_URL")
    if given:
        return given
    stack: LocalStack = request.getfixturevalue("stack")
    return stack.up(["valkey"]).valkey_url
