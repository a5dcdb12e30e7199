"""The operators that are compared: cases of the suite, fixed in ``vendor_operators.toml``."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.bench.suite import Case, load_suite

LIST = Path(__file__).parent.parent / "vendor_operators.toml"
SUITE = Path(__file__).parent.parent / "operators.py"


@dataclass(frozen=True)
class Compared:
    """An operator in the list: its family there, and its case in the suite."""

    family: str
    case: Case

    @property
    def name(self) -> str:
        """Such as ``softmax f32``."""
        return f"{self.case.operator.name} {self.case.dtype}"


def compared() -> list[Compared]:
    """All operators of the list, in its order."""
    suite = {operator.name: operator for operator in load_suite(SUITE).operators}
    given = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [
        Compared(family, Case(suite[name], given["shape"], dtype))
        for family, rows in given["families"].items()
        for name, dtype in (row.split() for row in rows)
    ]


def list_digest() -> str:
    """Of the list and the suite: rows of another one are not resumed."""
    return hashlib.sha256(LIST.read_bytes() + SUITE.read_bytes()).hexdigest()[:16]
