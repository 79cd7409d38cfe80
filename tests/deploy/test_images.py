"""What goes into the images: locked dependencies, and a last stage without root."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ROOT / "deploy" / "locks"
PIN: Final = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;]+)", re.MULTILINE)
DOCKERFILES: Final = (ROOT / "deploy/Dockerfile", ROOT / "deploy/kafka/Dockerfile")
LABORATORY: Final = {
    "faust-streaming",
    "aiokafka",
    "typer",
    "jgo",
    "ruamel-yaml",
    "rich",
}


def pins(path: Path) -> dict[str, str]:
    """Return the pinned versions of a lock by name."""
    return {match["name"]: match["version"] for match in PIN.finditer(path.read_text())}


@pytest.mark.parametrize("name", ["lab.txt", "risk-monitor.txt"])
def test_an_image_has_the_versions_of_the_common_lock(name: str) -> None:
    common = pins(ROOT / "requirements.lock")
    own = pins(LOCKS / name)
    assert own
    assert {package: common.get(package) for package in own} == own


@pytest.mark.parametrize("name", ["lab.txt", "risk-monitor.txt"])
def test_every_pin_has_a_hash_and_no_address(name: str) -> None:
    text = (LOCKS / name).read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block
    assert "://" not in text


def test_the_risk_monitor_image_has_nothing_of_the_laboratory() -> None:
    assert not LABORATORY & set(pins(LOCKS / "risk-monitor.txt"))
    assert set(pins(LOCKS / "lab.txt")) >= LABORATORY  # the list above is alive


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_images_end_as_another_user_than_root_with_a_base_that_can_be_chosen(path: Path) -> None:
    stages = re.split(r"^FROM ", path.read_text(), flags=re.MULTILINE)[1:]
    assert stages
    for stage in stages:
        assert stage.startswith("${BASE_IMAGE}"), stage.splitlines()[0]
        if "ENTRYPOINT" in stage:
            assert "USER ${UID}:${UID}" in stage
            assert 'ENTRYPOINT ["' in stage  # no shell between process 1 and the service
    assert sum("ENTRYPOINT" in stage for stage in stages) == (2 if len(stages) > 1 else 1)


def test_dependencies_are_installed_with_their_hashes_checked() -> None:
    for line in (ROOT / "deploy/Dockerfile").read_text().splitlines():
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps" in line, line


def test_a_build_sees_every_package_that_is_linted_for_its_arrows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["importlinter"]["root_packages"]
    seen = (ROOT / ".dockerignore").read_text().splitlines()
    assert [name for name in packages if f"!{name}" not in seen] == []
