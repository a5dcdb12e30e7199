"""The workloads of the simulator benchmark as linalg, for xDSL's interpreter, on small tensors.

That interpreter has no division and no reciprocal: both are written with exp and log.
"""

import time
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter
from xdsl.interpreters import register_implementations
from xdsl.interpreters.math import MathFunctions
from xdsl.interpreters.shaped_array import ShapedArray
from xdsl.interpreters.utils.ptr import TypedPtr
from xdsl.parser import Parser

from hawk_xdsl.universe import context

ROWS, COLUMNS, SIDE = 4, 64, 16
"""Extents of what it is given; times are scaled up by elements (rows) or products (matmul)."""

_MAPS = """
#tile = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#only = affine_map<(i) -> (i)>
"""


def _over_tile(inputs: str, outputs: str, body: str, reduction: bool) -> str:
    """One generic over the tile: operands ``%name`` or ``%name:row``, the last one written."""
    names = [*inputs.split(), outputs]
    maps = ", ".join("#row" if name.endswith(":row") else "#tile" for name in names)
    last = "reduction" if reduction else "parallel"
    tile, row = f"memref<{ROWS}x{COLUMNS}xf32>", f"memref<{ROWS}xf32>"
    types = [row if name.endswith(":row") else tile for name in names]
    values = [name.removesuffix(":row") for name in names]
    arguments = ", ".join(f"%v{i}: f32" for i in range(len(names)))
    return (
        f'linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "{last}"]}} '
        f"ins({', '.join(values[:-1])} : {', '.join(types[:-1])}) "
        f"outs({values[-1]} : {types[-1]}) {{\n^bb0({arguments}):\n{body}\n"
        "linalg.yield %r : f32\n}\n"
    )


def _over_rows(value: str, body: str) -> str:
    row = f"memref<{ROWS}xf32>"
    return (
        'linalg.generic {indexing_maps = [#only, #only], iterator_types = ["parallel"]} '
        f"ins({value} : {row}) outs({value} : {row}) {{\n^bb0(%v0: f32, %v1: f32):\n{body}\n"
        "linalg.yield %r : f32\n}\n"
    )


def _function(body: str) -> str:
    tile, row = f"memref<{ROWS}x{COLUMNS}xf32>", f"memref<{ROWS}xf32>"
    arguments = f"%x: {tile}, %y: {tile}, %m: {row}, %s: {row}"
    return f"{_MAPS}func.func @main({arguments}) {{\n{body}func.return\n}}\n"


SOFTMAX = _function(
    _over_tile("%x", "%m:row", "%r = arith.maximumf %v0, %v1 : f32", True)
    + _over_tile("%x %m:row", "%y", "%d = arith.subf %v0, %v1 : f32\n%r = math.exp %d : f32", False)
    + _over_tile("%y", "%s:row", "%r = arith.addf %v0, %v1 : f32", True)
    + _over_rows(
        "%s",
        "%l = math.log %v0 : f32\n%z = arith.constant 0.0 : f32\n"
        "%n = arith.subf %z, %l : f32\n%r = math.exp %n : f32",
    )
    + _over_tile("%y %s:row", "%y", "%r = arith.mulf %v0, %v1 : f32", False)
)

LAYER_NORM = _function(
    _over_tile("%x", "%m:row", "%r = arith.addf %v0, %v1 : f32", True)
    + _over_rows("%m", f"%c = arith.constant {1 / COLUMNS} : f32\n%r = arith.mulf %v0, %c : f32")
    + _over_tile("%x %m:row", "%y", "%r = arith.subf %v0, %v1 : f32", False)
    + _over_tile(
        "%y", "%s:row", "%q = arith.mulf %v0, %v0 : f32\n%r = arith.addf %q, %v1 : f32", True
    )
    + _over_rows(
        "%s",
        f"%c = arith.constant {1 / COLUMNS} : f32\n%e = arith.constant 1.0e-05 : f32\n"
        "%h = arith.constant -0.5 : f32\n%p = arith.mulf %v0, %c : f32\n"
        "%q = arith.addf %p, %e : f32\n%l = math.log %q : f32\n"
        "%w = arith.mulf %h, %l : f32\n%r = math.exp %w : f32",
    )
    + _over_tile("%y %s:row", "%y", "%r = arith.mulf %v0, %v1 : f32", False)
)

MATMUL = f"""
func.func @main(%a: memref<{SIDE}x{SIDE}xf32>, %b: memref<{SIDE}x{SIDE}xf32>,
                %c: memref<{SIDE}x{SIDE}xf32>) {{
  linalg.matmul ins(%a, %b : memref<{SIDE}x{SIDE}xf32>, memref<{SIDE}x{SIDE}xf32>)
                outs(%c : memref<{SIDE}x{SIDE}xf32>)
  func.return
}}
"""


@dataclass(frozen=True)
class Program:
    """A program with its arguments' shapes, and how much work one run does."""

    text: str
    shapes: tuple[tuple[int, ...], ...]
    work: int

    def seconds(self, work: int) -> float:
        """The time of an amount of work, scaled up from one run of the small program."""
        module = Parser(context(), self.text).parse_module()
        assert isinstance(module, ModuleOp)
        interpreter = Interpreter(module)
        register_implementations(interpreter, context())
        interpreter.register_implementations(MathFunctions())  # not among the default ones
        arrays: list[ShapedArray[float]] = []
        for shape in self.shapes:
            size = shape[0] * (shape[1] if len(shape) > 1 else 1)
            values = [1.0 + number / size for number in range(size)]
            arrays.append(ShapedArray(TypedPtr.new_float32(values), list(shape)))
        start = time.perf_counter()
        interpreter.call_op("main", tuple(arrays))
        return (time.perf_counter() - start) * work / self.work


_TILE = ((ROWS, COLUMNS), (ROWS, COLUMNS), (ROWS,), (ROWS,))

PROGRAMS = {
    "softmax": Program(SOFTMAX, _TILE, ROWS * COLUMNS),
    "layer norm": Program(LAYER_NORM, _TILE, ROWS * COLUMNS),
    "matmul": Program(MATMUL, ((SIDE, SIDE),) * 3, SIDE**3),
}
