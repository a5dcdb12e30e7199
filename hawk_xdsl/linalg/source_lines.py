"""Where in the model an op is from: a file and a line, kept as an attribute of the op."""

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

SOURCE = "npu.source"
"""The attribute: ``"model.py:12"``, several parted by commas."""


def source_of(op: Operation) -> str:
    """File and line of the model, ``""`` where it is not known."""
    found = op.attributes.get(SOURCE)
    return found.data if isinstance(found, StringAttr) else ""
