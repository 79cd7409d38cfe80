"""The two distributions: the root is the monitor's and no more, the lab is all the rest."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from types import ModuleType

import msgspec
import pytest

from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Plane
from eventlog.catalogue.view import view_of
from eventlog.schema.store import read_lock

ROOT = Path(__file__).parents[1]
PACKAGES = ("consumers", "doors", "ecosystem", "eventlog", "producers", "replay", "streams", "tse")
BUNDLE = "eventlog/_bundle"


def hook(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("a_build_hook", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(project: Path, folder: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*command, "--directory", str(folder)], cwd=project, check=True, capture_output=True
    )
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def root_wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The root distribution's wheel, built from this tree."""
    return build(ROOT, tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def lab_wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The lab's wheel, built from this tree."""
    return build(ROOT / "packaging" / "lab", tmp_path_factory.mktemp("lab"))


def sources(wheel: zipfile.ZipFile) -> set[str]:
    return {
        name
        for name in wheel.namelist()
        if name.split("/")[0] in PACKAGES and not name.startswith(BUNDLE)
    }


def test_the_monitors_wheel_knows_nothing_of_simulators_scenarios_and_the_control_plane(
    root_wheel: zipfile.ZipFile,
) -> None:
    forbidden = (
        "ecosystem/events/control",
        "ecosystem/audit",
        "ecosystem/scenario",
        "ecosystem/exchange",
        "ecosystem/market_data",
        "eventlog/access",
        "eventlog/local_stack",
        "producers",
        "streams",
        "replay",
        "tse",
    )
    assert "consumers/risk_monitor/limits.toml" in root_wheel.namelist()
    assert [name for name in root_wheel.namelist() if name.startswith(forbidden)] == []


def test_every_file_of_the_packages_is_in_exactly_one_of_the_wheels(
    root_wheel: zipfile.ZipFile, lab_wheel: zipfile.ZipFile
) -> None:
    in_tree = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert sources(root_wheel) | sources(lab_wheel) == in_tree
    assert sources(root_wheel) & sources(lab_wheel) == set()


def test_the_bundle_holds_the_production_schemas_and_no_other(
    root_wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    root_wheel.extractall(tmp_path)
    bundle = tmp_path / BUNDLE
    locked = read_lock(bundle / "schemas")
    everything = read_lock(ROOT / "schemas" / "avro")
    assert locked == {n: entry for n, entry in everything.items() if entry.plane == "production"}
    files = {path.name for path in (bundle / "schemas" / "versions").iterdir()}
    assert files == {
        f"production.{name}.{version.version}.avsc"
        for name, entry in locked.items()
        for version in entry.versions
    }


def test_the_bundle_names_no_topic_of_the_control_plane(
    root_wheel: zipfile.ZipFile,
) -> None:
    catalogue = load_catalogue(ROOT / "topics.yaml")
    view = root_wheel.read(f"{BUNDLE}/risk-monitor.json").decode()
    assert msgspec.json.decode(view) == msgspec.json.decode(
        view_of(catalogue, "risk-monitor").to_json()
    )
    control = [t.name for t in catalogue.topics.values() if t.plane == Plane.CONTROL]
    assert control
    assert [name for name in control if name in view] == []


def test_the_lab_carries_what_a_checkout_reads(lab_wheel: zipfile.ZipFile) -> None:
    home = PurePosixPath("trading_ecosystem_lab-0.1.0.data/data/share/trading-ecosystem")
    names = set(lab_wheel.namelist())
    assert str(home / "topics.yaml") in names
    assert str(home / "schemas/avro/ids.lock.json") in names
    assert str(home / "scenarios/limits.toml") in names


def test_a_bundle_is_made_in_a_folder_of_its_own(tmp_path: Path) -> None:
    module = hook(ROOT / "hatch_build.py")
    module.write_bundle(ROOT, tmp_path / "bundle")
    assert (tmp_path / "bundle" / "risk-monitor.json").exists()
    assert not (ROOT / BUNDLE).exists()
