"""What is rewritten for HIVM computes the same on the NPU simulator, planned and synchronised."""

import numpy as np
import pytest
from instruction_kernels import LOAD, STORE, TILE, instruction_kernels, kernel, recorded
from kernel_files import Kernel
from kernel_text_corpus import max_blocks
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.hivm.convert_npu_to_hivm import hivm_functions
from hawk_xdsl.hivm.legal.transposition import swaps
from hawk_xdsl.hivm.npu_legalize_hivm import legalize_kernel
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.device_launch import DeviceLaunch
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel
from hawk_xdsl.transforms.pass_error import PassError

TARGET = load_target("ascend910b1")

INSTRUCTIONS = {each.signature.name: each for each in instruction_kernels(TARGET)}

X, OUT = {"x0": f"f32{TILE}"}, {"y": f"f32{TILE}"}
COLUMN = "c = load x0[0:6, 0:1] into ub\nr = load x0[0:1, 0:19] into ub\n"
ALL = LOAD.format("x") + COLUMN

REWRITTEN: list[Kernel] = [
    INSTRUCTIONS["vreduce_argmax_f32_axis0"],
    INSTRUCTIONS["vreduce_argmin_f16_axis1"],
    INSTRUCTIONS["vand_i16_scalar"],
    INSTRUCTIONS["vor_i32_scalar"],
    INSTRUCTIONS["vshru_i32_scalar"],
    kernel("both_repeated", X, OUT, f"{COLUMN}b = vadd c, r\n{STORE}"),
    kernel(
        "compared", X, OUT, f"{LOAD.format('x')}{COLUMN}m = vcmp lt x, c\nb = vsel m, x, r\n{STORE}"
    ),
    kernel(
        "condition",
        X,
        OUT,
        f"{LOAD.format('x')}{COLUMN}m = vcmp lt c, 1.0\nb = vsel m, x, 2.0\n{STORE}",
    ),
    kernel(
        "padded",
        X,
        {"y": "f32[6,24]"},
        "b = load x0[0:6, 0:24] into ub pad 3.0\nstore b into y[0:6, 0:24]\n",
    ),
    kernel(
        "mask",
        {"m0": f"i8{TILE}", **X},
        OUT,
        f"m = load m0[0:6, 0:19] into ub\n{LOAD.format('x')}b = vsel m, x, 2.0\n{STORE}",
    ),
    kernel("truth", X, {"y": f"i8{TILE}"}, f"{LOAD.format('x')}b = vcmp gt x, 1.0\n{STORE}"),
    kernel(
        "turned",
        {"x0": "f32[8,16,24]"},
        {"y": "f32[24,8,16]"},
        "a = load x0[0:8, 0:16, 0:24] into ub\nb = vtranspose a perm [2, 0, 1]\n"
        "store b into y[0:24, 0:8, 0:16]\n",
    ),
]


@pytest.mark.parametrize("case", REWRITTEN, ids=lambda case: case.signature.name)
def test_a_rewritten_kernel_computes_the_same(case: Kernel) -> None:
    given = recorded(case, TARGET)
    changed = given.launch.stages[0].kernel.clone()
    legalize_kernel(changed)
    changed.verify()
    before, after = (
        [op.name for op in each.walk()] for each in (given.launch.stages[0].kernel, changed)
    )
    assert before != after
    plan_kernel(changed, TARGET)
    sync_kernel(changed, TARGET)
    outputs = simulate(changed, given.inputs, TARGET).outputs
    for made, wanted in zip(outputs, given.outputs, strict=True):
        np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("planned", [False, True])
def test_every_instruction_is_translated_and_verified(planned: bool) -> None:
    for case in INSTRUCTIONS.values():
        found = recorded(case, TARGET).launch.stages[0].kernel
        ModuleOp([*hivm_functions(DeviceLaunch.of(found), TARGET, planned)]).verify()


def test_what_has_no_form_is_refused_in_one_line() -> None:
    text = f"{LOAD.format('x')}b = vcumulate max x axis 1\n{STORE}"
    case = kernel("running_max", X, OUT, text)
    with pytest.raises(PassError, match=r"^@running_max: npu.vcumulate has no form in HIVM: no"):
        (stage,) = build(case.text, case.signature, max_blocks).kernels
        hivm_functions(DeviceLaunch.of(stage.op), TARGET)


@pytest.mark.parametrize("permutation", [[1, 0], [2, 0, 1], [1, 2, 0], [3, 1, 0, 2], [0, 1, 2]])
def test_swaps_are_the_permutation(permutation: list[int]) -> None:
    order = list(range(len(permutation)))
    for first, second in swaps(permutation):
        order[first], order[second] = order[second], order[first]
    assert order == permutation
