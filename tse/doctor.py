"""`tse doctor`: one line for each thing the ecosystem needs of the machine, and the fix."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
import psutil
import typer

from eventlog.errors import EventLogError
from eventlog.local_stack import LocalStack
from eventlog.local_stack.files import MIB, cache_folder, default_home
from eventlog.local_stack.jars import read_lock, verify
from eventlog.local_stack.kafka import java
from eventlog.local_stack.postgres import as_ordinary_user, postgres_programs
from eventlog.local_stack.processes import free_ports
from eventlog.local_stack.valkey import valkey_program

PYTHON_FROM: Final = (3, 11)
PYTHON_BELOW: Final = (3, 14)
DISK_MIB: Final = 2048
MEMORY_MIB: Final = 1536
PORTS: Final = 4
DOCKER_SOCKET: Final = "unix:///var/run/docker.sock"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


class Verdict(StrEnum):
    """What a check says."""

    OK = "ok"
    NOTE = "note"
    """Not there, and not needed for the work on this machine."""
    MISSING = "missing"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""

    def line(self) -> str:
        """Return the finding as one line for the screen."""
        text = f"{self.verdict:<8} {self.name}: {self.found}"
        return f"{text}; {self.fix}" if self.fix else text


def doctor(
    home: Annotated[
        Path | None, typer.Option("--home", help="The stack's home; default $TSE_HOME or .tse.")
    ] = None,
) -> None:
    """Say what is missing on this machine, and the fix; exit code 1 if it is needed."""
    findings = examine(default_home() if home is None else home, cache_folder())
    for finding in findings:
        typer.echo(finding.line())
    if any(finding.verdict is Verdict.MISSING for finding in findings):
        raise typer.Exit(1)


def examine(home: Path, cache: Path) -> list[Finding]:
    """Return what every check finds."""
    return [
        check_python(sys.version_info[:3]),
        *(_attempt(name, check) for name, check in PROGRAMS.items()),
        check_jars(cache),
        check_disk("free disk for the stack", home),
        check_disk("free disk for the cache", cache),
        check_memory(psutil.virtual_memory().available),
        check_ports(),
        check_stack(LocalStack(home)),
        check_docker(os.environ.get("DOCKER_HOST", DOCKER_SOCKET)),
        check_browser(),
    ]


def check_python(version: tuple[int, int, int]) -> Finding:
    """Check the running Python."""
    text = ".".join(str(part) for part in version)
    if PYTHON_FROM <= version[:2] < PYTHON_BELOW:
        return Finding(name="Python", verdict=Verdict.OK, found=text)
    return Finding(
        name="Python",
        verdict=Verdict.MISSING,
        found=f"{text} found, 3.11 to 3.13 are supported",
        fix="create the environment with one of these",
    )


def check_jars(cache: Path) -> Finding:
    """Check Kafka's jars against the committed lock."""
    name = "Kafka's jars"
    wanted = read_lock()
    there = [jar for jar in wanted if (cache / "jars" / jar.file_name).exists()]
    try:
        for jar in there:
            verify(cache / "jars" / jar.file_name, jar)
    except EventLogError as error:
        return Finding(name=name, verdict=Verdict.MISSING, found=str(error))
    if len(there) < len(wanted):
        return Finding(
            name=name,
            verdict=Verdict.NOTE,
            found=f"{len(there)} of {len(wanted)} in {cache}",
            fix="`tse stack up` fetches the rest",
        )
    faster = any(cache.glob("kafka-*.aot"))
    extra = "with AOT cache" if faster else "without AOT cache, the broker starts slower"
    return Finding(name=name, verdict=Verdict.OK, found=f"{len(there)}, hashes right, {extra}")


def check_disk(
    name: str,
    folder: Path,
    *,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Finding:
    """Check the room under a folder that need not exist yet."""
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free_mib = free_bytes(existing) // MIB
    if free_mib >= DISK_MIB:
        return Finding(name=name, verdict=Verdict.OK, found=f"{free_mib} MiB under {existing}")
    return Finding(
        name=name,
        verdict=Verdict.MISSING,
        found=f"{free_mib} MiB under {existing}, {DISK_MIB} MiB needed",
        fix="free some space or choose another folder with TSE_HOME and TSE_CACHE",
    )


def check_memory(available_bytes: int) -> Finding:
    """Check the memory that is available."""
    available_mib = available_bytes // MIB
    if available_mib >= MEMORY_MIB:
        return Finding(name="memory", verdict=Verdict.OK, found=f"{available_mib} MiB available")
    return Finding(
        name="memory",
        verdict=Verdict.MISSING,
        found=f"{available_mib} MiB available, {MEMORY_MIB} MiB needed",
        fix="end other programs",
    )


def check_ports() -> Finding:
    """Check that servers can listen on the loopback interface."""
    try:
        ports = free_ports(PORTS)
    except OSError as error:
        return Finding(
            name="loopback ports",
            verdict=Verdict.MISSING,
            found=str(error),
            fix="bring the loopback interface up: ip link set lo up",
        )
    return Finding(name="loopback ports", verdict=Verdict.OK, found=f"{len(ports)} free ones found")


def check_stack(stack: LocalStack) -> Finding:
    """Check whether the local stack runs; a server that lives but does not answer is a fault."""
    states = {one.service: one.state for one in stack.status()}
    found = ", ".join(f"{service} {state}" for service, state in states.items())
    if all(state == "running" for state in states.values()):
        return Finding(name="local stack", verdict=Verdict.OK, found=found)
    if "silent" in states.values():
        return Finding(
            name="local stack",
            verdict=Verdict.MISSING,
            found=found,
            fix="`tse stack down`, then `tse stack up`",
        )
    return Finding(
        name="local stack", verdict=Verdict.NOTE, found=found, fix="`tse stack up` starts it"
    )


def check_docker(engine: str) -> Finding:
    """Check whether a Docker API answers; without it the local stack serves everything."""
    kind, _, place = engine.partition("://")
    try:
        if kind == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(place)
        else:
            host, _, port = place.rpartition(":")
            socket.create_connection((host, int(port)), 2).close()
    except (OSError, ValueError) as error:
        return Finding(
            name="Docker API",
            verdict=Verdict.NOTE,
            found=f"no answer at {engine} ({error})",
            fix="needed for docker-compose.yml only",
        )
    return Finding(name="Docker API", verdict=Verdict.OK, found=f"answers at {engine}")


def check_browser() -> Finding:
    """Check for a browser that can show a report without a screen."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        return Finding(
            name="chromium",
            verdict=Verdict.NOTE,
            found="none on PATH",
            fix="needed only to picture reports without a screen",
        )
    return Finding(name="chromium", verdict=Verdict.OK, found=path)


def _java_answers() -> str:
    done = subprocess.run([str(java()), "-version"], capture_output=True, text=True, timeout=30)
    return done.stderr.splitlines()[0] if done.returncode == 0 else _broken(str(java()))


def _postgres_answers() -> str:
    program = str(postgres_programs() / "postgres")
    as_ordinary_user()
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else _broken(program)


def _valkey_answers() -> str:
    program = str(valkey_program())
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else _broken(program)


def _broken(program: str) -> str:
    raise OSError(f"{program} does not run on this machine")


PROGRAMS: Final[dict[str, Callable[[], str]]] = {
    "Java": _java_answers,
    "PostgreSQL": _postgres_answers,
    "Valkey": _valkey_answers,
}


def _attempt(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, verdict=Verdict.OK, found=check())
    except (EventLogError, OSError, subprocess.SubprocessError) as error:
        return Finding(name=name, verdict=Verdict.MISSING, found=str(error))
