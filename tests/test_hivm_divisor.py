"""What an index is surely a multiple of: where HIVM's views may start at whole fractals."""

import pytest
from xdsl.dialects import affine, scf
from xdsl.parser import Parser

from hawk_xdsl.hivm.divisor import divisor_of
from hawk_xdsl.universe import context

LOOP = """
%block = "test.op"() : () -> index
%zero = arith.constant 0 : index
%end = arith.constant 640 : index
%step = arith.constant 32 : index
scf.for %i = %zero to %end step %step {{
  %x = affine.apply affine_map<(d0, d1) -> ({formula})> (%i, %block)
  "test.op"(%x) : (index) -> ()
}}
"""


@pytest.mark.parametrize("formula, divisor", [
    *(("d0", 32), ("d0 + 16", 16), ("d0 * 3 + 48", 48), ("d1 * 16", 16), ("d0 + d1", 1)),
    *(("d1 * 32 + d0 + 2", 2), ("7 * 0", 0), ("d0 floordiv 2", 1)),
])  # fmt: skip
def test_an_affine_index_is_a_multiple_of_what_all_its_parts_are(
    formula: str, divisor: int
) -> None:
    module = Parser(context(), LOOP.format(formula=formula)).parse_module()
    [apply] = (op for op in module.walk() if isinstance(op, affine.ApplyOp))
    assert divisor_of(apply.result) == divisor


def test_a_counter_is_a_multiple_of_what_divides_its_start_and_step() -> None:
    module = Parser(context(), LOOP.format(formula="d0")).parse_module()
    [loop] = (op for op in module.walk() if isinstance(op, scf.ForOp))
    assert divisor_of(loop.body.block.args[0]) == 32
    [apply] = (op for op in module.walk() if isinstance(op, affine.ApplyOp))
    assert divisor_of(apply.mapOperands[1]) == 1
    assert divisor_of(48) == 48
