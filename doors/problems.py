"""Errors as problem details (RFC 9457): one shape for everything that is not as it should be."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"
BLANK: Final = "about:blank"
TYPE_ROOT: Final = "urn:trading-ecosystem:problem:"
RETRY_AFTER_S: Final = 1
FOUND_MAX: Final = 200
"""Characters of a refused value that are repeated in the answer."""


class Mistake(BaseModel):
    """One value that was refused."""

    where: str = Field(description="`query`, `path`, `header` or `body`, and the name in it")
    reason: str = Field(description="what is allowed")
    found: str | None = Field(default=None, description="what was found, cut to 200 characters")


class Problem(BaseModel):
    """A problem detail (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{TYPE_ROOT}unknown-order",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "order 00000000000000000000000000000001 is unknown here",
                    "instance": "/api/v1/orders/00000000000000000000000000000001",
                }
            ]
        }
    )

    type: str = Field(default=BLANK, description="names the kind of problem; `about:blank`: none")
    title: str = Field(description="the status in words")
    status: int = Field(ge=400, le=599, description="the HTTP status")
    detail: str = Field(description="what was found and what is allowed")
    instance: str = Field(description="the path that was asked for")
    errors: list[Mistake] | None = Field(default=None, description="every value that was refused")


class ProblemError(Exception):
    """A request cannot be answered as it was asked; becomes a problem detail.

    Args:
        kind: last part of the problem's type, e.g. `unknown-order`.
    """

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})


def not_ready(why: str) -> ProblemError:
    """Return the problem of a service that cannot answer yet, or no longer."""
    return ProblemError(503, "not-ready", why, {"Retry-After": str(RETRY_AFTER_S)})


def problem_response(
    status: int,
    detail: str,
    path: str,
    *,
    kind: str = "",
    errors: Sequence[Mistake] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem detail as a response."""
    problem = Problem(
        type=TYPE_ROOT + kind if kind else BLANK,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=path,
        errors=list(errors) if errors else None,
    )
    body = problem.model_dump(exclude_none=True)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return these statuses as problem details, for `responses` of a route."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def install(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem detail."""
    app.add_exception_handler(ProblemError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    path = request.url.path
    return problem_response(
        error.status, error.detail, path, kind=error.kind, headers=error.headers
    )


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path, headers = request.url.path, dict(error.headers or {})
    match error.status_code:
        case 404:
            detail = f"there is nothing at {path}"
        case 405:
            # Each method of a path is a route of its own, and the first knows itself only.
            allowed = headers["Allow"] = ", ".join(_methods(request))
            detail = f"{request.method} is not allowed at {path}; allowed: {allowed}"
        case _:
            detail = str(error.detail)
    return problem_response(error.status_code, detail, path, headers=headers)


def _methods(request: Request) -> list[str]:
    route = getattr(request.scope.get("route"), "path", "")
    described: Mapping[str, Any] = request.app.openapi()["paths"].get(route, {})
    return sorted(method.upper() for method in described) or ["GET"]


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    malformed = any(mistake["type"] == "json_invalid" for mistake in found)
    errors = [_mistake(mistake) for mistake in found]
    named = "; ".join(f"{one.where}: {one.reason}" for one in errors[:3])
    return problem_response(
        400 if malformed else 422,
        named,
        request.url.path,
        kind="malformed-body" if malformed else "refused-values",
        errors=errors,
    )


def _mistake(mistake: Mapping[str, Any]) -> Mistake:
    where = ".".join(str(part) for part in mistake["loc"])
    value = mistake.get("input")
    plain = isinstance(value, str | int | float | bool)
    return Mistake(
        where=where, reason=mistake["msg"], found=repr(value)[:FOUND_MAX] if plain else None
    )
