"""An operator through the vendor's scheduler: every route that reaches a kernel, with its times."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch_mlir import fx

from hawk_xdsl.dialects.npu import Core, KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.hivm.reading import HivmReading
from hawk_xdsl.npu_target import Target, Trap, simulate, time_kernel
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.vendor.final_kernels import final_kernels, printed_module
from hawk_xdsl.vendor.running import VendorToolError, message_of, run_tool
from scheduler.block_programs import (
    DEVICE,
    Argument,
    Product,
    product_program,
    rows_program,
)
from scheduler.named_ops import NamedFunction, UnsupportedError, named_function
from scheduler.operators import Compared
from scheduler.round_trip import without_round_trips

PROGRAM = "-enable-triton-kernel-compile=true"
TUNING = "--hfusion-max-buffer-count-tuning=32"
TWICE = "--enable-auto-multi-buffer=true"
COMPILE = (
    "-enable-hfusion-compile=true", "-enable-hivm-compile=true",
    "--mlir-print-ir-before=convert-hivm-to-std",
)  # fmt: skip
ROWS = (1, 2, 4, 8, 16, 32)
PRODUCTS = (
    (128, 256, 64), (128, 128, 128), (256, 128, 64), (128, 256, 128), (128, 64, 256),
    (64, 256, 128), (64, 128, 256), (128, 128, 256),
)  # fmt: skip
MATRIX = {"matmul": False, "matmul_right_transposed": True, "batched_matmul": False}
"""Operators that have a block program of the matrix unit, and whether ``b`` is transposed."""

NAMES = {torch.float32: "f32", torch.float16: "f16", torch.int32: "i32"}
"""The dtypes that block programs are given."""


@dataclass(frozen=True)
class Route:
    """One way through the vendor's scheduler.

    Attributes:
        name: form, tile and options.
        seconds: of its compiler, the last stage excluded, which is closed.
        emitted: cycles of its kernel as it is; ``None`` if there is none.
        cleaned: cycles without its round trips.
        ours: cycles with our flags and barriers in place of its own, without round trips.
        trips: how many round trips there were.
        reason: why there is no kernel, or none of ours.
        error: the largest difference to PyTorch's values; only of the fastest one.
    """

    name: str
    seconds: float
    emitted: float | None = None
    cleaned: float | None = None
    ours: float | None = None
    trips: int = 0
    reason: str = ""
    error: float | None = None


def routes(row: Compared, target: Target, device: str) -> list[Route]:
    """All routes of an operator, those that fail too."""
    found: list[tuple[Route, KernelOp | None]] = []
    for form in _forms(row, target):
        tried = [_route(form, twice, target, device) for twice in form.buffering]
        found += tried
        if form.stops and not any(kernel for _, kernel in tried):
            break
    best = min(
        (pair for pair in found if pair[0].cleaned is not None),
        key=lambda pair: pair[0].cleaned or 0.0, default=None,
    )  # fmt: skip
    results = [route for route, _ in found]
    if best is not None and best[1] is not None:
        results[results.index(best[0])] = _checked(best[0], best[1], row, target)
    return results


@dataclass(frozen=True)
class Form:
    """An operator as text.

    Attributes:
        name: how the route is called.
        text: what the vendor's compiler is given; empty if there is none.
        blocks: on how many.
        options: beside those of every compile.
        buffering: whether to try with double buffering, without, or both.
        stops: whether larger tiles need not be tried if this one fails.
    """

    name: str
    text: str
    blocks: int
    options: Sequence[str]
    buffering: Sequence[bool] = (True,)
    stops: bool = False


def _forms(row: Compared, target: Target) -> Iterator[Form]:
    """Each form of an operator."""
    vector, cube = target.cores[Core.VECTOR], target.cores[Core.CUBE]
    inputs, name = row.case.tensors(0), row.case.operator.name
    try:
        text = tensor_program(_named(row.case.module(), inputs))
        yield Form("tensors", text, vector, [], (True, False))
        yield Form("tensors, tuned", text, vector, [TUNING], (True, False))
    except (UnsupportedError, KeyError, ValueError, StopIteration) as error:
        yield Form("tensors", "", vector, [str(error)])
    if name not in MATRIX:
        yield from _row_programs(row, inputs, vector)
        return
    for tiles in PRODUCTS:
        product = _product(inputs, MATRIX[name], tiles, row.case.dtype)
        if product is not None:
            text = product_program(product, cube)
            yield Form(f"program {'x'.join(map(str, product.tiles))}", text, cube, [PROGRAM])


def tensor_program(named: NamedFunction) -> str:
    """A function on tensors."""
    arguments = ", ".join(f"{name}: {type_}" for name, type_ in named.arguments)
    types = ", ".join(type_ for _, type_ in named.results)
    values = ", ".join(value for value, _ in named.results)
    body = "\n".join(named.lines)
    return (
        f"module {{\n  func.func @k({arguments}) -> ({types}) attributes {{{DEVICE}}} {{\n{body}\n"
        f"    return {values} : {types}\n  }}\n}}\n"
    )


def _named(module: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> NamedFunction:
    made = fx.export_and_import(module, *inputs, output_type="linalg-on-tensors", func_name="k")
    generic = "tm_tensor" in str(made.operation)
    return named_function(
        made.operation.get_asm(large_elements_limit=None, print_generic_op_form=generic)
    )


def _row_programs(row: Compared, inputs: Sequence[torch.Tensor], blocks: int) -> Iterator[Form]:
    """Block programs of rows, where a function of rows is the rows of the function."""
    given = row.case.operator.inputs
    letter = given[0].dims[0] if given[0].dims else ""
    tiled = [bool(each.dims) and each.dims[0] == letter for each in given]
    if any(t.dtype in (torch.bool, torch.int64) for t in inputs) or not _by_rows(row, tiled):
        return
    pairs = list(zip(inputs, tiled, strict=True))
    arguments = [_argument(tensor, is_tiled) for tensor, is_tiled in pairs]
    results = _all(row.case.module()(*inputs))
    if any(result.dtype not in NAMES for result in results):
        return
    outputs = [_argument(tensor, True) for tensor in results]
    total = inputs[tiled.index(True)].shape[0]
    for rows in ROWS:
        if total % rows:
            continue
        part = [tensor[:rows] if is_tiled else tensor for tensor, is_tiled in pairs]
        try:
            named = _named(row.case.module(), part)
        except (UnsupportedError, KeyError, ValueError, StopIteration):
            return
        if len(named.arguments) != len(arguments):
            return
        text = rows_program(named, arguments, outputs, rows, blocks)
        yield Form(f"program of {rows}", text, blocks, [PROGRAM], stops=rows > 1)


def _by_rows(row: Compared, tiled: Sequence[bool]) -> bool:
    """Whether rows of the result depend on the same rows of tiled inputs only, as values tell."""
    inputs = row.case.operator.tensors("ragged", row.case.dtype, 0)
    whole = row.case.module()(*inputs)
    part = row.case.module()(
        *[t[:2] if is_tiled else t for t, is_tiled in zip(inputs, tiled, strict=True)]
    )
    pairs = zip(_all(whole), _all(part), strict=True)
    return any(tiled) and all(
        w.dim() > 0 and p.dim() > 0 and w.shape[0] != p.shape[0] == 2
        and torch.allclose(w[:2].float(), p.float(), rtol=1e-3, atol=1e-4, equal_nan=True)
        for w, p in pairs
    )  # fmt: skip


def _all(result: object) -> Sequence[torch.Tensor]:
    return result if isinstance(result, tuple) else (result,)  # pyright: ignore


def _argument(tensor: torch.Tensor, tiled: bool) -> Argument:
    return Argument(list(tensor.shape), NAMES[tensor.dtype], tiled)


def _product(
    inputs: Sequence[torch.Tensor], turned: bool, tiles: tuple[int, int, int], dtype: str
) -> Product | None:
    """A product in tiles; ``None`` if tiles do not divide it, or do not fit L1 twice."""
    a, b = inputs
    batch = a.shape[0] if a.dim() == 3 else 1
    m, k = a.shape[-2:]
    n = b.shape[-2] if turned else b.shape[-1]
    size = 4 if dtype == "f32" else 2
    tm, tn, tk = tiles
    tiles = (min(tm, m), min(tn, n), min(tk * 2 // size, k))
    if any(extent % tile for extent, tile in zip((m, n, k), tiles, strict=True)):
        return None
    return Product(batch, m, n, k, dtype, dtype, turned, tiles)


def _route(form: Form, twice: bool, target: Target, device: str) -> tuple[Route, KernelOp | None]:
    name = form.name + (", double" if twice else "")
    if not form.text:
        return Route(name, 0.0, reason=form.options[0]), None
    options = [*form.options, *([TWICE] if twice else [])]
    where = [f"--target={device}", f"-block-dim={form.blocks}"]
    start = time.perf_counter()
    try:
        ran = run_tool("bishengir-compile", [*COMPILE, *where, *options], form.text)
    except VendorToolError as error:
        return Route(name, time.perf_counter() - start, reason=error.reason), None
    seconds = time.perf_counter() - start
    printed = printed_module(ran.errors)
    if printed is None:
        return Route(name, seconds, reason=_reason(ran.errors)), None
    try:
        kernel = read_kernel(printed, form.blocks, target)
        return _timed(name, seconds, kernel, target)
    except (HawkError, Trap, VendorToolError) as error:
        return Route(name, seconds, reason=f"not read: {str(error)[:300]}"), None
    except Exception as error:  # a crash of ours: the other rows are run all the same
        return Route(name, seconds, reason=f"not read: crash of ours: {error!r:.200}"), None


def _reason(errors: str) -> str:
    """The vendor's message, not the one that its pipeline failed."""
    lines = [line for line in errors.splitlines() if "Failed to run" not in line]
    return message_of("\n".join(lines) or errors)


def read_kernel(text: str, blocks: int, target: Target) -> KernelOp:
    """The vendor's final kernel. Raises ``HawkError``."""
    kernels = final_kernels(text, HivmReading(target, blocks))
    if len(kernels) != 1:
        raise HawkError(f"{len(kernels)} kernels")
    return kernels[0]


def _timed(
    name: str, seconds: float, kernel: KernelOp, target: Target
) -> tuple[Route, KernelOp | None]:
    cleaned, trips = without_round_trips(kernel)
    emitted, without = _cycles(kernel, target), _cycles(cleaned, target)
    resynced, reason, ours = cleaned.clone(), "", None
    try:
        sync_kernel(resynced, target)
        ours = _cycles(resynced, target)
    except HawkError as error:
        reason = f"our sync: {str(error)[:200]}"
    return Route(name, seconds, emitted, without, ours, trips, reason), cleaned


def _cycles(kernel: KernelOp, target: Target) -> float:
    found = time_kernel(kernel, target)
    assert found is not None
    return found.cycles


def _checked(route: Route, kernel: KernelOp, row: Compared, target: Target) -> Route:
    """A route with the difference of its values to PyTorch's, all checks of the simulator done."""
    inputs = row.case.tensors(0)
    arrays = [t.to(torch.int8).numpy() if t.dtype == torch.bool else t.numpy() for t in inputs]
    wanted = _all(row.case.module()(*inputs))
    try:
        outputs = simulate(kernel, arrays, target).outputs
    except (HawkError, Trap) as error:
        return replace(route, reason=f"values: {str(error)[:200]}")
    return replace(route, error=max(map(_difference, outputs, [w.numpy() for w in wanted])))


def _difference(found: np.ndarray, wanted: np.ndarray) -> float:
    scale = float(np.max(np.abs(wanted.astype(np.float64)))) or 1.0
    return float(np.max(np.abs(found.astype(np.float64) - wanted.astype(np.float64)))) / scale
