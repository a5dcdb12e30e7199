"""The vendor's final kernels run on the NPU simulator, with all its checks."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from xdsl.parser import Parser

from hawk_xdsl.dialects.npu import AllocOp, BarrierOp, Core, KernelOp, Pipe, SetFlagOp, WaitFlagOp
from hawk_xdsl.hivm.reading import HivmImportError, HivmReading, import_kernels
from hawk_xdsl.npu_target import Trap, TrapCode, load_target, simulate, time_kernel, verify_kernel
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.universe import context

FOLDER = Path(__file__).parent / "vendor_kernels"
TARGET = load_target("ascend910b1")

Function = Callable[..., torch.Tensor]

OPERATORS: dict[str, tuple[Function, Sequence[tuple[int, ...]], torch.dtype]] = {
    "relu": (torch.relu, [(192, 1024)], torch.float32),
    "add_single_buffer": (torch.add, [(192, 1024), (192, 1024)], torch.float32),
    "softmax": (lambda x: F.softmax(x, -1), [(64, 512)], torch.float32),
    "softmax_ragged": (lambda x: F.softmax(x, -1), [(37, 101)], torch.float16),
    "softmax_by_row": (lambda x: F.softmax(x, -1), [(24, 1024)], torch.float32),
    "layer_norm": (
        lambda x, w, b: F.layer_norm(x, (512,), w, b), [(64, 512), (512,), (512,)], torch.float32
    ),
    "sum_over_rows": (lambda x: x.sum(0), [(24, 1024)], torch.float32),
    "sum_over_columns": (lambda x: x.sum(1), [(300, 101)], torch.float32),
    "transpose": (lambda x: x.T.contiguous(), [(40, 96)], torch.float32),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [(96, 1024)], torch.float16),
    "bias_add": (torch.add, [(64, 512), (512,)], torch.float16),
    "matmul": (lambda a, b: a.float() @ b.float(), [(64, 96), (96, 128)], torch.float16),
}  # fmt: skip
"""What each kernel computes, of which inputs."""

CHANGED = ("relu", "softmax", "sum_over_rows", "matmul")


def kernel_of(text: str, *, own_events: bool = True) -> KernelOp:
    ctx = context()
    ctx.allow_unregistered = True
    module = Parser(ctx, text).parse_module()
    module.verify()
    import_kernels(module, HivmReading(TARGET, blocks=2, own_events=own_events))
    module.verify()
    (kernel,) = (op for op in module.walk() if isinstance(op, KernelOp))
    return kernel


def vendor_kernel(name: str) -> KernelOp:
    return kernel_of((FOLDER / f"{name}.mlir").read_text())


def inputs_of(name: str) -> list[torch.Tensor]:
    _, shapes, dtype = OPERATORS[name]
    random = np.random.default_rng(7)
    return [torch.from_numpy(random.standard_normal(shape)).to(dtype) for shape in shapes]


def assert_computes(name: str, kernel: KernelOp) -> None:
    inputs = inputs_of(name)
    wanted = OPERATORS[name][0](*inputs).numpy().astype(np.float64)
    (found,) = simulate(kernel, [given.numpy() for given in inputs], TARGET).outputs
    error = 4e-3 if found.dtype == np.float16 else 2e-5
    np.testing.assert_allclose(found.astype(np.float64), wanted, rtol=error, atol=error)


def test_there_is_a_dozen_of_them() -> None:
    assert {file.stem for file in FOLDER.glob("*.mlir")} == set(OPERATORS)


@pytest.mark.parametrize("name", OPERATORS)
def test_a_final_kernel_passes_all_checks_and_gives_pytorchs_values(name: str) -> None:
    kernel = vendor_kernel(name)
    verify_kernel(kernel, TARGET)
    assert_computes(name, kernel)


@pytest.mark.parametrize("name", CHANGED)
def test_it_gives_the_same_values_with_our_flags_and_barriers(name: str) -> None:
    kernel = vendor_kernel(name)
    sync_kernel(kernel, TARGET)
    assert_computes(name, kernel)


def traps_without(
    name: str, whole: KernelOp, groups: Sequence[Sequence[int]]
) -> list[TrapCode | None]:
    """What the simulator says of a kernel without some ops, by their places, for each group."""
    found: list[TrapCode | None] = []
    for places in groups:
        kernel = whole.clone()
        ops = list(kernel.walk())
        for place in places:
            ops[place].detach()
            ops[place].erase()
        try:
            simulate(kernel, [given.numpy() for given in inputs_of(name)], TARGET)
            found.append(None)
        except Trap as trap:
            found.append(trap.code)
    return found


@pytest.mark.parametrize("name", CHANGED)
def test_flags_removed_are_found_as_a_race(name: str) -> None:
    whole = vendor_kernel(name)
    pairs: dict[tuple[str, str], list[int]] = {}
    for place, op in enumerate(whole.walk()):
        if isinstance(op, SetFlagOp | WaitFlagOp):
            pairs.setdefault((op.source.data, op.target.data), []).append(place)
    assert len(pairs) >= 2
    assert TrapCode.RACE in traps_without(name, whole, list(pairs.values()))


def test_a_barrier_removed_is_found_as_a_race() -> None:
    whole = vendor_kernel("softmax")
    barriers = [
        [place] for place, op in enumerate(whole.walk())
        if isinstance(op, BarrierOp) and op.pipe.data == Pipe.VECTOR
    ]  # fmt: skip
    assert TrapCode.RACE in traps_without("softmax", whole, barriers)


def test_buffers_stay_at_the_vendors_addresses() -> None:
    text = (FOLDER / "relu.mlir").read_text()
    kernel = vendor_kernel("relu")
    allocations = [op for op in kernel.walk() if isinstance(op, AllocOp)]
    addresses = [op.address.value.data for op in allocations if op.address is not None]
    assert len(addresses) == len(allocations)
    assert len(addresses) > 2
    assert all(f"value = {address} : i64" in text for address in addresses)


def test_an_event_is_set_again_before_it_is_taken() -> None:
    kernel = kernel_of((FOLDER / "matmul.mlir").read_text(), own_events=False)
    with pytest.raises(Trap) as caught:
        time_kernel(kernel, TARGET)
    assert caught.value.code is TrapCode.EVENT_MISUSE


def test_a_cube_kernel_is_one() -> None:
    kernel = vendor_kernel("matmul")
    assert kernel.core.data == Core.CUBE
    assert kernel.blocks.value.data == 2


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        ("relu", "#hivm.atomic_kind<none>", "#hivm.atomic_kind<add>",
         "@k: hivm.hir.store: it combines with what is there (add)"),
        ("relu", "(s0 floordiv 2) mod 2", "(s0 floordiv 3) mod 2",
         "@k: arith.select: a buffer that no number of iterations tells"),
        ("relu", "hivm.hir.vmax", "hivm.hir.vmod", "@k: hivm.hir.vmod: no instruction of ours"),
        ("matmul", "hivm.storage_aligned", "hivm.part_of_mix",
         "@k: a half of a kernel of cube and vector cores"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(name: str, before: str, after: str, reason: str) -> None:
    text = (FOLDER / f"{name}.mlir").read_text()
    assert before in text
    with pytest.raises(HivmImportError) as caught:
        kernel_of(text.replace(before, after))
    assert str(caught.value) == reason
