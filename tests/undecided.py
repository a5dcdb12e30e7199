"""Undecided ops for tests, from the files of ``kernels/ops`` and from scalar ops."""
# ruff: noqa: E501 (MLIR text)

from kernel_files import read_kernel, read_module
from xdsl.parser import Parser

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.universe import context

SOFTMAX = read_module("ops/softmax")
SOFTMAX_KERNEL = read_kernel("ops/softmax").text
HEADS = read_module("ops/attention_scores")
NORM = read_module("ops/row_norm")
NORM_KERNEL = read_kernel("ops/row_norm").text

MAPS = """
#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#column4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#row2 = affine_map<(d0, d1) -> (d1)>
#head2 = affine_map<(d0, d1) -> (d0)>
"""


def elementwise(shape: str, scalar: str, result: str = "%1", dtype: str = "f32") -> str:
    """One generic over a 2-d tensor with the given scalar ops on ``%in``."""
    tensor = f"tensor<{shape}x{dtype}>"
    return f"""
npu.undecided "elementwise" ins(%x : {tensor}) -> ({tensor}) {{
^bb0(%a: {tensor}):
  %e = tensor.empty() : {tensor}
  %d = linalg.generic {{indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}} ins(%a : {tensor}) outs(%e : {tensor}) {{
  ^bb1(%in: {dtype}, %out: {dtype}):
    {scalar}
    linalg.yield {result} : {dtype}
  }} -> {tensor}
  npu.yield %d : {tensor}
}}
"""


def undecided(text: str) -> UndecidedOp:
    """The op of a module, or of an op alone that uses ``%x`` as its input."""
    if "func.func" in text:
        return _op_of(text)
    start = text.index("ins(%x : ") + len("ins(%x : ")
    type_ = text[start : text.index(")", start)]
    body = "\n".join("  " + line for line in text.strip().splitlines())
    module_text = (
        f"{MAPS}\nfunc.func @main(%x: {type_}) {{\n  %r = {body.strip()}\n  func.return\n}}"
    )
    return _op_of(module_text)


def _op_of(text: str) -> UndecidedOp:
    parsed = Parser(context(), text).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))
