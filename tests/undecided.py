"""Undecided ops for tests, read from MLIR text."""
# ruff: noqa: E501 (MLIR text)

from xdsl.parser import Parser

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.universe import context

SOFTMAX = """
npu.undecided "softmax" ins(%x : tensor<1x4x64x32xf32>) -> (tensor<1x4x64x32xf32>) {
^bb0(%a: tensor<1x4x64x32xf32>):
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %columns = tensor.empty() : tensor<1x4x64x1xf32>
  %tile = tensor.empty() : tensor<1x4x64x32xf32>
  %start = linalg.fill ins(%lowest : f32) outs(%columns : tensor<1x4x64x1xf32>) -> tensor<1x4x64x1xf32>
  %none = linalg.fill ins(%zero : f32) outs(%columns : tensor<1x4x64x1xf32>) -> tensor<1x4x64x1xf32>
  %top = linalg.generic {indexing_maps = [#id4, #column4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%a : tensor<1x4x64x32xf32>) outs(%start : tensor<1x4x64x1xf32>) {
  ^bb1(%in: f32, %out: f32):
    %1 = arith.maximumf %in, %out : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x64x1xf32>
  %raised = linalg.generic {indexing_maps = [#id4, #column4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %top : tensor<1x4x64x32xf32>, tensor<1x4x64x1xf32>) outs(%tile : tensor<1x4x64x32xf32>) {
  ^bb1(%in: f32, %max: f32, %out: f32):
    %1 = arith.subf %in, %max : f32
    %2 = math.exp %1 : f32
    linalg.yield %2 : f32
  } -> tensor<1x4x64x32xf32>
  %sum = linalg.generic {indexing_maps = [#id4, #column4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%raised : tensor<1x4x64x32xf32>) outs(%none : tensor<1x4x64x1xf32>) {
  ^bb1(%in: f32, %out: f32):
    %1 = arith.addf %in, %out : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x64x1xf32>
  %share = linalg.generic {indexing_maps = [#id4, #column4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%raised, %sum : tensor<1x4x64x32xf32>, tensor<1x4x64x1xf32>) outs(%tile : tensor<1x4x64x32xf32>) {
  ^bb1(%in: f32, %total: f32, %out: f32):
    %1 = arith.divf %in, %total : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x64x32xf32>
  npu.yield %share : tensor<1x4x64x32xf32>
}
"""

SOFTMAX_KERNEL = """
across r in 0..256 step 8 {
a = load x0[r:8, 0:32] into ub
m = vreduce max a axis 1
d = vsub a, m
e = vexp d
s = vreduce sum e axis 1
o = vdiv e, s
store o into y0[r:8, 0:32]
}
"""
"""A kernel for ``SOFTMAX``."""

HEADS = """
npu.undecided "scores" ins(%x : tensor<2x64x1x128xf32>) -> (tensor<4x64x64xf32>) {
^bb0(%a: tensor<2x64x1x128xf32>):
  %zero = arith.constant 0.0 : f32
  %q0 = tensor.extract_slice %a[0, 0, 0, 0] [1, 64, 1, 128] [1, 1, 1, 1] : tensor<2x64x1x128xf32> to tensor<1x64x1x128xf32>
  %k0 = tensor.extract_slice %a[1, 0, 0, 0] [1, 64, 1, 128] [1, 1, 1, 1] : tensor<2x64x1x128xf32> to tensor<1x64x1x128xf32>
  %q1 = tensor.collapse_shape %q0 [[0, 1], [2, 3]] : tensor<1x64x1x128xf32> into tensor<64x128xf32>
  %k1 = tensor.collapse_shape %k0 [[0, 1], [2, 3]] : tensor<1x64x1x128xf32> into tensor<64x128xf32>
  %q = tensor.expand_shape %q1 [[0], [1, 2]] output_shape [64, 4, 32] : tensor<64x128xf32> into tensor<64x4x32xf32>
  %k = tensor.expand_shape %k1 [[0], [1, 2]] output_shape [64, 4, 32] : tensor<64x128xf32> into tensor<64x4x32xf32>
  %e = tensor.empty() : tensor<4x64x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64x64xf32>) -> tensor<4x64x64xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(h, i, j, d) -> (i, h, d)>, affine_map<(h, i, j, d) -> (j, h, d)>, affine_map<(h, i, j, d) -> (h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<64x4x32xf32>, tensor<64x4x32xf32>) outs(%f : tensor<4x64x64xf32>) {
  ^bb1(%l: f32, %r: f32, %out: f32):
    %1 = arith.mulf %l, %r : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x64x64xf32>
  npu.yield %s : tensor<4x64x64xf32>
}
"""

_FOLD = 'iterator_types = ["parallel", "reduction"]'
_EACH = 'iterator_types = ["parallel", "parallel"]'

NORM = f"""
npu.undecided "norm" ins(%x : tensor<64x60xf32>) -> (tensor<64x60xf32>) {{
^bb0(%a: tensor<64x60xf32>):
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 60.0 : f32
  %eps = arith.constant 1.0e-05 : f32
  %rows = tensor.empty() : tensor<64xf32>
  %tile = tensor.empty() : tensor<64x60xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<64xf32>) -> tensor<64xf32>
  %sum = linalg.generic {{indexing_maps = [#id2, #head2], {_FOLD}}} ins(%a : tensor<64x60xf32>) outs(%start : tensor<64xf32>) {{
  ^bb1(%in: f32, %out: f32):
    %1 = arith.addf %in, %out : f32
    linalg.yield %1 : f32
  }} -> tensor<64xf32>
  %centred = linalg.generic {{indexing_maps = [#id2, #head2, #id2], {_EACH}}} ins(%a, %sum : tensor<64x60xf32>, tensor<64xf32>) outs(%tile : tensor<64x60xf32>) {{
  ^bb1(%in: f32, %total: f32, %out: f32):
    %1 = arith.divf %total, %n : f32
    %2 = arith.subf %in, %1 : f32
    linalg.yield %2 : f32
  }} -> tensor<64x60xf32>
  %squares = linalg.generic {{indexing_maps = [#id2, #head2], {_FOLD}}} ins(%centred : tensor<64x60xf32>) outs(%start : tensor<64xf32>) {{
  ^bb1(%in: f32, %out: f32):
    %1 = arith.mulf %in, %in : f32
    %2 = arith.addf %1, %out : f32
    linalg.yield %2 : f32
  }} -> tensor<64xf32>
  %scaled = linalg.generic {{indexing_maps = [#id2, #head2, #id2], {_EACH}}} ins(%centred, %squares : tensor<64x60xf32>, tensor<64xf32>) outs(%tile : tensor<64x60xf32>) {{
  ^bb1(%in: f32, %total: f32, %out: f32):
    %1 = arith.divf %total, %n : f32
    %2 = arith.addf %1, %eps : f32
    %3 = math.rsqrt %2 : f32
    %4 = arith.mulf %in, %3 : f32
    linalg.yield %4 : f32
  }} -> tensor<64x60xf32>
  npu.yield %scaled : tensor<64x60xf32>
}}
"""

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
    """The op of a text that uses ``%x`` as its input."""
    start = text.index("ins(%x : ") + len("ins(%x : ")
    type_ = text[start : text.index(")", start)]
    body = "\n".join("  " + line for line in text.strip().splitlines())
    module = f"{MAPS}\nfunc.func @main(%x: {type_}) {{\n  %r = {body.strip()}\n  func.return\n}}"
    parsed = Parser(context(), module).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))
