"""Fields of requests and answers: decimals and ids as text, never as floating-point numbers."""

from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from ecosystem.errors import InvalidInputError
from ecosystem.events.words import EventId
from ecosystem.units import parse_e8

DECIMAL_PATTERN: Final = r"^[0-9]{1,10}(\.[0-9]{1,8})?$"
SIGNED_PATTERN: Final = r"^-?[0-9]{1,20}(\.[0-9]{1,16})?$"
ID_PATTERN: Final = r"^[0-9a-f]{32}$"
NAME_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
SYMBOL_PATTERN: Final = r"^[A-Z0-9]{2,10}(-[A-Z0-9]{2,10}){1,2}$"


def _positive(text: str) -> str:
    try:
        value_e8 = parse_e8(text)
    except InvalidInputError as error:
        raise ValueError(str(error)) from error
    if value_e8 <= 0:
        raise ValueError("a decimal above 0 is allowed")
    return text


def decimal(value: int, places: int = 8) -> str:
    """Return an integer scaled by ten to the power of `places` as a decimal, without end zeros."""
    whole, fraction = divmod(abs(value), 10**places)
    text = f"{whole}.{fraction:0{places}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def read_id(text: str) -> EventId:
    """Return the sixteen bytes that 32 hexadecimal digits stand for."""
    return EventId(bytes.fromhex(text))


Decimal = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": SIGNED_PATTERN, "examples": ["60000.5"]}),
]
"""A decimal in an answer."""
PositiveDecimal = Annotated[
    str,
    StringConstraints(pattern=DECIMAL_PATTERN),
    AfterValidator(_positive),
    WithJsonSchema(
        {
            "type": "string",
            # The same as the checks above, so that a document's readers are not misled: not zero.
            "pattern": r"^(?=.*[1-9])[0-9]{1,10}(\.[0-9]{1,8})?$",
            "examples": ["0.01"],
        }
    ),
]
"""A decimal above zero in a request, with at most eight decimals."""
HexId = Annotated[
    str,
    StringConstraints(pattern=ID_PATTERN),
    WithJsonSchema(
        {"type": "string", "pattern": ID_PATTERN, "examples": ["5f3c1a0b9d8e7f60112233445566778a"]}
    ),
]
"""Sixteen bytes as hexadecimal digits."""
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A DNS label, as accounts, strategies and services have."""
Symbol = Annotated[str, StringConstraints(pattern=SYMBOL_PATTERN)]
"""A pair such as BTC-USD, or its perpetual."""
NamePath = Annotated[str, Path(pattern=NAME_PATTERN, examples=["firm-momentum"])]
SymbolPath = Annotated[str, Path(pattern=SYMBOL_PATTERN, examples=["BTC-USD"])]
IdPath = Annotated[str, Path(pattern=ID_PATTERN, examples=["5f3c1a0b9d8e7f60112233445566778a"])]
