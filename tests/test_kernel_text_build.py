"""What the statements of the kernel text become, and what is wrong with those that are rejected."""

from typing import TypeVar

import pytest
from kernel_files import Kernel, signature
from kernel_text_corpus import (
    ATTENTION_VALUES,
    CORPUS,
    LINEAR_RELU,
    MATMUL,
    RAGGED_MATMUL,
    SOFTMAX,
    max_blocks,
)
from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, BoolAttr, FloatAttr, MemRefType, StridedLayoutAttr
from xdsl.ir import Operation

from hawk_xdsl.dialects.kernel_text import (
    GlobalOperand,
    KernelProgram,
    KernelTextError,
    Signature,
    StageBuilder,
    build,
    parse,
    print_program,
)
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import AllocOp, Core, LoadOp, MmadOp, Scope, StoreOp, VbrcOp

_Op = TypeVar("_Op", bound=Operation)

XY = signature("k", {"x": "f32[64,32]", "n": "i32[64]", "h": "f16[40,40]"}, {"y": "f32[64,32]"})


def built(text: str, header: Signature = XY) -> KernelProgram:
    return build(text, header, max_blocks)


def operations(program: KernelProgram, stage: int = 0) -> list[Operation]:
    return list(program.kernels[stage].op.walk())


def of_type(program: KernelProgram, type_: type[_Op], stage: int = 0) -> list[_Op]:
    return [op for op in operations(program, stage) if isinstance(op, type_)]


@pytest.mark.parametrize("kernel", CORPUS, ids=[k.signature.name for k in CORPUS])
def test_the_corpus_builds_verified_kernels(kernel: Kernel) -> None:
    for stage in built(kernel.text, kernel.signature).kernels:
        stage.op.verify()


def test_a_condition_on_a_loop_variable_narrows_its_range() -> None:
    text = """across t in 0..24 step 1 {
if t < 8 {
a = load x[8*t:8, 0:32] into ub
store a into y[8*t:8, 0:32]
}
}
"""
    assert not of_type(built(text), affine.MinOp)
    assert of_type(built(text.replace("t < 8", "t < 9")), affine.MinOp), "cut at the edge"
    assert of_type(built(text.replace("t < 8", "t != 8")), affine.MinOp)


def test_a_single_stage_has_the_name_of_the_signature() -> None:
    assert built(MATMUL.text, MATMUL.signature).kernels[0].op.sym_name.data == "matmul"


def test_stages_are_numbered_and_take_the_operands_they_use() -> None:
    cube, vector = built(LINEAR_RELU.text, LINEAR_RELU.signature).kernels
    assert (cube.op.sym_name.data, vector.op.sym_name.data) == ("linear_relu_0", "linear_relu_1")
    assert (cube.op.core.data, vector.op.core.data) == (Core.CUBE, Core.VECTOR)
    assert (cube.reads, cube.writes) == (("x", "w"), ("t",))
    assert (vector.reads, vector.writes) == (("b", "t"), ("y",))


def test_blocks_are_the_iterations_but_no_more_than_the_target_has() -> None:
    assert built(SOFTMAX.text, SOFTMAX.signature).kernels[0].op.blocks.value.data == 48
    assert built(MATMUL.text, MATMUL.signature).kernels[0].op.blocks.value.data == 12
    text = "a = load x[0:8, 0:32] into ub\nstore a into y[0:8, 0:32]\n"
    assert built(text).kernels[0].op.blocks.value.data == 1


def test_divisible_shapes_have_static_extents() -> None:
    for kernel in (SOFTMAX, MATMUL, LINEAR_RELU, ATTENTION_VALUES):
        program = built(kernel.text, kernel.signature)
        for stage in range(len(program.kernels)):
            assert not of_type(program, affine.MinOp, stage)
            for view in of_type(program, memref.SubviewOp, stage):
                assert DYNAMIC_INDEX not in view.static_sizes.get_values()


def test_ragged_edges_have_the_valid_extent_on_both_sides() -> None:
    program = built(RAGGED_MATMUL.text, RAGGED_MATMUL.signature)
    mmad = of_type(program, MmadOp)[0]
    assert mmad.extents() == (DYNAMIC_INDEX, DYNAMIC_INDEX, DYNAMIC_INDEX)
    for load in of_type(program, LoadOp):
        source, dest = load.source.owner, load.dest.owner
        assert isinstance(source, memref.SubviewOp) and isinstance(dest, memref.SubviewOp)
        assert list(source.sizes) == list(dest.sizes)


def test_padded_loads_have_full_extents() -> None:
    program = built(
        "across r in 0..64 step 24 {\n"
        "a = load x[r:24, 0:32] into ub pad -inf\n"
        "a = vexp a\n"
        "store a into y[r:24, 0:32]\n"
        "}\n"
    )
    (load,) = of_type(program, LoadOp)
    assert isinstance(load.dest.owner, AllocOp)
    assert isinstance(load.source.type, MemRefType)
    assert load.source.type.get_shape() == (DYNAMIC_INDEX, 32)
    (store,) = of_type(program, StoreOp)
    assert isinstance(store.source.type, MemRefType)
    assert store.source.type.get_shape() == (DYNAMIC_INDEX, 32)


def test_rows_in_ub_are_padded_to_a_block() -> None:
    program = built(
        "a = load x[0:8, 0:31] into ub\n"
        "m = vreduce max a axis 1\n"
        "a = vsub a, m\n"
        "store a into y[0:8, 0:31]\n"
    )
    layouts = [alloc.buffer.type.layout for alloc in of_type(program, AllocOp)]
    assert layouts == [StridedLayoutAttr([32, 1]), StridedLayoutAttr([8, 1])]


def test_a_second_assignment_writes_the_same_buffer() -> None:
    program = built("a = load x[0:8, 0:32] into ub\na = vexp a\nstore a into y[0:8, 0:32]\n")
    assert len(of_type(program, AllocOp)) == 1


def test_a_name_in_a_loop_writes_the_buffer_outside_and_a_new_one_is_local() -> None:
    program = built(
        "s = fill 0.0 f32[8, 32] in ub\n"
        "for r in 0..64 step 8 {\n"
        "a = load x[r:8, 0:32] into ub\n"
        "s = vadd s, a\n"
        "}\n"
        "a = vabs s\n"
        "store a into y[0:8, 0:32]\n"
    )
    outer = program.kernels[0].op.body.block
    assert [alloc.parent is outer for alloc in of_type(program, AllocOp)] == [True, False, True]


def test_init_is_true_for_a_straight_mmad() -> None:
    program = built(
        "on cube {\n"
        "a = load h[0:16, 0:16] into l1\n"
        "b = load h[16:16, 0:16] into l1\n"
        "c = fill 0.0 f32[16, 16] in l0c\n"
        "c = mmad a, b, c\n"
        "c = mmad a, b.T, c\n"
        "store c into y[0:16, 0:16]\n"
        "}\n"
    )
    first, second = (mmad.init.owner for mmad in of_type(program, MmadOp))
    assert isinstance(first, arith.ConstantOp) and isinstance(second, arith.ConstantOp)
    assert (first.value, second.value) == (BoolAttr.from_bool(True), BoolAttr.from_bool(False))


def test_init_asks_for_the_first_iteration_of_every_loop_since_the_fill() -> None:
    program = built(ATTENTION_VALUES.text, ATTENTION_VALUES.signature)
    init = of_type(program, MmadOp)[0].init.owner
    assert isinstance(init, arith.AndIOp)
    loops = of_type(program, scf.ForOp)[1:]
    compared: list[object] = []
    for side in (init.lhs.owner, init.rhs.owner):
        assert isinstance(side, arith.CmpiOp)
        compared.append(side.lhs)
    assert compared == [loop.body.block.args[0] for loop in loops]


@pytest.mark.parametrize(
    "number",
    ["0.1", "1e-05", "3.4028235e+38", "-inf", "inf", "16777217.0", "-0.0", "1.1754944e-38"],
)
def test_numbers_survive_exactly(number: str) -> None:
    text = f"a = fill {number} f32[8, 32] in ub\nstore a into y[0:8, 0:32]\n"
    program = built(text)
    printed = print_program(program)
    (fill,) = of_type(program, VbrcOp)
    (again,) = of_type(built(printed), VbrcOp)
    assert isinstance(fill.input.owner, arith.ConstantOp)
    assert isinstance(again.input.owner, arith.ConstantOp)
    assert fill.input.owner.value == again.input.owner.value
    assert isinstance(fill.input.owner.value, FloatAttr)
    assert print_program(built(printed)) == printed


LOAD = "a = load x[0:8, 0:32] into ub\n"
STORE = "store a into y[0:8, 0:32]\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("a = load x[0:8] from ub", 1, "unexpected"),
        (f"{LOAD}for k in 0..8 step 1 {{\na = vexp a\n", 3, "before a `}`"),
        (f"{LOAD}}}\n", 2, "without its opening line"),
        (f"{LOAD}a = vnone a\n{STORE}", 2, "unexpected `vnone a`"),
        (f"{LOAD}a = vadd b, a\n{STORE}", 2, "unknown buffer `b`"),
        (f"{LOAD}a = vadd x, a\n{STORE}", 2, "load it first"),
        ("a = load z[0:8] into ub\n", 1, "unknown operand `z`"),
        ("a = load x[0:8, 0:8, 0:8] into ub\n", 1, "3 slices for the 2 dimensions"),
        ("a = load x[0:65, 0:32] into ub\n", 1, "spans 65"),
        ("a = load x[60:8, 0:32] into ub\n", 1, "ends at 68"),
        ("a = load x[0:8, 0:32:2] into ub\n", 1, "spans 63"),
        ("for r in 0..72 step 8 {\na = load x[r:8, 0:32] into ub\n}\n", 2, "can start at 64"),
        ("for r in 0..9 step 8 {\na = load x[r-1:8, 0:32] into ub\n}\n", 2, "can start at -1"),
        ("a = load x[v:8, 0:32] into ub\n", 1, "neither a loop variable"),
        ("for r in 0..8 step 1 {\na = load x[r*r:8, 0:32] into ub\n}\n", 2, "number on one side"),
        ("for r in 0..8 step 1 {\na = load x[r//0:8, 0:32] into ub\n}\n", 2, "positive number"),
        ("a = load x[0, 0] into ub\n", 1, "use read"),
        (f"{LOAD}store a into x[0:8, 0:32]\n", 2, "is an input"),
        (f"{LOAD}store a into y[0:8, 0:16]\n", 2, r"\[8, 32\], but the destination \[8, 16\]"),
        (f"{LOAD}store relu a into y[0:8, 0:32]\n", 2, "vrelu"),
        (f"{LOAD}b = load n[0:8] into ub\na = vadd a, b\n", 3, "do not broadcast"),
        (f"{LOAD}b = load h[0:8, 0:32] into ub\nc = vadd a, b\n", 3, "operand of f16"),
        (f"{LOAD}a = vreduce sum a axis 1\n", 2, "cannot become"),
        (f"{LOAD}b = vreduce sum a axis 2\n", 2, "axis 2 of a tile of rank 2"),
        (f"{LOAD}b = vcast a to f32 round rint\n", 2, "to itself"),
        (f"{LOAD}b = vtranspose a perm [0, 0]\n", 2, "does not permute"),
        (f"{LOAD}b = view a as [3, 5]\n", 2, "cannot be viewed"),
        (f"{LOAD}a = view a as [256]\n", 2, "needs a new name"),
        (f"{LOAD}b = vadd a[0:9, 0:32], 1.0\n", 2, "spans 9"),
        (f"{LOAD}a = vadd a, a[0:1, 0:32]\n", 2, "overlap"),
        (f"{LOAD}p = vcmp gt a, 0.0\na = vsel p, a, 0.0\n", 3, "cannot overwrite"),
        (f"{LOAD}p = vcmp gt a, 0.0\nb = vsel p, 1.0, 0.0\n", 3, "needs a buffer"),
        (f"{LOAD}x = vexp a\n", 2, "operand in global memory"),
        ("q = read n[64]\n", 1, "goes from 64 to 64"),
        ("q = read n[0]\nq = read n[1]\n", 2, "already defined"),
        (f"{LOAD}q = read n[0]\nb = vadd a, q\n", 3, "`q` is i32, but f32"),
        ("a = fill 1.5 i32[8] in ub\n", 1, "not an integer"),
        ("a = fill 128 i8[8] in ub\n", 1, "does not fit i8"),
        ("a = fill 1e5 f16[8] in ub\n", 1, "does not fit f16"),
        ("a = fill 1e400 f32[8] in ub\n", 1, "too large"),
        ("on cube {\nc = fill 1.0 f32[16, 16] in l0c\n}\n", 2, "only be filled with 0"),
        (f"{LOAD}", 1, "stores nothing"),
        ("temp x f32[8]\na = load x[0:8] into ub\n", 1, "already taken"),
        ("for r in 8..8 step 1 {\na = load x[r:8, 0:32] into ub\n}\n", 1, "never runs"),
        ("across r in 0..64 step 0 {\na = load x[r:8, 0:32] into ub\n}\n", 1, "step"),
        (f"{LOAD}" + "for i in 0..1 step 1 {\n" * 40, 34, "nested"),
        (f"{LOAD}a = vadd a, {'1' * 600}\n", 2, "characters"),
    ],
)
def test_errors_have_a_line_and_a_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(KernelTextError, match=reason) as caught:
        built(text)
    assert caught.value.line == line


CUBE = (
    "on cube {\n"
    "a = load h[0:16, 0:16] into l1\n"
    "b = load h[16:16, 0:16] into l1\n"
    "c = fill 0.0 f32[16, 16] in l0c\n"
)


@pytest.mark.parametrize(
    ("rest", "line", "reason"),
    [
        ("store c into y[0:16, 0:16]\n}\n", 5, "nothing was accumulated"),
        ("d = mmad a, b, c\n}\n", 5, "write `c = mmad"),
        ("a = mmad a, b, a\n}\n", 5, "adds in l0c"),
        ("d = load h[0:16, 0:8] into l1\nc = mmad a, d.T, c\n}\n", 6, r"\[8, 16\]"),
        ("if 0 < 1 {\nc = mmad a, b, c\n}\n}\n", 6, "inside `if`"),
        ("across i in 0..2 step 1 {\nc = mmad a, b, c\n}\n}\n", 6, "inside `across`"),
        (
            "for i in 0..2 step 1 {\nc = mmad a, b, c\nc = fill 0.0 f32[16, 16] in l0c\n}\n}\n",
            7,
            "before the mmad",
        ),
        (
            "for i in 0..48 step 16 {\nd = load h[i:16, 0:16] into l1\nc = mmad d, b, c\n}\n}\n",
            7,
            "fill it inside",
        ),
    ],
)
def test_accumulation_follows_its_fill(rest: str, line: int, reason: str) -> None:
    with pytest.raises(KernelTextError, match=reason) as caught:
        built(CUBE + rest)
    assert caught.value.line == line


def test_unequal_valid_extents_are_an_error() -> None:
    text = (
        "across r in 0..64 step 24 {\n"
        "a = load x[r:24, 0:32] into ub\n"
        "b = fill 0.0 f32[24, 32] in ub\n"
        "c = vadd a, b\n"
        "}\n"
    )
    with pytest.raises(KernelTextError, match="load with pad"):
        built(text)


def test_a_condition_makes_the_edges_its_own_affair() -> None:
    built(
        "for r in 0..72 step 8 {\n"
        "if r < 64 {\n"
        "a = load x[r:8, 0:32] into ub\n"
        "store a into y[r:8, 0:32]\n"
        "}\n"
        "}\n"
    )


def test_a_padded_load_can_start_behind_the_end() -> None:
    program = built(
        "across r in 0..72 step 24 {\n"
        "for i in 0..24 step 8 {\n"
        "a = load x[r+i:8, 0:32] into ub pad 0.0\n"
        "store a into y[0:8, 0:32]\n"
        "}\n"
        "}\n"
    )
    offset, size = of_type(program, affine.MinOp)
    assert str(offset.map.data) == "(d0, d1) -> (64, (d0 + d1))"
    assert str(size.map.data) == "(d0) -> (8, ((d0 * -1) + 64))"
    assert print_program(built(print_program(program))) == print_program(program)


def test_a_rejected_statement_leaves_no_trace() -> None:
    lines = (LOAD + "b = vexp a\n" + STORE).splitlines()
    wrong = "c = vadd a, a[0:8, 0:31]\nd = vsel a, b, 0.0\ne = load x[0:8, 0:99] into ub\n"
    builder = StageBuilder("k", Core.VECTOR, XY, (), 48)
    for line in lines:
        for candidate in (*wrong.splitlines(), line):
            (statement,) = parse(candidate).stages[0].body
            if candidate == line:
                builder.append(statement)
            else:
                with pytest.raises(KernelTextError):
                    builder.append(statement)
    expected = built("\n".join(lines)).kernels[0]
    assert builder.finish().op.is_structurally_equivalent(expected.op)


def test_a_rejected_block_leaves_no_trace() -> None:
    builder = StageBuilder("k", Core.VECTOR, XY, (), 48)
    (load, loop, store) = (
        parse(f"{LOAD}for i in 0..4 step 1 {{\na = vexp a\nb = vadd a, zz\n}}\n{STORE}")
        .stages[0]
        .body
    )
    builder.append(load)
    with pytest.raises(KernelTextError, match="unknown buffer"):
        builder.append(loop)
    builder.append(store)
    expected = built(LOAD + STORE).kernels[0]
    assert builder.finish().op.is_structurally_equivalent(expected.op)


def test_a_rejected_across_can_be_replaced() -> None:
    builder = StageBuilder("k", Core.VECTOR, XY, (), 48)
    good = f"across r in 0..3 step 1 {{\n{LOAD}store a into y[r:8, 0:32]\n}}\n"
    (wrong,) = parse(good.replace("r:8", "r:9").replace("0..3", "0..40")).stages[0].body
    (right,) = parse(good).stages[0].body
    with pytest.raises(KernelTextError):
        builder.append(wrong)
    builder.append(right)
    kernel = builder.finish()
    assert kernel.op.blocks.value.data == 3
    assert kernel.op.is_structurally_equivalent(built(good).kernels[0].op)


def test_blocks_can_be_built_statement_by_statement() -> None:
    builder = StageBuilder("k", Core.VECTOR, XY, (), 48)
    text = f"{LOAD}for i in 0..4 step 1 {{\na = vexp a\n}}\n{STORE}"
    (load, loop, store) = parse(text).stages[0].body
    assert isinstance(loop, ast.For)
    builder.append(load)
    builder.open(ast.For(loop.loop))
    builder.append(loop.body[0])
    builder.close()
    builder.append(store)
    assert builder.finish().op.is_structurally_equivalent(built(text).kernels[0].op)


@pytest.mark.parametrize(
    ("operand", "reason"),
    [
        (GlobalOperand("in", "f32", (8,)), "cannot be named"),
        (GlobalOperand("2x", "f32", (8,)), "cannot be named"),
        (GlobalOperand("y", "f32", (8,)), "two operands"),
        (GlobalOperand("z", "f64", (8,)), "dtype f64"),
        (GlobalOperand("z", "f32", ()), "shape"),
    ],
)
def test_operands_that_no_text_can_use_are_an_error(operand: GlobalOperand, reason: str) -> None:
    header = Signature("k", (operand,), (GlobalOperand("y", "f32", (8,)),), "ascend910b1")
    with pytest.raises(KernelTextError, match=reason):
        built("a = fill 0.0 f32[8] in ub\nstore a into y[0:8]\n", header)


def test_scopes_of_loads_and_fills_are_in_the_types() -> None:
    program = built(MATMUL.text, MATMUL.signature)
    scopes = [alloc.buffer.type.memory_space.data for alloc in of_type(program, AllocOp)]  # pyright: ignore[reportAttributeAccessIssue]
    assert scopes == [Scope.L0C, Scope.L1, Scope.L1]
