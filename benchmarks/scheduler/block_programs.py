"""Operators as block programs, the form that Triton programs reach the vendor's compiler in.

Each block takes tiles in turn; a tile is copied, computed on as tensors, and written back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.named_ops import NamedFunction

DEVICE = "hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>"
PROGRAM = (
    ", ".join(f"%g{i}: i32" for i in range(3)) + ", " + ", ".join(f"%p{i}: i32" for i in range(3))
)
"""The grid and the program's place in it, which every such program is given last."""


@dataclass(frozen=True)
class Argument:
    """An argument in global memory: its shape, its dtype, and whether tiles are rows of it."""

    shape: Sequence[int]
    element: str
    tiled: bool

    @property
    def type(self) -> str:
        """As MLIR writes it."""
        return memref(self.shape, self.element)


def memref(shape: Sequence[int], element: str, layout: str = "") -> str:
    """The type of a buffer."""
    return "memref<" + "".join(f"{extent}x" for extent in shape) + element + layout + ">"


def rows_program(
    tile: NamedFunction,
    inputs: Sequence[Argument],
    outputs: Sequence[Argument],
    rows: int,
    blocks: int,
) -> str:
    """A function on some rows, for all rows of its arguments, groups of them in turn."""
    lines: list[str] = []
    total = inputs[0].shape[0] if inputs[0].tiled else next(i for i in inputs if i.tiled).shape[0]
    lines += _counted(total // rows, blocks)
    names = [name for name, _ in tile.arguments]
    for name, given in zip(names, inputs, strict=True):
        if not given.tiled:
            lines += _loaded(name, f"{name}_all", given.type, given.shape, given.element)
    lines.append("scf.for %i = %block to %tiles step %blocks {")
    lines.append(f"%size = arith.constant {rows} : index")
    lines.append("%row = arith.muli %i, %size : index")
    for name, given in zip(names, inputs, strict=True):
        if given.tiled:
            part, type_, view = _part(f"{name}_all", given, rows)
            lines += view
            lines += _loaded(name, part, type_, [rows, *given.shape[1:]], given.element)
    lines += tile.lines
    for place, ((value, type_), out) in enumerate(zip(tile.results, outputs, strict=True)):
        part, into, view = _part(f"%out{place}", out, rows)
        lines += view
        lines.append(
            f"bufferization.materialize_in_destination {value} in writable {part} : "
            f"({type_}, {into}) -> ()"
        )
    lines.append("}")
    return _function(names, inputs, outputs, lines, "aiv")


@dataclass(frozen=True)
class Product:
    """A matrix product of a batch, ``b`` transposed or not, and the tiles of its program."""

    batch: int
    m: int
    n: int
    k: int
    element: str
    out: str
    turned: bool
    tiles: tuple[int, int, int]


def product_program(given: Product, blocks: int) -> str:
    """Tiles of the result in turn; its factors' tiles are loaded along k."""
    tm, tn, tk = given.tiles
    a = _batched(given, [given.m, given.k])
    b = _batched(given, [given.n, given.k] if given.turned else [given.k, given.n])
    across, down = given.n // tn, given.m // tm
    lines = _counted(given.batch * down * across, blocks)
    for name, number in (("c0", 0), ("cm", tm), ("cn", tn), ("ck", tk), ("k", given.k),
                         ("across", across), ("each", across * down)):  # fmt: skip
        lines.append(f"%{name} = arith.constant {number} : index")
    lines.append("%zero = arith.constant 0.0 : f32")
    lines += [
        "scf.for %i = %block to %tiles step %blocks {",
        "%s = arith.divsi %i, %each : index",
        "%j = arith.remsi %i, %each : index",
        "%im = arith.divsi %j, %across : index",
        "%in = arith.remsi %j, %across : index",
        "%m = arith.muli %im, %cm : index",
        "%n = arith.muli %in, %cn : index",
        f"%e = tensor.empty() : tensor<{tm}x{tn}xf32>",
        f"%z = linalg.fill ins(%zero : f32) outs(%e : tensor<{tm}x{tn}xf32>) -> "
        f"tensor<{tm}x{tn}xf32>",
        f"%r = scf.for %l = %c0 to %k step %ck iter_args(%acc = %z) -> (tensor<{tm}x{tn}xf32>) {{",
    ]
    b_tile, b_at = ([tn, tk], ["%n", "%l"]) if given.turned else ([tk, tn], ["%l", "%n"])
    lines += _matrix("%a", "%a_all", a, given, [tm, tk], ["%m", "%l"])
    lines += _matrix("%b", "%b_all", b, given, b_tile, b_at)
    factor = "%b"
    if given.turned:
        lines += [
            f"%be = tensor.empty() : tensor<{tk}x{tn}x{given.element}>",
            f"%bt = linalg.transpose ins(%b : tensor<{tn}x{tk}x{given.element}>) "
            f"outs(%be : tensor<{tk}x{tn}x{given.element}>) permutation = [1, 0]",
        ]
        factor = "%bt"
    kinds = [f"tensor<{x}x{y}x{given.element}>" for x, y in ((tm, tk), (tk, tn))]
    lines += [
        f"%p = linalg.matmul ins(%a, {factor} : {kinds[0]}, {kinds[1]}) "
        f"outs(%acc : tensor<{tm}x{tn}xf32>) -> tensor<{tm}x{tn}xf32>",
        f"scf.yield %p : tensor<{tm}x{tn}xf32>",
        "}",
    ]
    value = "%r"
    if given.out != "f32":
        lines.append(
            f"%q = arith.truncf %r : tensor<{tm}x{tn}xf32> to tensor<{tm}x{tn}x{given.out}>"
        )
        value = "%q"
    out = _batched(given, [given.m, given.n], given.out)
    view, type_ = _view("%c_view", "%out0", out, given.batch, [tm, tn], ["%m", "%n"])
    lines += [
        view,
        f"bufferization.materialize_in_destination {value} in writable %c_view : "
        f"(tensor<{tm}x{tn}x{given.out}>, {type_}) -> ()",
        "}",
    ]
    return _function(["%a", "%b"], [a, b], [out], lines, "mix")


def _counted(tiles: int, blocks: int) -> list[str]:
    return [
        f"%tiles = arith.constant {tiles} : index",
        f"%blocks = arith.constant {blocks} : index",
        "%number = hivm.hir.get_block_idx -> i64",
        "%block = arith.index_cast %number : i64 to index",
    ]


def _loaded(name: str, source: str, type_: str, shape: Sequence[int], element: str) -> list[str]:
    """A copy of a view as a tensor."""
    buffer = memref(shape, element)
    return [
        f"{name}_buffer = memref.alloc() : {buffer}",
        f"memref.copy {source}, {name}_buffer : {type_} to {buffer}",
        f"{name} = bufferization.to_tensor {name}_buffer restrict writable : {buffer}",
    ]


def _part(source: str, given: Argument, rows: int) -> tuple[str, str, list[str]]:
    """Some rows of an argument, from ``%row`` on: the name, the type, and the line."""
    inner = [int(extent) for extent in given.shape[1:]]
    strides = [1]
    for extent in reversed(inner):
        strides.insert(0, strides[0] * extent)
    layout = f", strided<[{', '.join(map(str, strides))}], offset: ?>"
    type_ = memref([rows, *inner], given.element, layout)
    starts = ", ".join(["%row", *["0"] * len(inner)])
    sizes = ", ".join(map(str, [rows, *inner]))
    steps = ", ".join(["1"] * (1 + len(inner)))
    line = (
        f"{source}_part = memref.subview {source}[{starts}] [{sizes}] [{steps}] : "
        f"{given.type} to {type_}"
    )
    return f"{source}_part", type_, [line]


def _batched(given: Product, shape: list[int], element: str | None = None) -> Argument:
    full = [given.batch, *shape] if given.batch > 1 else shape
    return Argument(full, element or given.element, True)


def _matrix(
    name: str, source: str, given: Argument, product: Product, tile: list[int], at: list[str]
) -> list[str]:
    view, type_ = _view(f"{name}_view", source, given, product.batch, tile, at)
    return [view, *_loaded(name, f"{name}_view", type_, tile, given.element)]


def _view(
    name: str, source: str, given: Argument, batch: int, tile: list[int], at: list[str]
) -> tuple[str, str]:
    first = ["%s"] if batch > 1 else []
    ones = ["1"] * len(first)
    starts = ", ".join([*first, *at])
    sizes = ", ".join([*ones, *map(str, tile)])
    steps = ", ".join([*ones, "1", "1"])
    layout = f", strided<[{given.shape[-1]}, 1], offset: ?>"
    type_ = memref(tile, given.element, layout)
    return (
        f"{name} = memref.subview {source}[{starts}] [{sizes}] [{steps}] : {given.type} to {type_}",
        type_,
    )


def _function(
    names: Sequence[str], inputs: Sequence[Argument], outputs: Sequence[Argument],
    lines: Sequence[str], mode: str,
) -> str:  # fmt: skip
    given = [
        f"{n}_all: {i.type} {{tt.tensor_kind = 0 : i32}}"
        for n, i in zip(names, inputs, strict=True)
    ]
    made = [f"%out{p}: {o.type} {{tt.tensor_kind = 1 : i32}}" for p, o in enumerate(outputs)]
    head = ", ".join([*given, *made, PROGRAM])
    attributes = f'global_kernel = "local", mix_mode = "{mode}", {DEVICE}'
    body = "\n".join(f"    {line.strip()}" for line in lines)
    return (
        f"module {{\n  func.func @k({head}) attributes {{{attributes}}} {{\n{body}\n"
        "    return\n  }\n}\n"
    )
