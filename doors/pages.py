"""Pages of lists: a limit and an offset with bounds, and links to the neighbours (RFC 8288)."""

from collections.abc import Sequence
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

Item = TypeVar("Item")

LIMIT_MAX: Final = 500
LIMIT_DEFAULT: Final = 100
OFFSET_MAX: Final = 1_000_000


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    total: int = Field(ge=0, description="how many there are in all")
    limit: int = Field(ge=1, le=LIMIT_MAX)
    offset: int = Field(ge=0, le=OFFSET_MAX)


class Cut:
    """Which part of a list was asked for."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[
            int, Query(ge=1, le=LIMIT_MAX, description="items at the most")
        ] = LIMIT_DEFAULT,
        offset: Annotated[int, Query(ge=0, le=OFFSET_MAX, description="items to pass over")] = 0,
    ) -> None:
        self.limit = limit
        self.offset = offset
        self._request = request
        self._response = response

    def page(self, everything: Sequence[Item]) -> Page[Item]:
        """Return the part asked for, and link to the one before and the one after."""
        total = len(everything)
        links = []
        if self.offset + self.limit < total:
            links.append(self._link(self.offset + self.limit, "next"))
        if self.offset:
            links.append(self._link(max(0, self.offset - self.limit), "prev"))
        if links:
            self._response.headers["Link"] = ", ".join(links)
        items = list(everything[self.offset : self.offset + self.limit])
        return Page(items=items, total=total, limit=self.limit, offset=self.offset)

    def _link(self, offset: int, relation: str) -> str:
        url = self._request.url.include_query_params(limit=self.limit, offset=offset)
        return f'<{url.path}?{url.query}>; rel="{relation}"'


Paging = Annotated[Cut, Depends()]
"""The dependency of a route that answers in pages."""
