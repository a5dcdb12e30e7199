"""Kernel text built line by line: it takes what the builder takes, and names the first bad line."""

import pytest
from hypothesis import HealthCheck, given, settings
from kernel_files import Kernel
from kernel_text_corpus import CORPUS, SOFTMAX, max_blocks
from random_kernel_text import HEADER, kernels
from xdsl.ir import Operation

from hawk_xdsl.dialects.kernel_text import KernelTextError, PrefixBuilder, Signature, print_program
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.signature import KernelProgram
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import objection

TARGET = load_target("ascend910b1")


def prefix(signature: Signature) -> PrefixBuilder:
    return PrefixBuilder(signature, max_blocks, lambda op, core: objection(op, core, TARGET))


def anything(op: Operation, core: Core) -> None:
    return None


@pytest.mark.parametrize("kernel", CORPUS, ids=[k.signature.name for k in CORPUS])
def test_every_line_of_the_corpus_is_taken(kernel: Kernel) -> None:
    builder = prefix(kernel.signature)
    for line in kernel.text.splitlines():
        builder.append(line)
    builder.finish()


@given(kernels())
@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
def test_every_line_of_what_the_builder_accepts_is_taken(
    kernel: tuple[ast.KernelText, KernelProgram],
) -> None:
    program = kernel[1]
    builder = PrefixBuilder(HEADER, max_blocks, anything)
    for line in print_program(program).splitlines():
        builder.append(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m = vreduce max q axis 1", "unknown buffer `q`"),
        ("m = vreduce max a axis 2", "axis"),
        ("m = load x[r:8, 0:2048] into ub", "x"),
        ("m = vadd a, x", "x"),
        ("m = vexp", "incomplete"),
        ("m = fill 0.0 f32[8, 16384] in ub", "bytes"),
        ("m = load x[r:8, 0:1024] into l1", "l1 belongs to cube cores"),
        ("across q in 0..8 step 8 {", "across"),
    ],
)
def test_a_bad_line_is_refused_and_leaves_no_trace(line: str, reason: str) -> None:
    builder = prefix(SOFTMAX.signature)
    lines = SOFTMAX.text.splitlines()
    for good in lines[:2]:
        builder.append(good)
    with pytest.raises(KernelTextError) as raised:
        builder.append(line)
    assert reason in raised.value.message
    for good in lines[2:]:
        builder.append(good)
    builder.finish()


def test_the_target_has_a_say() -> None:
    def no_exp(op: Operation, core: Core) -> str | None:
        return "no exponentials here" if op.name == "npu.vexp" else None

    builder = PrefixBuilder(SOFTMAX.signature, max_blocks, no_exp)
    lines = SOFTMAX.text.splitlines()
    for good in lines[:4]:
        builder.append(good)
    with pytest.raises(KernelTextError, match="no exponentials here"):
        builder.append(lines[4])


def test_a_text_does_not_end_before_its_outputs_are_written() -> None:
    builder = prefix(SOFTMAX.signature)
    builder.append("a = load x[0:8, 0:1024] into ub")
    with pytest.raises(KernelTextError, match="ever written to the output y"):
        builder.finish()
    builder.append("store a into y[0:8, 0:1024]")
    builder.finish()


def test_a_stage_that_stores_nothing_is_not_closed() -> None:
    builder = prefix(SOFTMAX.signature)
    builder.append("on vector {")
    builder.append("a = load x[0:8, 0:1024] into ub")
    with pytest.raises(KernelTextError, match="stores nothing"):
        builder.append("}")
    builder.append("store a into y[0:8, 0:1024]")
    builder.append("}")
    builder.finish()
