"""A principal is handed its own part of the catalogue, and nothing more."""

from pathlib import Path

import pytest

from eventlog.catalogue.model import Plane
from eventlog.catalogue.view import load_exported, view_of
from eventlog.errors import CatalogueError
from tests.eventlog.catalogues import PROJECT


@pytest.mark.parametrize("principal", PROJECT.principals)
def test_a_written_view_is_read_back(tmp_path: Path, principal: str) -> None:
    view = view_of(PROJECT, principal)
    path = tmp_path / "view.json"
    path.write_text(view.to_json())
    assert load_exported(path) == view


def test_the_risk_monitors_view_has_no_word_of_the_control_plane() -> None:
    text = view_of(PROJECT, "risk-monitor").to_json()
    control = [topic for topic in PROJECT.topics.values() if topic.plane is Plane.CONTROL]
    assert control
    words = {"control", "plane", "scenario", "injection", "audit"}
    words |= {word for topic in control for word in (topic.name, *topic.events)}
    words |= {who for who in PROJECT.principals if who not in ("risk-monitor", "clock")}
    assert [word for word in sorted(words) if word in text] == []


def test_a_view_has_what_its_process_needs() -> None:
    view = view_of(PROJECT, "risk-monitor")
    assert view.subscription == PROJECT.subscription("risk-monitor")
    assert view.group == "risk-monitor"
    assert view.topic("clock").partitions == 1
    assert set(view.steward_of) <= set(view.subscription)
    with pytest.raises(CatalogueError, match="unknown to risk-monitor; prices, "):
        view.topic("scenario-injections")


@pytest.mark.parametrize("text", ["", "[]", '{"principal": "x"}', '{"principal": 1, "topics": []}'])
def test_what_is_no_view_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "view.json"
    path.write_text(text)
    with pytest.raises(CatalogueError, match="topics export --principal"):
        load_exported(path)


def test_a_missing_view_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"view\.json: No such file"):
        load_exported(tmp_path / "view.json")
