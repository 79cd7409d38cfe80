"""Bearer tokens (RFC 6750): one token, compared in constant time."""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from doors.problems import ProblemError

_BEARER = HTTPBearer(auto_error=False, description="the token in the environment's secret file")


def bearer(token: str) -> Callable[..., None]:
    """Return a dependency that lets in whoever shows `token`.

    Raises:
        ValueError: the token is empty, which would let in everybody who shows nothing.
    """
    if not token:
        raise ValueError("an empty token protects nothing")
    wanted = token.encode()

    def check(
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        given = shown.credentials.encode() if shown is not None else b""
        if not secrets.compare_digest(given, wanted):
            raise ProblemError(
                401,
                "token-needed",
                "no or another token found; the environment's token is allowed",
                {"WWW-Authenticate": "Bearer"},
            )

    return check
