"""The dashboard's files: all there, nothing from elsewhere, closed to what others write."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from consumers.risk_monitor.door.page.api import FOLDER
from tests.consumers.risk_monitor.door.stands import MonitorStand

PARTS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".css", ".js", ".svg"))


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Somebody at the door of a monitor that has not started."""
    return MonitorStand().client


def test_the_page_and_all_its_parts_are_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert set(re.findall(r'"/page/([^"]+)"', page.text)) <= set(PARTS)
    for name in PARTS:
        part = client.get(f"/page/{name}")
        assert part.status_code == 200
        assert part.content == (FOLDER / name).read_bytes()
        for imported in re.findall(r'from "\./([^"]+)"', part.text):
            assert imported in PARTS


@pytest.mark.parametrize("name", ["api.py", "nothing.js", "..%2Fapi.py", "%2e%2e/serve.py"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


def test_the_browser_is_told_to_load_from_here_alone(client: TestClient) -> None:
    for path in ("/", "/page/app.js"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe" not in policy
        assert "http" not in policy
        assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_file_names_another_host_or_makes_markup_of_text(path: Path) -> None:
    if path.suffix not in (".css", ".html", ".js", ".svg"):
        return
    text = path.read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://[^\s\"'/]+", text))
    assert hosts <= {"http://www.w3.org"}  # the name of SVG, never fetched
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert path.suffix != ".html" or not re.search(r"\son[a-z]+=|\sstyle=", text)
    assert len(text.splitlines()) <= 300
