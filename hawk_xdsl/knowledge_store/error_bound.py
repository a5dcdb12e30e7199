"""How far the replacement of a rewrite may be from what it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorBound:
    """|given - right| ≤ ``absolute`` + ``relative`` · |right| + ``ulp`` units in the last place.

    Units are those of the dtype that is computed in (f32; f16 and bf16 results are rounded once
    more). All zero says: exact, special values included.
    """

    absolute: float = 0.0
    relative: float = 0.0
    ulp: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether nothing is off."""
        return not (self.absolute or self.relative or self.ulp)

    def __str__(self) -> str:
        parts = [f"{self.absolute:g} absolute"] if self.absolute else []
        parts += [f"{self.relative:g} relative"] if self.relative else []
        parts += [f"{self.ulp:g} ulp"] if self.ulp else []
        return " + ".join(parts) or "exact"


def error_bound(value: object) -> ErrorBound | None:
    """Reads ``{ absolute = 1e-7, relative = 1e-6, ulp = 2 }``; ``None`` if it is no such table."""
    if not isinstance(value, Mapping) or not value:
        return None
    known = {"absolute": 0.0, "relative": 0.0, "ulp": 0.0}
    for key, number in value.items():
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if key not in known or not is_number or not 0 < number < float("inf"):
            return None
        known[str(key)] = float(number)
    return ErrorBound(**known)
