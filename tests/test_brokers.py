"""The suite's ways to a broker are chosen by the environment, and a wrong choice is an error."""

import shlex
from pathlib import Path

import pytest

from eventlog.errors import LocalStackError, SecretError
from tests.brokers import broker_from_environment, container_broker, start_script


def test_no_broker_is_taken_from_an_environment_that_names_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    assert broker_from_environment(tmp_path) is None


def test_a_named_broker_is_used_with_the_password_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_file = tmp_path / "password"
    password_file.touch(mode=0o600)
    password_file.write_text("given\n")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.setenv("TSE_KAFKA_ADMIN_PASSWORD_FILE", str(password_file))
    broker = broker_from_environment(tmp_path)
    assert broker is not None
    assert broker.bootstrap_servers == "127.0.0.1:9"
    assert (broker.admin.principal, broker.admin.password) == ("admin", "given")

    password_file.chmod(0o644)
    with pytest.raises(SecretError, match="0600"):
        broker_from_environment(tmp_path)


def test_a_named_broker_without_a_password_file_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.delenv("TSE_KAFKA_ADMIN_PASSWORD_FILE", raising=False)
    with pytest.raises(LocalStackError, match="TSE_KAFKA_ADMIN_PASSWORD_FILE is not"):
        broker_from_environment(tmp_path)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [("container", "no Docker engine answers at unix://.*none.sock"), ("docker", "are allowed")],
)
def test_a_container_that_is_demanded_and_cannot_be_had_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str, reason: str
) -> None:
    monkeypatch.setenv("TSE_TEST_BROKER", choice)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(LocalStackError, match=reason), container_broker():
        pass


@pytest.mark.parametrize("choice", ["", "local"])
def test_without_an_engine_the_local_stack_has_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.setenv("TSE_TEST_BROKER", choice)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with container_broker() as broker:
        assert broker is None


def test_redpanda_is_started_by_one_command_without_topic_creation() -> None:
    script = start_script("localhost:32768")
    assert script.startswith("#!/bin/bash\n")
    (command,) = script.removeprefix("#!/bin/bash\n").replace("\\\n", " ").splitlines()
    words = shlex.split(command)
    assert words[words.index("--advertise-kafka-addr") + 1] == "localhost:32768"
    assert words[words.index("--set") + 1] == "redpanda.auto_create_topics_enabled=false"
