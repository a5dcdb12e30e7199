"""Results that lack an axis of the others: one block writes them, in every tiling."""
# ruff: noqa: E501 (MLIR text)

import pytest
from xdsl.parser import Parser

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")
ENTRIES = {entry.name: entry for entry in load_seed_entries()}

GRID, ROW, COLUMN = "tensor<24x40xf32>", "tensor<40xf32>", "tensor<24xf32>"

SHARED = f"""
    %e = linalg.generic {{indexing_maps = [#i, #i], iterator_types = ["parallel"]}}
        ins(%r : {ROW}) outs(%er : {ROW}) {{
    ^bb1(%in: f32, %out: f32):
      %1 = math.exp %in : f32
      linalg.yield %1 : f32
    }} -> {ROW}
    %s = linalg.generic {{indexing_maps = [#ij, #j, #ij], iterator_types = ["parallel", "parallel"]}}
        ins(%g, %e : {GRID}, {ROW}) outs(%eg : {GRID}) {{
    ^bb1(%in: f32, %at: f32, %out: f32):
      %1 = arith.addf %in, %at : f32
      linalg.yield %1 : f32
    }} -> {GRID}
    npu.yield %e, %s : {ROW}, {GRID}
"""

APART = f"""
    %e = linalg.generic {{indexing_maps = [#i, #i], iterator_types = ["parallel"]}}
        ins(%r : {ROW}) outs(%er : {ROW}) {{
    ^bb1(%in: f32, %out: f32):
      %1 = math.absf %in : f32
      linalg.yield %1 : f32
    }} -> {ROW}
    %s = linalg.generic {{indexing_maps = [#ij, #j, #ij], iterator_types = ["parallel", "parallel"]}}
        ins(%g, %r : {GRID}, {ROW}) outs(%eg : {GRID}) {{
    ^bb1(%in: f32, %at: f32, %out: f32):
      %1 = arith.mulf %in, %at : f32
      linalg.yield %1 : f32
    }} -> {GRID}
    npu.yield %e, %s : {ROW}, {GRID}
"""

THREE = f"""
    %e = linalg.generic {{indexing_maps = [#i, #i], iterator_types = ["parallel"]}}
        ins(%r : {ROW}) outs(%er : {ROW}) {{
    ^bb1(%in: f32, %out: f32):
      %1 = math.exp %in : f32
      linalg.yield %1 : f32
    }} -> {ROW}
    %d = linalg.generic {{indexing_maps = [#i, #i], iterator_types = ["parallel"]}}
        ins(%c : {COLUMN}) outs(%ec : {COLUMN}) {{
    ^bb1(%in: f32, %out: f32):
      %1 = math.absf %in : f32
      linalg.yield %1 : f32
    }} -> {COLUMN}
    %s = linalg.generic {{indexing_maps = [#k, #j, #ij], iterator_types = ["parallel", "parallel"]}}
        ins(%d, %e : {COLUMN}, {ROW}) outs(%eg : {GRID}) {{
    ^bb1(%in: f32, %at: f32, %out: f32):
      %1 = arith.mulf %in, %at : f32
      linalg.yield %1 : f32
    }} -> {GRID}
    npu.yield %e, %d, %s : {ROW}, {COLUMN}, {GRID}
"""


def op_of(body: str) -> UndecidedOp:
    results = [ROW, COLUMN, GRID] if body is THREE else [ROW, GRID]
    text = f"""
#i = affine_map<(d0) -> (d0)>
#ij = affine_map<(d0, d1) -> (d0, d1)>
#j = affine_map<(d0, d1) -> (d1)>
#k = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: {ROW}, %y: {COLUMN}, %z: {GRID}) {{
  %o:{len(results)} = npu.undecided "some" ins(%x, %y, %z : {ROW}, {COLUMN}, {GRID})
      -> ({", ".join(results)}) {{
  ^bb0(%r: {ROW}, %c: {COLUMN}, %g: {GRID}):
    %er = tensor.empty() : {ROW}
    %ec = tensor.empty() : {COLUMN}
    %eg = tensor.empty() : {GRID}
{body}
  }}
  func.return
}}"""
    parsed = Parser(context(), text).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))


@pytest.mark.parametrize("body", [SHARED, APART, THREE], ids=["shared", "apart", "three"])
def test_no_tiling_races(body: str) -> None:
    op = op_of(body)
    specification = specify(op)
    composer = Composer.of(list(ENTRIES.values()), lambda m, dtype: supports(TARGET, m, dtype))
    composition = composer.compose(specification)
    signature = signature_of(specification, "some", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    texts = [
        each.text
        for each in candidates(Request(ENTRIES["whole-tiles"], specification, composition, TARGET))
    ]
    tiled = [text for text in texts if "if i0 == 0 {" in text or "if i1 == 0 {" in text]
    assert tiled, "no tiling deals an axis that a result lacks"
    for text in [*tiled[:3], *tiled[-3:]]:
        verdict = gate.check(text)
        assert verdict.accepted, f"{verdict.trap_message}\n{text}"


def test_what_only_the_lacking_result_needs_is_made_by_one_block() -> None:
    op = op_of(APART)
    specification = specify(op)
    composer = Composer.of(list(ENTRIES.values()), lambda m, dtype: supports(TARGET, m, dtype))
    composition = composer.compose(specification)
    made = candidates(Request(ENTRIES["whole-tiles"], specification, composition, TARGET))
    text = next(each.text for each in made if "if i0 == 0 {" in each.text)
    before, _, inside = text.partition("if i0 == 0 {")
    assert "vabs" in inside and "vabs" not in before
