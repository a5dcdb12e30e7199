"""Composed kernels of integers against numpy, over the full width."""

from collections.abc import Callable

import numpy as np

from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources

SETTINGS = Settings(sources=Sources.COMPOSITION, budget=Budget(tuning=0, patience=0))


Array = np.ndarray


EDGES = {
    "i8": [0, 1, -1, 7, -7, 100, -100, 127, -128],
    "i16": [0, 1, -1, 7, -7, 255, -256, 32767, -32768],
    "i32": [0, 1, -1, 7, -7, 2**24 + 1, -(2**24) - 1, 2**31 - 1, -(2**31), 2**31 - 2, 1 - 2**31],
}


NUMPY = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64}


def drawn(dtype: str, *shape: int, seed: int = 0) -> Array:
    """Integers over the full width and of every magnitude, the edges among them."""
    random, bits = np.random.default_rng(seed), int(dtype[1:])
    values = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), shape) >> random.integers(
        0, bits, shape
    )
    edges = random.choice(EDGES[dtype], shape)
    return np.where(random.random(shape) < 0.4, edges, values).astype(NUMPY[dtype])


def elementwise(body: str, ins: str, out: str, shape: str = "7x40") -> str:
    """``func @main`` of one generic op: ``body`` computes %r from %a and %b."""
    dtypes = ins.split()
    names = ["a", "b"][: len(dtypes)]
    count, identity = len(dtypes) + 1, "affine_map<(d0, d1) -> (d0, d1)>"
    arguments = ", ".join(f"%x{n}: tensor<{shape}x{d}>" for n, d in zip(names, dtypes, strict=True))
    types = ", ".join(f"tensor<{shape}x{d}>" for d in dtypes)
    block = ", ".join(f"%{n}: {d}" for n, d in zip(names, dtypes, strict=True))
    return f"""func.func @main({arguments}) -> tensor<{shape}x{out}> {{
  %e = tensor.empty() : tensor<{shape}x{out}>
  %y = linalg.generic {{indexing_maps = [{", ".join([identity] * count)}],
      iterator_types = ["parallel", "parallel"]}}
      ins({", ".join(f"%x{n}" for n in names)} : {types}) outs(%e : tensor<{shape}x{out}>) {{
  ^bb0({block}, %o: {out}):
    {body}
    linalg.yield %r : {out}
  }} -> tensor<{shape}x{out}>
  return %y : tensor<{shape}x{out}>
}}"""


def reduction_of(combine: str, start: int, dtype: str, shape: str, axis: int) -> str:
    """``func @main`` of one reduction along an axis of a matrix."""
    rows, columns = shape.split("x")
    kept = rows if axis == 1 else columns
    kinds = ["parallel", "parallel"]
    kinds[axis] = "reduction"
    return f"""func.func @main(%x: tensor<{shape}x{dtype}>) -> tensor<{kept}x{dtype}> {{
  %c = arith.constant {start} : {dtype}
  %e = tensor.empty() : tensor<{kept}x{dtype}>
  %f = linalg.fill ins(%c : {dtype}) outs(%e : tensor<{kept}x{dtype}>) -> tensor<{kept}x{dtype}>
  %y = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>,
      affine_map<(d0, d1) -> (d{1 - axis})>], iterator_types = ["{kinds[0]}", "{kinds[1]}"]}}
      ins(%x : tensor<{shape}x{dtype}>) outs(%f : tensor<{kept}x{dtype}>) {{
  ^bb0(%a: {dtype}, %o: {dtype}):
    %r = {combine} %a, %o : {dtype}
    linalg.yield %r : {dtype}
  }} -> tensor<{kept}x{dtype}>
  return %y : tensor<{kept}x{dtype}>
}}"""


def check(text: str, wanted: Callable[..., Array], *sets: tuple[Array, ...]) -> None:
    """A composed kernel gives exactly what numpy does, for every set of inputs."""
    compiled = compile_program(import_mlir_text(text), settings=SETTINGS)
    assert compiled.report[0].source in ("template", "reused")
    for inputs in sets:
        with np.errstate(all="ignore"):
            [right] = [wanted(*inputs)]
        np.testing.assert_array_equal(compiled(*inputs)[0], right)


def pairs(dtype: str, *shape: int) -> tuple[tuple[Array, Array], ...]:
    return tuple(
        (drawn(dtype, *shape, seed=s), drawn(dtype, *shape, seed=s + 50)) for s in range(3)
    )


def truncated(a: Array, b: Array) -> Array:
    wide = np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64))
    return np.where((a < 0) != (b < 0), -wide, wide).astype(a.dtype)
