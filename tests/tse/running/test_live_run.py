"""Live runs: limits that bear the pace of the clock."""

import json
from pathlib import Path

import pytest

from ecosystem.risk.limits import parse_limits
from ecosystem.units import SECOND_US
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import Broker
from eventlog.secret_store import SecretStore
from tse.running.environment import ROOT, Environment
from tse.running.live_run import paced
from tse.running.plans import LIMITS, world_plan


@pytest.mark.parametrize(("scale", "silence_s"), [(1.0, 30), (3.0, 30), (3.3, 33), (60.0, 600)])
def test_a_feed_may_be_silent_for_some_wall_time_however_fast_time_runs(
    tmp_path: Path, scale: float, silence_s: int
) -> None:
    environment = Environment(
        broker=Broker(bootstrap_servers="nowhere:1", secrets=SecretStore(tmp_path)),
        catalogue=load_catalogue(ROOT / "topics.yaml"),
        topics_file=ROOT / "topics.yaml",
        home=tmp_path,
        reports=tmp_path,
    )
    plan, file = paced(environment, world_plan("quiet", 1), scale)
    limits = parse_limits(file.read_text(), str(file))
    assert limits.rules["feed_stale"].limit.silence_us == silence_s * SECOND_US
    assert json.loads(plan.settings_json)["limits_toml"] == file.read_text()
    others = [line for line in LIMITS.read_text().splitlines() if "silence_s" not in line]
    assert [line for line in file.read_text().splitlines() if "silence_s" not in line] == others
