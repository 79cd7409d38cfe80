"""`tse doctor` says one line for each thing, and fails only for what is needed."""

import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from eventlog.local_stack import LocalStack
from eventlog.local_stack.files import MIB, cache_folder
from eventlog.local_stack.jars import prepare_jars, read_lock
from eventlog.local_stack.processes import free_ports
from tse.doctor import (
    DISK_MIB,
    MEMORY_MIB,
    Finding,
    Verdict,
    check_disk,
    check_docker,
    check_jars,
    check_memory,
    check_ports,
    check_python,
    check_stack,
    doctor,
)


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ((3, 10, 14), Verdict.MISSING),
        ((3, 11, 0), Verdict.OK),
        ((3, 13, 9), Verdict.OK),
        ((3, 14, 0), Verdict.MISSING),
    ],
)
def test_only_supported_pythons_are_accepted(
    version: tuple[int, int, int], verdict: Verdict
) -> None:
    finding = check_python(version)
    assert finding.verdict is verdict
    assert ".".join(map(str, version)) in finding.found


@pytest.mark.parametrize(("missing_mib", "verdict"), [(0, Verdict.OK), (1, Verdict.MISSING)])
def test_disk_and_memory_are_judged_at_their_bound(
    tmp_path: Path, missing_mib: int, verdict: Verdict
) -> None:
    free = (DISK_MIB - missing_mib) * MIB
    disk = check_disk("free disk", tmp_path / "not" / "yet", free_bytes=lambda _: free)
    assert disk.verdict is verdict
    assert str(tmp_path) in disk.found
    assert check_memory((MEMORY_MIB - missing_mib) * MIB).verdict is verdict


def test_jars_that_are_not_there_yet_are_a_note(tmp_path: Path) -> None:
    finding = check_jars(tmp_path)
    assert finding.verdict is Verdict.NOTE
    assert f"0 of {len(read_lock())}" in finding.found


def test_a_jar_with_a_wrong_hash_is_missing_and_named(tmp_path: Path) -> None:
    jar = read_lock()[3]
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / jar.file_name).write_bytes(b"tampered")
    finding = check_jars(tmp_path)
    assert finding.verdict is Verdict.MISSING
    assert jar.file_name in finding.found
    assert "delete the file" in finding.found


def test_loopback_ports_are_found_here() -> None:
    assert check_ports().verdict is Verdict.OK


def test_a_stack_that_does_not_run_is_a_note(tmp_path: Path) -> None:
    finding = check_stack(LocalStack(tmp_path))
    assert finding.verdict is Verdict.NOTE
    assert finding.found == "kafka stopped, postgres stopped, valkey stopped"


def test_a_docker_api_is_seen_when_something_answers_and_only_noted_otherwise(
    tmp_path: Path,
) -> None:
    (closed,) = free_ports(1)
    absent = (f"unix://{tmp_path}/none.sock", f"tcp://127.0.0.1:{closed}", "nonsense")
    assert {check_docker(engine).verdict for engine in absent} == {Verdict.NOTE}
    with socket.socket() as engine:
        engine.bind(("127.0.0.1", 0))
        engine.listen()
        address = f"tcp://127.0.0.1:{engine.getsockname()[1]}"
        assert check_docker(address).verdict is Verdict.OK


def test_a_finding_is_one_line_with_its_fix() -> None:
    finding = Finding(name="memory", verdict=Verdict.MISSING, found="1 MiB", fix="buy some")
    assert finding.line() == "missing  memory: 1 MiB; buy some"


def _app() -> typer.Typer:
    app = typer.Typer()
    app.command()(doctor)
    return app


def test_doctor_is_content_with_a_machine_that_runs_these_tests(tmp_path: Path) -> None:
    prepare_jars(cache_folder())
    result = CliRunner().invoke(_app(), ["--home", str(tmp_path)])
    assert result.exit_code == 0, result.output
    names = [line.split(":")[0].split(maxsplit=1)[1] for line in result.stdout.splitlines()]
    assert names[:5] == ["Python", "Java", "PostgreSQL", "Valkey", "Kafka's jars"]
    assert list(tmp_path.iterdir()) == []


def test_doctor_fails_with_the_one_line_that_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = read_lock()[0]
    (tmp_path / "cache" / "jars").mkdir(parents=True)
    (tmp_path / "cache" / "jars" / jar.file_name).write_bytes(b"tampered")
    monkeypatch.setenv("TSE_CACHE", str(tmp_path / "cache"))
    result = CliRunner().invoke(_app(), ["--home", str(tmp_path / "home")])
    assert result.exit_code == 1
    missing = [line for line in result.stdout.splitlines() if line.startswith("missing")]
    assert len(missing) == 1
    assert jar.file_name in missing[0]
