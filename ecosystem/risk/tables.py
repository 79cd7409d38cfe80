"""Tables of a limits file, read strictly: every mistake is kept and told with what is allowed."""

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from ecosystem.units import E8

_VALUE_MAX: Final = Decimal(10) ** 10
_MISSING: Final = object()


class Table:
    """One table of the file; reads each value and keeps a mistake where it is not allowed."""

    def __init__(self, content: Mapping[str, Any], path: str, mistakes: list[str]) -> None:
        self._content = content
        self._path = path
        self._mistakes = mistakes

    def _where(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def wrong(self, key: str, found: object, allowed: str) -> None:
        """Keep a mistake: what was found and what is allowed."""
        what = "nothing" if found is _MISSING else repr(_plain(found))
        self._mistakes.append(f"{self._where(key)}: {what} found, {allowed} is allowed")

    def only(self, keys: tuple[str, ...]) -> None:
        """Keep a mistake for each key that is none of these."""
        for key in self._content:
            if key not in keys:
                close = get_close_matches(key, keys, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                self._mistakes.append(
                    f"{self._where(key)}: unknown; {', '.join(keys)} are allowed{hint}"
                )

    def table(self, key: str, *, optional: bool = False) -> "Table":
        """Return the table under a key; empty, with one mistake, where it must be and is not."""
        found = self._content.get(key, _MISSING)
        if not isinstance(found, dict) and not (optional and found is _MISSING):
            self.wrong(key, found, "a table")
        content = found if isinstance(found, dict) else {}
        # A table that is not there is one mistake, not one for each of its keys.
        return Table(content, self._where(key), self._mistakes if content is found else [])

    @property
    def enabled(self) -> bool:
        """Whether the table is switched on, as it is unless it says otherwise."""
        found = self._content.get("enabled", True)
        if not isinstance(found, bool):
            self.wrong("enabled", found, "true or false")
        return found is True

    def has(self, key: str) -> bool:
        """Return whether the key is there."""
        return key in self._content

    def number(self, key: str) -> int:
        """Return a positive decimal, scaled."""
        found = self._content.get(key, _MISSING)
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            value = Decimal(found)
            if value.is_finite() and 0 < value <= _VALUE_MAX and value * E8 == int(value * E8):
                return int(value * E8)
        self.wrong(key, found, f"a number above 0, up to {_VALUE_MAX:,f}, with eight decimals")
        return 1

    def whole(self, key: str) -> int:
        """Return a positive integer."""
        found = self._content.get(key, _MISSING)
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= _VALUE_MAX:
            return found
        self.wrong(key, found, "a whole number from 1")
        return 1


def _plain(found: object) -> object:
    return float(found) if isinstance(found, Decimal) else found
