"""Mixed kernels and stages of one launch before the vendor's tools: flags, barriers, values."""

from collections.abc import Callable

import numpy as np
import pytest
from kernel_files import read_module, signature
from kernel_text_corpus import ATTENTION, PRODUCT_AND_EXP, max_blocks
from test_vendor_traps import DEVICE, SECONDS, SIZES, generic, module_of, text_of
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation
from xdsl.parser import Parser

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.hivm import HivmSyncBlockOp, HivmSyncBlockSetOp, HivmSyncBlockWaitOp
from hawk_xdsl.dialects.kernel_text import Signature, build
from hawk_xdsl.dialects.npu import Core, KernelOp, PartOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import shapes_of_inputs
from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.hivm.launch_functions import block_count, cores_in_order, cores_of_block
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.device_launch import DeviceLaunch, exported_launches
from hawk_xdsl.transforms.pass_error import PassError
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context
from hawk_xdsl.vendor.check import VendorCheck
from hawk_xdsl.vendor.executable.cores import CoreMember, RunningCores
from hawk_xdsl.vendor.planning import planned_by_vendor
from hawk_xdsl.vendor.recording import Recorded, record
from hawk_xdsl.vendor.running import VendorToolError
from hawk_xdsl.vendor.tools import INSTALL, tools_installed
from hawk_xdsl.vendor.values import HivmProgram, run_hivm
from hawk_xdsl.vendor.verdict import ToolAnswer, VendorVerdict

pytestmark = pytest.mark.corpus

needs_tools = pytest.mark.skipif(
    not tools_installed(), reason=f"needs the vendor's compiler: {INSTALL}"
)

TARGET = load_target("ascend910b1")
CHECK = VendorCheck(TARGET, DEVICE, SECONDS)
CHANNELS = 0, 2, 4
"""The flags of the attention that say that something is there.

The others say that its place is free. They follow from the first where each core does one
instruction after the other, as here; the NPU simulator, whose pipes do not, sees them missing.
"""


def finished(text: str, of: Signature) -> KernelOp:
    """The kernel of a text, planned and synchronised."""
    kernel = build(text, of, max_blocks).kernels[0].op
    finish_kernel(kernel, TARGET)
    return kernel


def recorded(kernel: KernelOp) -> Recorded:
    """A kernel with random inputs, and what it gives."""
    random = np.random.default_rng(0)
    shapes = [tuple(shape) for shape in shapes_of_inputs(kernel)]
    inputs = tuple(random.standard_normal(shape).astype(np.float32) for shape in shapes)
    return Recorded(DeviceLaunch.of(kernel), inputs, simulate(kernel, inputs, TARGET).outputs)


@pytest.fixture(scope="module")
def attention() -> Recorded:
    """Attention with a running maximum, a kernel of both kinds of cores."""
    return recorded(finished(ATTENTION.text, ATTENTION.signature))


PRODUCT = """
on cube {
across m in 0..64 step 16 {
a = load x[m:16, 0:64] into l1
b = load w[0:64, 0:64] into l1
c = fill 0.0 f32[16, 64] in l0c
c = mmad a, b, c
store c into y[m:16, 0:64]
}
}
"""

POWERS = """
across i in 0..4096 step 128 {
a = load x[i:128] into ub
a = vmul a, 0.01
a = vexp a
store a into y[i:128]
}
"""


@pytest.fixture(scope="module")
def staged() -> ModuleOp:
    """Two products and an exponential of 32 tiles between them, in one launch."""
    module = Parser(context(), read_module("vendor/stages")).parse_module()
    square = {"x": "f32[64, 64]", "w": "f32[64, 64]"}
    product = signature("product", square, {"y": "f32[64, 64]"})
    powers = signature("powers", {"x": "f32[4096]"}, {"y": "f32[4096]"})
    module.body.block.add_ops(
        [finished(PRODUCT.lstrip(), product), finished(POWERS.lstrip(), powers)]
    )
    module.verify()
    return module


@pytest.fixture(scope="module")
def stages(staged: ModuleOp) -> Recorded:
    """The launch with random inputs, and what it gives."""
    random = np.random.default_rng(1)
    given = [random.standard_normal((64, 64)).astype(np.float32) for _ in range(2)]
    (each,) = record(staged, given, TARGET)
    return each


def programs(launch: DeviceLaunch, drop: Callable[[Operation], bool]) -> list[HivmProgram]:
    """The functions of a launch, as planned by us, without some of their ops."""
    made: list[HivmProgram] = []
    cores = cores_of_block(launch, TARGET)
    functions = hivm_functions(launch, TARGET, planned=True)
    for function, core in zip(functions, cores_in_order(launch), strict=True):
        for op in list(function.walk()):
            if drop(op):
                op.detach()
                op.erase()
        made.append(HivmProgram(ModuleOp([function]), function.sym_name.data, core, cores[core]))
    return made


def errors(each: Recorded, drop: Callable[[Operation], bool]) -> list[float]:
    """How far the results are off, of each run, without some ops of the functions."""
    blocks = block_count(each.launch, TARGET)
    found = programs(each.launch, drop)
    runs = run_hivm(found, each.buffers, blocks, SIZES, seconds=SECONDS)
    return [
        max(
            float(np.nan_to_num(np.abs(array - right), nan=np.inf).max())
            for array, right in zip(
                each.of_results([arrays[n] for n in each.launch.outputs]), each.results, strict=True
            )
        )
        for arrays in runs
    ]


def is_barrier(op: Operation) -> bool:
    """Whether an op is of a barrier of all cores."""
    return isinstance(op, HivmSyncBlockOp) or any(is_flag(op, flag) for flag in (14, 15))


def is_flag(op: Operation, flag: int) -> bool:
    """Whether an op is an end of a flag between cores."""
    if not isinstance(op, HivmSyncBlockSetOp | HivmSyncBlockWaitOp):
        return False
    return op.static_flag_id is not None and op.static_flag_id.value.data == flag


def nothing(op: Operation) -> bool:
    """Drops nothing."""
    return False


@needs_tools
def test_a_mixed_kernel_is_accepted_planned_and_computes_the_same(attention: Recorded) -> None:
    verdict = CHECK.verdict(attention)
    assert verdict.passed and verdict.order.passed, verdict
    assert verdict.core == "mixed"


@needs_tools
def test_stages_of_a_launch_are_accepted_planned_and_compute_the_same(stages: Recorded) -> None:
    assert len(stages.launch.stages) == 3
    verdict = CHECK.verdict(stages)
    assert verdict.passed and verdict.order.passed, verdict


@needs_tools
def test_values_are_those_of_both_orders_of_the_cores(attention: Recorded) -> None:
    first, second = errors(attention, nothing)
    assert max(first, second) < 1e-5


@needs_tools
@pytest.mark.parametrize("flag", CHANNELS)
def test_a_flag_that_is_missing_is_seen_in_one_order_of_the_cores(
    attention: Recorded, flag: int
) -> None:
    found = errors(attention, lambda op: is_flag(op, flag))
    assert max(found) > 1e-3, found


@needs_tools
def test_a_barrier_that_is_missing_is_seen(stages: Recorded) -> None:
    assert max(errors(stages, nothing)) < 1e-4
    assert max(errors(stages, is_barrier)) > 1e-2


@needs_tools
def test_barriers_of_each_kind_alone_are_not_enough(stages: Recorded) -> None:
    joined = {14, 15}
    assert max(errors(stages, lambda op: any(is_flag(op, flag) for flag in joined))) > 1e-2


@needs_tools
def test_a_wait_that_is_missing_leaves_its_flag(attention: Recorded) -> None:
    def waits(op: Operation) -> bool:
        return isinstance(op, HivmSyncBlockWaitOp) and is_flag(op, 0)

    with pytest.raises(HawkError, match="flag 0 is set for a vector core that took it not"):
        errors(attention, waits)


@needs_tools
def test_a_set_that_is_missing_is_a_deadlock(attention: Recorded) -> None:
    def sets(op: Operation) -> bool:
        return isinstance(op, HivmSyncBlockSetOp) and is_flag(op, 2)

    with pytest.raises(HawkError, match="waits for flag"):
        errors(attention, sets)


def test_a_flag_within_a_block_needs_all_cores_of_the_kind() -> None:
    members = [CoreMember(Core.CUBE, 0, 0), *(CoreMember(Core.VECTOR, 0, n) for n in range(2))]
    passed: list[tuple[Core, int]] = []

    def work(member: CoreMember) -> None:
        if member.core == Core.CUBE:
            running.wait_flag(3)
        else:
            running.set_flag(3, 0)
        passed.append((member.core, member.number))

    running = RunningCores(members, work)
    running.run()
    assert passed == [(Core.VECTOR, 0), (Core.VECTOR, 1), (Core.CUBE, 0)]


def test_each_launch_is_exported_once(staged: ModuleOp) -> None:
    (launch,) = exported_launches(staged)
    names = [op.sym_name.data for op in hivm_functions(launch, TARGET)]
    assert names == ["launch_0_mix_aic", "launch_0_mix_aiv"]
    assert block_count(launch, TARGET) == 16, "32 tiles on two vector cores a block"


def test_a_part_on_one_vector_core_a_block_has_no_form() -> None:
    kernel = finished(PRODUCT_AND_EXP.text, PRODUCT_AND_EXP.signature)
    parts = {op.core.data: op for op in kernel.walk() if isinstance(op, PartOp)}
    parts[Core.VECTOR].cores = IntegerAttr(1, i64)
    with pytest.raises(PassError, match="1 vector cores a block, of 2 in HIVM"):
        hivm_functions(DeviceLaunch.of(kernel), TARGET)


# What the vendor's tools make of such launches.


def planned(text: str) -> str:
    """A vector kernel as its compiler leaves it."""
    made = planned_by_vendor(generic(text), Core.VECTOR, DEVICE, seconds=SECONDS)
    return str(made)


def run(text: str) -> list[Array]:
    """The arrays that two blocks of the barrier's kernel leave: x, t and y."""
    given = np.arange(128, dtype=np.float32).reshape(2, 64) / 256

    def buffers() -> list[Array]:
        return [given.copy(), np.zeros_like(given), np.zeros_like(given)]

    (arrays,) = run_hivm([HivmProgram(module_of(text), "k")], buffers, 2, SIZES, seconds=SECONDS)
    return arrays


@needs_tools
def test_a_barrier_holds_what_is_behind_it() -> None:
    x, _, y = run(text_of("barrier"))
    np.testing.assert_allclose(y, np.exp(np.exp(x[::-1])), rtol=1e-5)


@needs_tools
def test_its_barrier_of_one_pipe_holds_no_other_pipe_and_is_not_exported() -> None:
    every = planned(text_of("barrier"))
    assert "pipe = #hivm.pipe<PIPE_S>" in every, "the scalar unit waits, and issues nothing"
    stores = planned(text_of("barrier", ("PIPE_ALL", "PIPE_MTE3")))
    assert "pipe = #hivm.pipe<PIPE_S>" not in stores, "loads do not wait"


@needs_tools
def test_its_compiler_crashes_without_the_address_of_flags() -> None:
    argument = "%ffts: i64 {hacc.arg_type = #hacc.arg_type<ffts_base_address>}, "
    text = text_of("barrier", (argument, ""), ("  hivm.hir.set_ffts_base_addr %ffts\n", ""))
    with pytest.raises(VendorToolError, match="ffts base addr"):
        planned(text)


@needs_tools
def test_its_compiler_drops_a_barrier_of_both_kinds_from_a_function_of_both() -> None:
    assert "sync_block" not in planned(text_of("barrier_of_both"))


@needs_tools
def test_its_barrier_of_both_kinds_joins_none_in_functions_of_one() -> None:
    """It becomes a barrier of the vector cores: nothing waits for a cube core."""
    both = "ALL>, 12 : i16] tcube_pipe = <PIPE_ALL> tvector"
    text = text_of("barrier", ("ALL_VECTOR>, 12 : i16] tvector", both))
    made = planned(text)
    flags = [line for line in made.splitlines() if "sync_block_" in line]
    assert len(flags) == 2 and all("tcore_type<VECTOR>" in line for line in flags)


@needs_tools
def test_our_dialect_refuses_such_barriers() -> None:
    for text in (
        text_of("barrier", ("PIPE_ALL", "PIPE_MTE3")),
        text_of("barrier_of_both"),
    ):
        with pytest.raises(HawkError, match="sync_block"):
            module_of(text)


def test_a_stage_finds_what_was_said_of_its_launch() -> None:
    yes = ToolAnswer(True, "yes")
    stages = "rows_0", "matmul_0"
    said = VendorVerdict("launch_0", "mixed", yes, yes, yes, yes, yes, 1.0, stages)
    assert said.is_of("matmul_0") and said.is_of("launch_0") and not said.is_of("rows_1")
