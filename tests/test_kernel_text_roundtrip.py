"""Text → npu ops → text is a fixed point, and npu ops → text → npu ops are the same ops."""

from io import StringIO

import pytest
from kernel_files import Kernel, read_kernel, signature
from kernel_text_corpus import CORPUS, LINEAR_RELU, RAGGED_MATMUL, SOFTMAX, max_blocks
from xdsl.context import Context
from xdsl.dialects import affine, arith, builtin, memref, scf
from xdsl.parser import Parser
from xdsl.printer import Printer

from hawk_xdsl.dialects.kernel_text import (
    GlobalOperand,
    KernelProgram,
    KernelTextError,
    StageKernel,
    build,
    print_kernels,
    print_program,
    signature_of,
)
from hawk_xdsl.dialects.npu import NPU, BarrierOp, KernelOp, Pipe

IDS = [kernel.signature.name for kernel in CORPUS]


def mlir(program: KernelProgram) -> str:
    stream = StringIO()
    printer = Printer(stream)
    for kernel in program.kernels:
        printer.print_op(kernel.op)
        stream.write("\n")
    return stream.getvalue()


def parse_mlir(text: str) -> list[KernelOp]:
    context = Context()
    for dialect in (builtin.Builtin, affine.Affine, arith.Arith, memref.MemRef, scf.Scf, NPU):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    return [op for op in module.ops if isinstance(op, KernelOp)]


def assert_same(first: KernelProgram, second: KernelProgram) -> None:
    assert first.temps == second.temps
    assert [k.operands for k in first.kernels] == [k.operands for k in second.kernels]
    for one, two in zip(first.kernels, second.kernels, strict=True):
        assert one.op.is_structurally_equivalent(two.op)


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_canonical_text_is_a_fixed_point(kernel: Kernel) -> None:
    program = build(kernel.text, kernel.signature, max_blocks)
    assert print_program(program) == kernel.text


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_printed_text_builds_the_same_ops(kernel: Kernel) -> None:
    program = build(kernel.text, kernel.signature, max_blocks)
    assert_same(program, build(print_program(program), kernel.signature, max_blocks))


@pytest.mark.parametrize("kernel", CORPUS, ids=IDS)
def test_ops_survive_their_own_syntax(kernel: Kernel) -> None:
    program = build(kernel.text, kernel.signature, max_blocks)
    parsed = parse_mlir(mlir(program))
    stages = [
        StageKernel(op, stage.operands) for op, stage in zip(parsed, program.kernels, strict=True)
    ]
    assert print_kernels(stages, program.temps) == kernel.text


def test_names_come_from_the_ops_where_none_are_given() -> None:
    program = build(RAGGED_MATMUL.text, RAGGED_MATMUL.signature, max_blocks)
    kernels = [kernel.op for kernel in program.kernels]
    assert print_kernels(kernels) == RAGGED_MATMUL.text
    assert signature_of("ragged_matmul", kernels) == RAGGED_MATMUL.signature


def test_temps_are_no_part_of_the_signature() -> None:
    kernel = LINEAR_RELU
    program = build(kernel.text, kernel.signature, max_blocks)
    found = signature_of("linear", program.kernels, program.temps)
    assert set(found.inputs) == set(kernel.signature.inputs)
    assert found.outputs == kernel.signature.outputs
    assert program.temps == (GlobalOperand("t", "f32", (64, 80)),)


def test_indentation_blanks_and_comments_do_not_matter() -> None:
    spaced = """
        # row by row
        across r in 0 .. 2048 step 8 {
          a = load x[r : 8, 0:1024] into ub   # a tile
          m = vreduce  max a axis 1

          d = vsub a,m
          e = vexp d
          s = vreduce sum e axis 1
          o = vdiv e, s
          store o into y[(r + 8) - 8:8, 2 * 3 - 6:1024]
        }
    """
    assert print_program(build(spaced, SOFTMAX.signature, max_blocks)) == SOFTMAX.text


def test_planned_and_synchronised_kernels_print_the_same() -> None:
    program = build(SOFTMAX.text, SOFTMAX.signature, max_blocks)
    block = program.kernels[0].op.body.block
    block.insert_op_before(BarrierOp(Pipe.ALL), list(block.ops)[1])
    assert print_program(program) == SOFTMAX.text


def test_names_that_collide_are_told_apart() -> None:
    text = (
        "a_1 = load x[0:8, 0:1024] into ub\n"
        "a_2 = vexp a_1\n"
        "a_1 = vadd a_1, a_2\n"
        "store a_1 into y[0:8, 0:1024]\n"
    )
    printed = print_program(build(text, SOFTMAX.signature, max_blocks))
    assert printed == text.replace("a_1", "a").replace("a_2", "a2")
    assert print_program(build(printed, SOFTMAX.signature, max_blocks)) == printed


HEADER = """
npu.kernel @k ins(%x: memref<64x8xf32, #npu.scope<global>>)
    outs(%y: memref<64x8xf32, #npu.scope<global>>) on <vector> blocks 8 target "t" {
  %a = npu.alloc : memref<64x8xf32, #npu.scope<ub>>
  npu.load %x into %a
      : memref<64x8xf32, #npu.scope<global>> into memref<64x8xf32, #npu.scope<ub>>
"""
FOOTER = """
  npu.store %a into %y
      : memref<64x8xf32, #npu.scope<ub>> into memref<64x8xf32, #npu.scope<global>>
}
"""


def test_hand_written_ops_print() -> None:
    assert print_kernels(parse_mlir(HEADER + FOOTER)) == (
        "a = load x[0:64, 0:8] into ub\nstore a into y[0:64, 0:8]\n"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("%c = arith.constant 1 : i32\n%d = arith.addi %c, %c : i32", "arith.addi has no text"),
        (
            "%b = npu.alloc : memref<4x4xf32, strided<[16, 1]>, #npu.scope<ub>>\n"
            "%s = arith.constant 0.0 : f32\n"
            "npu.vbrc ins(%s : f32) "
            "outs(%b : memref<4x4xf32, strided<[16, 1]>, #npu.scope<ub>>)",
            "allocates",
        ),
        (
            "%s = memref.subview %a[0, 0] [4, 8] [1, 1] : memref<64x8xf32, #npu.scope<ub>> "
            "to memref<4x8xf32, strided<[8, 1]>, #npu.scope<ub>>\n"
            "npu.vexp ins(%s : memref<4x8xf32, strided<[8, 1]>, #npu.scope<ub>>) "
            "outs(%s : memref<4x8xf32, strided<[8, 1]>, #npu.scope<ub>>)",
            "writes a part",
        ),
        (
            "%s = arith.constant 0x7FC00000 : f32\n"
            "npu.vadd ins(%a, %s : memref<64x8xf32, #npu.scope<ub>>, f32) "
            "outs(%a : memref<64x8xf32, #npu.scope<ub>>)",
            "NaN",
        ),
    ],
)
def test_ops_without_a_text_form_are_an_error(body: str, reason: str) -> None:
    with pytest.raises(KernelTextError, match=reason):
        print_kernels(parse_mlir(HEADER + body + FOOTER))


@pytest.mark.parametrize(
    "start",
    [
        *("(r+s)//3", "r//3*3+s", "(r+s)%5//2", "r%7*2", "r+24-s", "24-r", "s//4//2"),
        *("(0-r)%6", "(r*3+s*2+1)//4", "r//2%4", "(r+s)%9*2+1"),
    ],
)
def test_index_expressions_are_a_fixed_point(start: str) -> None:
    header = signature("k", {"x": "f32[99]"}, {"y": "f32[24,24]"})
    text = (
        "across r in 0..24 step 1, s in 0..24 step 1 {\n"
        f"a = load x[{start}:1] into ub\n"
        "store a into y[r, s:1]\n"
        "}\n"
    )
    assert print_program(build(text, header, max_blocks)) == text


@pytest.mark.parametrize("start", ["60", "64", "r*8+56"])
def test_padded_loads_beyond_the_end_are_a_fixed_point(start: str) -> None:
    header = signature("k", {"x": "f32[64,8]"}, {"y": "f32[16,8]"})
    text = (
        "for r in 0..3 step 1 {\n"
        f"a = load x[{start}:16, 0:8] into ub pad 1.0\n"
        "store a into y[0:16, 0:8]\n"
        "}\n"
    )
    program = build(text, header, max_blocks)
    assert print_program(program) == text
    assert_same(program, build(print_program(program), header, max_blocks))


def test_fills_are_found_again() -> None:
    given = read_kernel("corpus/fills")
    program = build(given.text, given.signature, max_blocks)
    assert print_program(program) == given.text
    assert_same(program, build(print_program(program), given.signature, max_blocks))
