"""Whether the replacement of a rewrite entry is what it replaces, within the error it claims."""

from hawk_xdsl.entry_check.check import (
    QUICK,
    THOROUGH,
    Finding,
    MeasuredError,
    check_entry,
    contradiction,
)

__all__ = [
    "QUICK",
    "THOROUGH",
    "Finding",
    "MeasuredError",
    "check_entry",
    "contradiction",
]
