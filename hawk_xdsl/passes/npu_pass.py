"""What the passes share: what is wrong is told in one line, also under the stock ``xdsl-opt``."""

import sys
from types import TracebackType
from typing import Self

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec

from hawk_xdsl.errors import HawkError
from hawk_xdsl.passes.pass_error import PassError


class NpuPass(ModulePass):
    """A pass of this package."""

    @classmethod
    def from_spec(cls, spec: ArgSpec) -> Self:
        """The pass with its options. Raises ``PassError`` for one that it does not have."""
        try:
            return super().from_spec(spec)
        except ValueError as error:
            raise PassError(f"{cls.name}: {error}") from None


def report_errors_in_one_line() -> None:
    """Makes Python's report of an uncaught ``HawkError`` one line; all others stay as they were.

    ``xdsl-opt`` lets errors of passes through, so that a user would see a traceback of ours.
    """
    if sys.excepthook is not _one_line:
        _earlier.append(sys.excepthook)
        sys.excepthook = _one_line


_earlier = [sys.excepthook]


def _one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, HawkError):
        print(f"error: {error}", file=sys.stderr)
    else:
        _earlier[-1](kind, error, trace)
