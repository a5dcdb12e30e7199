"""One run of an executable of the vendor's: its output, or its own message in one line."""

import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.vendor.tools import tool

SECONDS = 60.0
"""How long a run may take; one takes 0.05 to 0.5 s."""

_PLACE = re.compile(r"^.*?\berror: ")
_SUMMARY = "Failed to run BiSheng"
"""What the vendor's compiler says beside every reason."""

_LONGEST = 300


class VendorToolError(HawkError):
    """An executable of the vendor's refused its input, crashed or did not end.

    Attributes:
        tool: the executable.
        reason: its own message, or what became of it.
    """

    def __init__(self, tool_name: str, reason: str) -> None:
        self.tool, self.reason = tool_name, reason
        super().__init__(f"{tool_name}: {reason}")


@dataclass(frozen=True)
class Ran:
    """What a run left: its exit status, and both of its outputs."""

    status: int
    output: str
    errors: str


def run_tool(name: str, arguments: Sequence[str], text: str, *, seconds: float = SECONDS) -> Ran:
    """Runs an executable on a file that holds ``text``, in a folder that is gone afterwards.

    Raises:
        VendorToolError: it did not end in time, or a signal ended it.
        NoVendorToolsError: it is not installed.
    """
    program = tool(name)
    with tempfile.TemporaryDirectory(prefix="hawk-vendor-") as folder:
        source = Path(folder) / "kernel.mlir"
        source.write_text(text, encoding="utf-8")
        command = [str(program), str(source), *arguments, "-o", str(Path(folder) / "out")]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise VendorToolError(name, f"did not end within {seconds:g} s") from None
        made = Path(folder) / "out"
        output = made.read_text(encoding="utf-8", errors="replace") if made.is_file() else ""
    errors = done.stderr.decode(errors="replace")
    if done.returncode < 0:
        ended = signal.Signals(-done.returncode).name
        raise VendorToolError(name, f"crashed ({ended}): {message_of(errors)}")
    return Ran(done.returncode, output, errors)


def message_of(errors: str) -> str:
    """The line of an error output that says why, without places and folders."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    lines = [line for line in lines if _SUMMARY not in line] or lines
    for mark in ("Assertion", "LLVM ERROR", "error: "):
        for line in lines:
            if mark in line:
                return _PLACE.sub("", line)[:_LONGEST]
    return lines[-1][:_LONGEST] if lines else "no message"
