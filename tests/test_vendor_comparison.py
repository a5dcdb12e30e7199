"""What ``benchmarks/vendor.py`` compares: the list, the vendor's kernels without round trips."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from scheduler.block_programs import Argument, Product, product_program, rows_program
from scheduler.named_ops import NamedFunction
from scheduler.operators import compared
from scheduler.round_trip import without_round_trips
from test_convert_hivm_to_npu import TARGET, assert_computes, inputs_of, vendor_kernel

from hawk_xdsl.dialects.npu import KernelOp, LoadOp, StoreOp
from hawk_xdsl.hivm.reading import HivmReading
from hawk_xdsl.npu_target import simulate, time_kernel
from hawk_xdsl.vendor.final_kernels import final_kernels, printed_module
from hawk_xdsl.vendor.running import run_tool
from hawk_xdsl.vendor.tools import tools_installed

COMPILE = (
    "-enable-hfusion-compile=true", "-enable-hivm-compile=true", "--target=Ascend910B1",
    "-enable-triton-kernel-compile=true", "-block-dim=2",
    "--mlir-print-ir-before=convert-hivm-to-std",
)  # fmt: skip

needs_tools = pytest.mark.skipif(
    not tools_installed(), reason="needs the vendor's compiler: pip install 'hawk-xdsl[ascend]'"
)


def cycles(kernel: KernelOp) -> float:
    found = time_kernel(kernel, TARGET)
    assert found is not None
    return found.cycles


def moves(kernel: KernelOp, kind: type[LoadOp | StoreOp]) -> int:
    return sum(isinstance(op, kind) for op in kernel.walk())


def compiled(text: str) -> KernelOp:
    printed = printed_module(run_tool("bishengir-compile", COMPILE, text).errors)
    assert printed is not None
    (kernel,) = final_kernels(printed, HivmReading(TARGET, blocks=2))
    return kernel


def test_the_list_has_forty_operators_of_all_families() -> None:
    rows = compared()
    assert len(rows) >= 40
    assert len({row.family for row in rows}) >= 15
    assert {row.case.dtype for row in rows} == {"f32", "f16"}
    assert all(row.family == row.case.operator.family for row in rows)


@pytest.mark.parametrize("name", ["relu", "softmax"])
def test_without_its_round_trip_a_kernel_stores_once_and_computes_the_same(name: str) -> None:
    kernel = vendor_kernel(name)
    cleaned, trips = without_round_trips(kernel)
    assert trips == 2  # one a copy of the loop's body
    assert moves(cleaned, StoreOp) == moves(kernel, StoreOp) - trips
    assert moves(cleaned, LoadOp) == moves(kernel, LoadOp) - trips
    assert_computes(name, cleaned)
    assert cycles(cleaned) < cycles(kernel)


def test_a_kernel_without_round_trips_stays_as_it_is() -> None:
    kernel = vendor_kernel("matmul")
    cleaned, trips = without_round_trips(kernel)
    assert trips == 0
    assert cycles(cleaned) == cycles(kernel)
    assert inputs_of("matmul")


@needs_tools
def test_a_block_program_of_rows_runs_on_the_simulator() -> None:
    tile = NamedFunction(
        [("%arg0", "tensor<4x256xf32>")],
        [("%v1", "tensor<4x256xf32>")],
        ["%v1 = math.exp %arg0 : tensor<4x256xf32>"],
    )
    given = Argument([32, 256], "f32", True)
    kernel = compiled(rows_program(tile, [given], [given], 4, 2))
    values = np.random.default_rng(1).standard_normal((32, 256)).astype(np.float32)
    (found,) = simulate(kernel, [values], TARGET).outputs
    np.testing.assert_allclose(found, np.exp(values), rtol=1e-5)


@needs_tools
def test_a_block_program_of_a_product_runs_on_the_simulator() -> None:
    product = Product(1, 64, 64, 96, "f16", "f16", True, (32, 64, 32))
    kernel = compiled(product_program(product, 2))
    random = torch.Generator().manual_seed(3)
    a, b = (torch.randn(*shape, generator=random).half() for shape in ((64, 96), (64, 96)))
    (found,) = simulate(kernel, [a.numpy(), b.numpy()], TARGET).outputs
    np.testing.assert_allclose(
        found, (a.float() @ b.float().T).half().numpy(), rtol=5e-3, atol=2e-2
    )
