"""Adds to the wheel what the risk monitor may know of schemas and topics: the production plane.

The bundle is made in a folder of its own and is never part of the tree; an editable installation
reads the tree itself.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PRINCIPAL = "risk-monitor"
PLANE = "production"
BUNDLE = "eventlog/_bundle"


def write_bundle(root: Path, bundle: Path) -> None:
    """Write the production schemas, their lock and the risk monitor's view into `bundle`."""
    sys.path.insert(0, str(root))
    try:
        from eventlog.catalogue.load import load_catalogue
        from eventlog.catalogue.view import view_of
        from eventlog.schema.export import export_schemas
        from eventlog.schema.store import CHECKOUT
    finally:
        sys.path.remove(str(root))
    export_schemas(CHECKOUT, bundle / "schemas", PLANE)
    view = view_of(load_catalogue(root / "topics.yaml"), PRINCIPAL)
    (bundle / f"{PRINCIPAL}.json").write_text(view.to_json())


class ProductionBundle(BuildHookInterface):  # type: ignore[type-arg,unused-ignore] # no config
    """The build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle and have it included."""
        if version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp(prefix="bundle-"))
        write_bundle(Path(self.root), self._folder)
        build_data["force_include"][str(self._folder)] = BUNDLE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the bundle; it is in the wheel now."""
        if version != "editable":
            shutil.rmtree(self._folder)
