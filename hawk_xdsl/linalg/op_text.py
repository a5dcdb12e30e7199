"""An undecided op as a text of its own, so that it can be kept and decided again."""

import io

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region
from xdsl.printer import Printer

from hawk_xdsl.dialects.npu import UndecidedOp


def op_as_text(op: UndecidedOp) -> str:
    """A module with one function ``main`` that holds a copy of the op and gives its results."""
    block = Block(arg_types=[value.type for value in op.inputs])
    copy = op.clone(dict(zip(op.inputs, block.args, strict=True)))
    block.add_ops([copy, ReturnOp(*copy.results)])
    types = ([value.type for value in op.inputs], list(op.result_types))
    module = ModuleOp([FuncOp("main", types, Region(block))])
    stream = io.StringIO()
    # The generic form: named linalg ops do not all read back from their own.
    Printer(stream, print_generic_format=True).print_op(module)
    return stream.getvalue() + "\n"
