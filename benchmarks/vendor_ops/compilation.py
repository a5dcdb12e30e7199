"""The vendor's compiler, up to the calls of its op library."""

import re
import subprocess
import tempfile
from pathlib import Path

from hawk_xdsl.vendor.tools import tool

STEP = "convert-hivm-to-std"
"""The last step before the compiler's closed back end."""


class VendorError(RuntimeError):
    """The vendor's compiler refused a kernel; its own first message."""


def compile_kernel(text: str, seconds: float = 60) -> str:
    """The calls of the library that a HIVM kernel becomes, in MLIR's generic form.

    Raises ``VendorError`` if the compiler does not get that far.
    """
    options = ["-enable-hivm-compile=true", "--target=Ascend910B1", "--mlir-print-op-generic"]
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder) / "kernel.mlir"
        kernel.write_text(text)
        command = [tool("bishengir-compile"), *options, f"--mlir-print-ir-after={STEP}", kernel]
        command += ["-o", Path(folder) / "kernel.o"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    found = re.search(rf"IR Dump After [^\n]*{STEP}[^\n]*\n(.*?)\n\n", done.stderr, re.S)
    if found is None:
        wrong = [line for line in done.stderr.splitlines() if "error:" in line]
        said = wrong[0] if wrong else f"ends with {done.returncode}"
        raise VendorError(re.sub(r"^loc\([^)]*\): |^[^:]*:\d+:\d+: ", "", said).strip())
    return found[1]
