"""The boundary to files: whatever goes wrong while one is read or written becomes one typed line.

``reading`` and ``writing`` name the kinds of errors that files cause, and no others: a mistake in
our own code stays a traceback. Values of unknown origin go through :mod:`hawk_xdsl.files.typed`.
"""

import json
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hawk_xdsl.errors import HawkError, ReadError, WriteError

LONGEST_REASON = 300
"""Characters of somebody else's message that are shown."""

FILE_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    RecursionError,
    MemoryError,
)
"""What reading a file raises. ``ValueError`` is the base of the errors of UTF-8, JSON, TOML, numpy
and :mod:`hawk_xdsl.files.typed`; deep nesting is a ``RecursionError``, a vast size a
``MemoryError``."""

FOREIGN_ERRORS: tuple[type[Exception], ...] = (
    *FILE_ERRORS,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    ImportError,
    RuntimeError,
)
"""What a parser or loader that is not ours raises on damaged input; only around calls of such."""


@contextmanager
def reading(
    file: str | Path,
    what: str,
    *,
    todo: str = "",
    errors: tuple[type[Exception], ...] = FILE_ERRORS,
    kind: type[HawkError] = ReadError,
) -> Generator[None]:
    """Turns what a read raises into one line: the file, what could not be read, why, what to do.

    Args:
        file: the file or directory.
        what: what it should hold, such as ``the report``.
        todo: what the user may do about it.
        errors: the kinds of errors that are the file's fault.
        kind: the error that is raised; a ``HawkError`` from inside passes as it is.
    """
    try:
        yield
    except HawkError:
        raise
    except errors as error:
        ending = f"; {todo}" if todo else ""
        raise kind(f"cannot read {what}: {reason_of(error)}{ending}", file=str(file)) from error


@contextmanager
def writing(file: str | Path, what: str) -> Generator[None]:
    """Turns what a write raises into one line with the file. Raises ``WriteError``."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"cannot write {what}: {reason_of(error)}", file=str(file)) from error


def reason_of(error: BaseException) -> str:
    """What an error says, in one line of at most ``LONGEST_REASON`` characters."""
    match error:
        case OSError(strerror=str(text)):
            return text
        case UnicodeDecodeError():
            return f"not UTF-8 text (byte {error.start})"
        case json.JSONDecodeError():
            return f"not JSON: {error.msg} (line {error.lineno})"
        case tomllib.TOMLDecodeError():
            return f"not a TOML file: {error}"
        case RecursionError():
            return "nested too deeply"
        case MemoryError():
            return "too large for the memory"
        case _:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return lines[0][:LONGEST_REASON] if lines else type(error).__name__
