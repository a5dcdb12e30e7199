"""What instructions need for themselves: the bytes that the vendor's compiler allocates."""

import pytest

from hawk_xdsl.codegen.vector.buffers import Statement, TileValue, operand
from hawk_xdsl.codegen.vector.temporaries import temporary_of
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.cost import VectorWork
from hawk_xdsl.npu_target.temporaries import TileExtents, bytes_needed

ASCEND = load_target("ascend910b1").vector

Shape = tuple[int, ...]


def needed(row: str, *shapes: Shape, axis: int = -1, numbers: int = 0, size: int = 4) -> int:
    tiles = [TileExtents(shape, size) for shape in shapes]
    return bytes_needed(VectorWork(row, "f32", (axis,)), tiles, numbers, ASCEND)


# Elements that hivm-alloc-extra-buffer of ascendnpu-ir 1.2.0 allocates, f32 if nothing is said.
@pytest.mark.parametrize("elements, row, shapes, axis", [
    (8192, "vreduce_sum", ((8, 1024), (1, 1024)), 0),
    (4096, "vreduce_sum", ((8, 1024), (8, 1)), 1),
    (0, "vreduce_max", ((64, 64), (64, 1)), 1),
    (192, "vreduce_max", ((3, 100), (3, 1)), 1),
    (2048, "vreduce_sum", ((4096,), (1,)), 0),
    (576, "vreduce_prod", ((8, 1024), (8, 1)), 1),
    (216, "vreduce_prod", ((3, 100), (3, 1)), 1),
    (8192, "vreduce_prod", ((64, 64), (64, 1)), 1),
    (9224, "vreduce_argmax", ((8, 1024), (1, 1024)), 0),
    (4616, "vreduce_argmax", ((64, 64), (1, 64)), 0),
    (8, "vreduce_argmax", ((64, 64), (64, 1)), 1),
])  # fmt: skip
def test_a_reduction(elements: int, row: str, shapes: tuple[Shape, ...], axis: int) -> None:
    assert needed(row, *shapes, axis=axis) == 4 * elements


def test_a_reduction_of_half_precision_has_twice_the_elements_in_a_repeat() -> None:
    assert needed("vreduce_sum", (16, 512), (16, 1), axis=1, size=2) == 2 * 4096


@pytest.mark.parametrize("rows, blocks", [(8, 8), (16, 16), (100, 104)])
def test_a_column_beside_rows_is_spread_by_eight(rows: int, blocks: int) -> None:
    assert needed("vsub", (rows, 64), (rows, 1), (rows, 64)) == 32 * blocks
    assert needed("vbrc", (rows, 1), (rows, 64)) == 32 * blocks
    assert needed("vsub", (rows, 64), (1, 64), (rows, 64)) == 0


def test_a_selection_needs_a_block_and_one_for_each_number() -> None:
    tile = (1024,)
    found = [needed("vsel", *[tile] * (4 - n), numbers=n) for n in range(3)]
    assert found == [32, 64, 96]


def test_numbers_without_a_form_of_their_own_are_blocks() -> None:
    tile = (16, 64)
    assert [needed(f"{row}_scalar", tile, tile, numbers=1) for row in ("vsub", "vdiv")] == [32, 32]
    assert [needed(f"{row}_scalar", tile, tile, numbers=1) for row in ("vadd", "vmul")] == [0, 0]


def test_a_gather_needs_an_address_for_each_element() -> None:
    assert needed("vgather", (2048,), (1024,), (1024,)) == 4096


def test_a_function_that_is_no_instruction_needs_nothing() -> None:
    value = TileValue("f32", (None, None), (8, 64))
    for called in ("cosh", "copy"):
        statement = Statement(ast.Elementwise(called, (operand(0),)), (value,), value)
        assert temporary_of(statement, ASCEND) == 0


def test_a_target_that_says_nothing_needs_a_block_for_each_repeat_of_a_row() -> None:
    spec = load_target("scratchpad").vector
    tiles = [TileExtents((8, 128), 4), TileExtents((8, 1), 4)]
    assert bytes_needed(VectorWork("vreduce_max", "f32", (1,)), tiles, 0, spec) == 4 * 128
