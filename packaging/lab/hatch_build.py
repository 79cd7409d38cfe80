"""Puts every file into the lab's wheel that the root's wheel leaves out."""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("consumers", "doors", "ecosystem", "eventlog", "producers", "replay", "streams", "tse")
DATA = ("schemas", "scenarios", "topics.yaml")
DATA_HOME = "share/trading-ecosystem"


def lab_files(root: Path) -> dict[str, str]:
    """Return the lab's files: where each lies, and where it goes in the wheel."""
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    shipped = [root / path for path in wheel["only-include"]]
    withheld = [root / path.lstrip("/") for path in wheel["exclude"]]

    def in_root_wheel(path: Path) -> bool:
        chain = (path, *path.parents)
        return any(p in shipped for p in chain) and not any(p in withheld for p in chain)

    return {
        str(path): str(path.relative_to(root))
        for package in PACKAGES
        for path in sorted((root / package).rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not in_root_wheel(path)
    }


def data_files(root: Path) -> dict[str, str]:
    """Return what a checkout reads beside its packages, and where it goes under the prefix."""
    paths = (path for name in DATA for path in ((root / name), *sorted((root / name).rglob("*"))))
    return {str(p): f"{DATA_HOME}/{p.relative_to(root)}" for p in paths if p.is_file()}


class EverythingElse(BuildHookInterface):  # type: ignore[type-arg,unused-ignore] # no config
    """The build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have the lab's files included."""
        if version == "editable":
            return
        root = Path(self.root).parents[1]
        build_data["force_include"].update(lab_files(root))
        build_data["shared_data"].update(data_files(root))
