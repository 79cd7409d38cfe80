"""Records that were seen before, in bounded memory."""

from typing import Final

KEPT: Final = 65_536
"""At least so many ids are remembered, and less than twice as many: an hour of a quiet market."""


class Doubles:
    """Remembers the last ids in two generations; the older is forgotten as the younger fills."""

    __slots__ = ("_kept", "_old", "_young")

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._young) + len(self._old)

    def seen(self, key: bytes) -> bool:
        """Take in an id; return whether it was there before."""
        young = self._young
        if key in young or key in self._old:
            return True
        young.add(key)
        if len(young) >= self._kept:
            self._old, self._young = young, set()
        return False
