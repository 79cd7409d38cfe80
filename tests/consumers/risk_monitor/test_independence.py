"""The monitor runs where the control plane does not exist."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCKED = (
    "ecosystem.events.control",
    "ecosystem.audit",
    "ecosystem.scenario",
    "ecosystem.world",
    "producers",
    "streams",
    "replay",
    "tse",
    "faust",
    "typer",
    "rich",
    "ruamel",
)
IMPORT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if any(name == b or name.startswith(b + ".") for b in sys.argv[2:]):
            raise ModuleNotFoundError(f"blocked: {name}")
sys.meta_path.insert(0, Blocked())
import importlib
importlib.import_module(sys.argv[1])
"""


def imported(module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT, module, *BLOCKED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["consumers.risk_monitor.__main__", "ecosystem.risk.monitor"])
def test_the_monitor_imports_without_the_control_plane(module: str) -> None:
    done = imported(module)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["ecosystem.events.control.every", "producers.machines"])
def test_the_block_blocks(module: str) -> None:
    done = imported(module)
    assert done.returncode != 0
    assert "blocked: " in done.stderr
