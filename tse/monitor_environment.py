"""The risk monitor's own installation: a virtual environment with its wheel and nothing else.

The monitor must not be able to import what it must not know. So it runs from the root
distribution's wheel, in an environment made for it, with the versions of its dependencies that run
here. The environment is named by a hash of all that goes into it and made once.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

from ecosystem.errors import EcosystemError

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = "risk-monitor"
EXTRA: Final = "risk-monitor"
SCRIPT: Final = Path("bin") / "risk-monitor"
KEPT: Final = 2
"""Environments kept; an older one may still be running."""
_COMPLETE: Final = "complete"


class MonitorEnvironmentError(EcosystemError):
    """The risk monitor's environment could not be made; says which command failed and how."""


def ensure_monitor_environment(home: Path) -> Path:
    """Return the `risk-monitor` executable of an environment that holds what the sources say.

    Raises:
        MonitorEnvironmentError: there are no sources, or a command failed.
    """
    folder = home.resolve() / FOLDER
    environment = folder / _fingerprint(ROOT)
    if not (environment / _COMPLETE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(folder / "lock"):
            if not (environment / _COMPLETE).exists():
                _make(environment)
                _remove_old(folder)
    return environment / SCRIPT


def wheel_sources(root: Path) -> list[Path]:
    """Return every file that shapes the root distribution's wheel.

    Raises:
        MonitorEnvironmentError: `root` is no checkout.
    """
    project = root / "pyproject.toml"
    if not project.exists():
        raise MonitorEnvironmentError(
            f"{root}: no pyproject.toml there; the risk monitor is built from a checkout"
        )
    wheel = _project(root)["tool"]["hatch"]["build"]["targets"]["wheel"]
    withheld = {root / path.lstrip("/") for path in wheel["exclude"]}
    paths = [root / path for path in wheel["only-include"]]
    paths += [project, root / "hatch_build.py", root / "topics.yaml", root / "schemas" / "avro"]
    return [
        file
        for path in paths
        for file in ([path] if path.is_file() else sorted(path.rglob("*")))
        if file.is_file() and file.suffix != ".pyc" and not withheld.intersection(file.parents)
    ]


def pinned_dependencies(root: Path) -> list[str]:
    """Return the monitor's dependencies and theirs, as `name==version` of what runs here."""
    project = _project(root)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"][EXTRA]]
    todo = [Requirement(text) for text in wanted]
    pinned: dict[str, str] = {}
    while todo:
        requirement = todo.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in pinned:
            continue
        try:
            installed = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise MonitorEnvironmentError(
                f"{name}: the risk monitor needs it, and it is not installed here; `make setup`"
            ) from error
        pinned[name] = installed.version
        for text in installed.requires or ():
            further = Requirement(text)
            if further.marker is None or further.marker.evaluate({"extra": ""}):
                todo.append(further)
    return [f"{name}=={version}" for name, version in sorted(pinned.items())]


def installer(python: str) -> list[str]:
    """Return the command that installs into the environment of a Python, by uv or else by pip.

    Raises:
        MonitorEnvironmentError: neither is installed.
    """
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "pip", "install", "--quiet", "--python", python]
    if importlib.util.find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", python]
        return [*pip, "install", "--quiet", "--disable-pip-version-check"]
    raise MonitorEnvironmentError(f"{sys.executable}: neither uv nor pip is installed there")


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    digest.update(str(sys.base_prefix).encode())
    for file in wheel_sources(root):
        content = hashlib.sha256(file.read_bytes()).digest()
        digest.update(str(file.relative_to(root)).encode() + b"\0" + content)
    digest.update("\n".join(pinned_dependencies(root)).encode())
    return digest.hexdigest()[:16]


def _make(environment: Path) -> None:
    if environment.exists():  # left by a process that was killed on the way
        shutil.rmtree(environment)
    venv.create(environment, symlinks=True, with_pip=False)
    wheels = environment / "wheel"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    _run([*build, "--directory", str(wheels)], cwd=ROOT)
    (wheel,) = wheels.glob("*.whl")
    python = str(environment / "bin" / "python")
    _run([*installer(python), "--no-deps", str(wheel), *pinned_dependencies(ROOT)], cwd=ROOT)
    shutil.rmtree(wheels)
    (environment / _COMPLETE).touch()


def _run(command: Sequence[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MonitorEnvironmentError(
            f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}".rstrip()
        )


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(folder: Path) -> None:
    made = sorted(folder.glob(f"*/{_COMPLETE}"), key=lambda path: path.stat().st_mtime)
    for complete in made[:-KEPT]:
        complete.unlink()
        shutil.rmtree(complete.parent)
