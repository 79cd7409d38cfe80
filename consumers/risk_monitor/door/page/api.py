"""The dashboard at `/`: files of this folder, and nothing from anywhere else."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from doors.problems import ProblemError

FOLDER: Final = Path(__file__).parent
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # text of alerts can never become markup
    )
)
PAGE: Final = "index.html"


def page_router() -> APIRouter:
    """Return the routes of the page; its files are read once, here."""
    files = {
        path.name: Response(
            path.read_bytes(),
            media_type=TYPES[path.suffix],
            headers={"Content-Security-Policy": POLICY},
        )
        for path in sorted(FOLDER.iterdir())
        if path.suffix in TYPES
    }
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page() -> Response:
        """Give the dashboard."""
        return files[PAGE]

    @router.get("/page/{name}")
    def part(name: str) -> Response:
        """Give a part of the dashboard."""
        if name not in files:
            raise ProblemError(404, "unknown-file", f"the dashboard has no part {name!r}")
        return files[name]

    return router
