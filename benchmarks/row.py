"""What a benchmark reports."""

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of ours beside the same work by the bare library, measured in one run."""

    what: str
    ours: float
    raw: float | None
    """None where there is nothing bare to compare with."""
    unit: str
    raw_what: str = ""
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over raw."""
        return None if not self.raw else self.ours / self.raw
