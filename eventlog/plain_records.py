"""Avro bodies of plain records: longs, words, texts, flags and ids, nothing nested.

Most events are plain, and a service spends most of its time on encoding them. `plain_encoder` looks
at a schema once and returns a function that joins the bytes of the fields, at half of what the
general writer costs; a test holds it to that writer, byte by byte.
Source: Apache Avro 1.12 specification, binary encoding.
"""

from collections.abc import Callable, Mapping
from operator import call
from typing import Any, Final

import msgspec

from ecosystem.events.envelope import Event

_TEXTS_MAX: Final = 4_096
_LAST: Final = tuple(
    bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))
    for number in range(1 << 14)
)
"""The end of a varint: its highest fourteen bits."""
_MORE: Final = tuple(bytes((number & 127 | 128, number >> 7 | 128)) for number in range(1 << 14))
"""Fourteen bits of a varint that goes on."""
_FLAGS: Final[Mapping[bool, bytes]] = {False: b"\0", True: b"\1"}
_Encode = Callable[[Any], bytes]


def long_bytes(number: int) -> bytes:
    """Return a long as a zigzag varint.

    Raises:
        OverflowError: it has more than 64 bits.
    """
    rest = number << 1 if number >= 0 else ~number << 1 | 1
    if rest < 1 << 14:
        return _LAST[rest]
    if rest < 1 << 28:
        return _MORE[rest & 16383] + _LAST[rest >> 14]
    if rest < 1 << 42:
        return _MORE[rest & 16383] + _MORE[rest >> 14 & 16383] + _LAST[rest >> 28]
    if rest >= 1 << 64:
        raise OverflowError(f"{number}; a long has 64 bits")
    start = _MORE[rest & 16383] + _MORE[rest >> 14 & 16383] + _MORE[rest >> 28 & 16383]
    rest >>= 42
    return start + (_LAST[rest] if rest < 1 << 14 else _MORE[rest & 16383] + _LAST[rest >> 14])


class _Texts(dict[str, bytes]):
    """The bytes of texts; names recur, and so many are remembered."""

    def __missing__(self, text: str) -> bytes:
        value = text.encode()
        encoded = long_bytes(len(value)) + value
        if len(self) < _TEXTS_MAX:
            self[text] = encoded
        return encoded


def _id_bytes(value: bytes) -> bytes:
    if len(value) != 16:
        raise ValueError(f"an id of {len(value)} bytes; 16 are allowed")
    return value


def _optional(place: bytes, encode: _Encode) -> _Encode:
    null = b"\0" if place != b"\0" else b"\2"
    return lambda value: null if value is None else place + encode(value)


def _encoder(kind: Any, named: dict[str, _Encode]) -> _Encode | None:
    match kind:
        case "long":
            return long_bytes
        case "string":
            return _Texts().__getitem__
        case "boolean":
            return _FLAGS.__getitem__
        case str():
            return named.get(kind)
        case {"type": "fixed", "size": 16, "name": str(name)}:
            named[name] = _id_bytes
            return _id_bytes
        case {"type": "enum", "symbols": [*symbols], "name": str(name)}:
            words = {symbol: long_bytes(place) for place, symbol in enumerate(symbols)}
            named[name] = words.__getitem__
            return words.__getitem__
        case [*options] if len(options) == 2 and "null" in options:
            place = 1 - options.index("null")
            inner = _encoder(options[place], named)
            return inner and _optional(long_bytes(place), inner)
    return None


def plain_encoder(schema: Mapping[str, Any], frame: bytes) -> Callable[[Event], bytes] | None:
    """Return what encodes the events of a schema, `frame` first; None when it is not plain.

    The fields of an event's struct are those of its schema, in the same order. What is encoded
    must be of the fields' types: a wrong one raises, but not always the same error.
    """
    named: dict[str, _Encode] = {}
    found = [_encoder(field["type"], named) for field in schema["fields"]]
    encoders = tuple(encode for encode in found if encode is not None)
    if len(encoders) < len(found):
        return None
    join, as_tuple = b"".join, msgspec.structs.astuple

    def encode_event(event: Event) -> bytes:
        return frame + join(map(call, encoders, as_tuple(event)))

    return encode_event
