"""What passes between xDSL and the vendor's tools: MLIR in its generic form."""

import io
import re

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer

from hawk_xdsl.ir_text import read_module

_MODULE_ATTRIBUTES = re.compile(r"^\}\) \{dlti\..*\} : \(\) -> \(\)$", re.MULTILINE)
"""What the vendor's tools say of the device after a module, in a form that xDSL does not know."""


def mixed_text(module: ModuleOp) -> str:
    """A module as it is exported: custom forms where xDSL's are the vendor's, else generic ones."""
    stream = io.StringIO()
    Printer(stream).print_op(module)
    return stream.getvalue() + "\n"


def read_vendor_module(text: str, what: str) -> ModuleOp:
    """A module that one of the vendor's tools printed in generic form, without what it says of the
    device. Raises ``ReadError``.
    """
    return read_module(_MODULE_ATTRIBUTES.sub("}) : () -> ()", text), "<vendor>", what)
