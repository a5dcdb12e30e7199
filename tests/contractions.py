"""Undecided contractions of every form, and what templates make of them."""

from xdsl.parser import Parser

from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.knowledge_store import Entry, load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")


TEMPLATES = (
    "cube-output-stationary",
    "cube-split-k",
    "cube-stationary-operand",
    "cube-stationary-panels",
)


def entry(name: str = TEMPLATES[0]) -> Entry:
    return next(e for e in load_seed_entries() if e.name == name)


def request(op: UndecidedOp, name: str = TEMPLATES[0]) -> Request:
    return Request(entry(name), specify(op), None, TARGET)


def contraction(
    lhs: str,
    rhs: str,
    out: str,
    maps: str,
    loops: str,
    dtypes: tuple[str, str] = ("f32", "f32"),
    least: str = "",
) -> UndecidedOp:
    """``lhs`` and the like are shapes such as ``4x8``; ``loops`` has p or r for each loop.

    With ``least`` the result is the maximum of the sum and this number.
    """
    factor, result = dtypes
    kinds = ", ".join('"parallel"' if kind == "p" else '"reduction"' for kind in loops)
    left, right = f"tensor<{lhs}x{factor}>", f"tensor<{rhs}x{factor}>"
    written = f"tensor<{out}x{result}>"
    integer = result.startswith("i")
    widen = "arith.extsi" if integer else "arith.extf"
    mul, add = ("arith.muli", "arith.addi") if integer else ("arith.mulf", "arith.addf")
    cast = [f"%{n} = {widen} %{n[0]} : {factor} to {result}" for n in ("lw", "rw")]
    names = ("%lw", "%rw") if factor != result else ("%l", "%r")
    widened = "\n".join(cast) if factor != result else ""
    module = f"""
func.func @main(%x: {left}, %w: {right}) {{
  %y = npu.undecided "contraction" ins(%x, %w : {left}, {right}) -> ({written}) {{
  ^bb0(%a: {left}, %b: {right}):
    %zero = arith.constant {"0" if integer else "0.0"} : {result}
    %e = tensor.empty() : {written}
    %f = linalg.fill ins(%zero : {result}) outs(%e : {written}) -> {written}
    %s = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}
      ins(%a, %b : {left}, {right}) outs(%f : {written}) {{
    ^bb1(%l: {factor}, %r: {factor}, %o: {result}):
      {widened}
      %p = {mul} {names[0]}, {names[1]} : {result}
      %q = {add} %o, %p : {result}
      linalg.yield %q : {result}
    }} -> {written}
    {_maximum("%s", least, out, result) if least else ""}
    npu.yield {"%t" if least else "%s"} : {written}
  }}
  func.return
}}"""
    parsed = Parser(context(), module).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))


def _maximum(of: str, least: str, shape: str, dtype: str) -> str:
    """``%t``, the elementwise maximum of a tensor and a number."""
    tensor, axes = f"tensor<{shape}x{dtype}>", shape.count("x") + 1
    indices = ", ".join(f"d{axis}" for axis in range(axes))
    identity = f"affine_map<({indices}) -> ({indices})>"
    kinds = ", ".join(['"parallel"'] * axes)
    return f"""%least = arith.constant {least} : {dtype}
    %t = linalg.generic {{indexing_maps = [{identity}, {identity}], iterator_types = [{kinds}]}}
      ins({of} : {tensor}) outs(%e : {tensor}) {{
    ^bb1(%v: {dtype}, %o: {dtype}):
      %u = arith.maximumf %v, %least : {dtype}
      linalg.yield %u : {dtype}
    }} -> {tensor}"""


def maps(loops: str, *results: str) -> str:
    return ", ".join(f"affine_map<({loops}) -> ({result})>" for result in results)


def finish(kernel: KernelOp) -> None:
    finish_kernel(kernel, TARGET)


def check(op: UndecidedOp, name: str = TEMPLATES[0]) -> tuple[Candidate, Verdict]:
    """The best candidate and what the gate says of it."""
    specification = specify(op)
    best = candidates(request(op, name))[0]
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    return best, gate.check(best.text)


MATMUL = maps("m, n, k", "m, k", "k, n", "m, n")
CASES = {
    "plain": ("37x61", "61x53", "37x53", MATMUL, "ppr"),
    "transposed": ("61x37", "53x61", "37x53", maps("m, n, k", "k, m", "n, k", "m, n"), "ppr"),
    "written transposed": ("37x61", "61x53", "53x37",
                           maps("m, n, k", "m, k", "k, n", "n, m"), "ppr"),
    "row": ("1x64", "64x48", "1x48", MATMUL, "ppr"),
    "column": ("48x64", "64x1", "48x1", MATMUL, "ppr"),
    "vector": ("48x64", "64", "48", maps("m, k", "m, k", "k", "m"), "pr"),
    "tiny": ("3x7", "7x5", "3x5", MATMUL, "ppr"),
    "batched": ("3x19x29", "3x29x23", "3x19x23",
                maps("b, m, n, k", "b, m, k", "b, k, n", "b, m, n"), "pppr"),
    "heads last": ("2x20x24", "17x2x24", "20x17x2",
                   maps("h, m, n, k", "h, m, k", "n, h, k", "m, n, h"), "pppr"),
    "two summed axes": ("33x6x20", "20x6x40", "33x40",
                        maps("m, n, j, k", "m, j, k", "k, j, n", "m, n"), "pprr"),
    "convolution": ("2x12x13x11", "20x12x3x3", "2x20x11x9",
                    maps("b, o, y, x, c, u, v", "b, c, y + u, x + v", "o, c, u, v",
                         "b, o, y, x"), "pppprrr"),
    "strided": ("12x13x11", "20x12x3x3", "20x6x5",
                maps("o, y, x, c, u, v", "c, 2 * y + u, 2 * x + v", "o, c, u, v", "o, y, x"),
                "ppprrr"),
    "dilated": ("8x30", "16x8x3", "16x26",
                maps("o, x, c, v", "c, x + 2 * v", "o, c, v", "o, x"), "pprr"),
    "grouped": ("4x3x9x8", "4x5x3x3x3", "4x5x7x6",
                maps("g, o, y, x, c, u, v", "g, c, y + u, x + v", "g, o, c, u, v",
                     "g, o, y, x"), "pppprrr"),
}  # fmt: skip
