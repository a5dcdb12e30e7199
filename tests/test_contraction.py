"""Contractions of every form become right kernels: how they lie, where they are packed or split."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from xdsl.parser import Parser

from hawk_xdsl.codegen.cube.form_search import RankedForm, best_forms
from hawk_xdsl.codegen.cube.strategies import ContractionSpace
from hawk_xdsl.codegen.strategies import candidate_at, candidates, space_of
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.kernel_text import text_of
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.knowledge_store import Entry, TileHole, load_seed_entries
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.structure import contraction_of
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")


TEMPLATES = (
    "cube-output-stationary",
    "cube-split-k",
    "cube-stationary-operand",
    "cube-stationary-panels",
)


def entry(name: str = TEMPLATES[0]) -> Entry:
    return next(e for e in load_seed_entries() if e.name == name)


def request(op: UndecidedOp, name: str = TEMPLATES[0]) -> Request:
    return Request(entry(name), specify(op), None, TARGET)


def contraction(
    lhs: str,
    rhs: str,
    out: str,
    maps: str,
    loops: str,
    dtypes: tuple[str, str] = ("f32", "f32"),
    least: str = "",
) -> UndecidedOp:
    """``lhs`` and the like are shapes such as ``4x8``; ``loops`` has p or r for each loop.

    With ``least`` the result is the maximum of the sum and this number.
    """
    factor, result = dtypes
    kinds = ", ".join('"parallel"' if kind == "p" else '"reduction"' for kind in loops)
    left, right = f"tensor<{lhs}x{factor}>", f"tensor<{rhs}x{factor}>"
    written = f"tensor<{out}x{result}>"
    integer = result.startswith("i")
    widen = "arith.extsi" if integer else "arith.extf"
    mul, add = ("arith.muli", "arith.addi") if integer else ("arith.mulf", "arith.addf")
    cast = [f"%{n} = {widen} %{n[0]} : {factor} to {result}" for n in ("lw", "rw")]
    names = ("%lw", "%rw") if factor != result else ("%l", "%r")
    widened = "\n".join(cast) if factor != result else ""
    module = f"""
func.func @main(%x: {left}, %w: {right}) {{
  %y = npu.undecided "contraction" ins(%x, %w : {left}, {right}) -> ({written}) {{
  ^bb0(%a: {left}, %b: {right}):
    %zero = arith.constant {"0" if integer else "0.0"} : {result}
    %e = tensor.empty() : {written}
    %f = linalg.fill ins(%zero : {result}) outs(%e : {written}) -> {written}
    %s = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}
      ins(%a, %b : {left}, {right}) outs(%f : {written}) {{
    ^bb1(%l: {factor}, %r: {factor}, %o: {result}):
      {widened}
      %p = {mul} {names[0]}, {names[1]} : {result}
      %q = {add} %o, %p : {result}
      linalg.yield %q : {result}
    }} -> {written}
    {_maximum("%s", least, out, result) if least else ""}
    npu.yield {"%t" if least else "%s"} : {written}
  }}
  func.return
}}"""
    parsed = Parser(context(), module).parse_module()
    parsed.verify()
    return next(op for op in parsed.walk() if isinstance(op, UndecidedOp))


def _maximum(of: str, least: str, shape: str, dtype: str) -> str:
    """``%t``, the elementwise maximum of a tensor and a number."""
    tensor, axes = f"tensor<{shape}x{dtype}>", shape.count("x") + 1
    indices = ", ".join(f"d{axis}" for axis in range(axes))
    identity = f"affine_map<({indices}) -> ({indices})>"
    kinds = ", ".join(['"parallel"'] * axes)
    return f"""%least = arith.constant {least} : {dtype}
    %t = linalg.generic {{indexing_maps = [{identity}, {identity}], iterator_types = [{kinds}]}}
      ins({of} : {tensor}) outs(%e : {tensor}) {{
    ^bb1(%v: {dtype}, %o: {dtype}):
      %u = arith.maximumf %v, %least : {dtype}
      linalg.yield %u : {dtype}
    }} -> {tensor}"""


def maps(loops: str, *results: str) -> str:
    return ", ".join(f"affine_map<({loops}) -> ({result})>" for result in results)


def finish(kernel: KernelOp) -> None:
    finish_kernel(kernel, TARGET)


def check(op: UndecidedOp, name: str = TEMPLATES[0]) -> tuple[Candidate, Verdict]:
    """The best candidate and what the gate says of it."""
    specification = specify(op)
    best = candidates(request(op, name))[0]
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    return best, gate.check(best.text)


MATMUL = maps("m, n, k", "m, k", "k, n", "m, n")
CASES = {
    "plain": ("37x61", "61x53", "37x53", MATMUL, "ppr"),
    "transposed": ("61x37", "53x61", "37x53", maps("m, n, k", "k, m", "n, k", "m, n"), "ppr"),
    "written transposed": ("37x61", "61x53", "53x37",
                           maps("m, n, k", "m, k", "k, n", "n, m"), "ppr"),
    "row": ("1x64", "64x48", "1x48", MATMUL, "ppr"),
    "column": ("48x64", "64x1", "48x1", MATMUL, "ppr"),
    "vector": ("48x64", "64", "48", maps("m, k", "m, k", "k", "m"), "pr"),
    "tiny": ("3x7", "7x5", "3x5", MATMUL, "ppr"),
    "batched": ("3x19x29", "3x29x23", "3x19x23",
                maps("b, m, n, k", "b, m, k", "b, k, n", "b, m, n"), "pppr"),
    "heads last": ("2x20x24", "17x2x24", "20x17x2",
                   maps("h, m, n, k", "h, m, k", "n, h, k", "m, n, h"), "pppr"),
    "two summed axes": ("33x6x20", "20x6x40", "33x40",
                        maps("m, n, j, k", "m, j, k", "k, j, n", "m, n"), "pprr"),
    "convolution": ("2x12x13x11", "20x12x3x3", "2x20x11x9",
                    maps("b, o, y, x, c, u, v", "b, c, y + u, x + v", "o, c, u, v",
                         "b, o, y, x"), "pppprrr"),
    "strided": ("12x13x11", "20x12x3x3", "20x6x5",
                maps("o, y, x, c, u, v", "c, 2 * y + u, 2 * x + v", "o, c, u, v", "o, y, x"),
                "ppprrr"),
    "dilated": ("8x30", "16x8x3", "16x26",
                maps("o, x, c, v", "c, x + 2 * v", "o, c, v", "o, x"), "pprr"),
    "grouped": ("4x3x9x8", "4x5x3x3x3", "4x5x7x6",
                maps("g, o, y, x, c, u, v", "g, c, y + u, x + v", "g, o, c, u, v",
                     "g, o, y, x"), "pppprrr"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_first_candidate_is_right(name: str) -> None:
    _, verdict = check(contraction(*CASES[name]))
    assert verdict.accepted, verdict.trap_message


@pytest.mark.parametrize("dtypes", [("f16", "f32"), ("bf16", "f32"), ("f16", "f16"), ("i8", "i32")])
def test_every_dtype_of_the_cube(dtypes: tuple[str, str]) -> None:
    _, verdict = check(contraction("40x96", "96x24", "40x24", MATMUL, "ppr", dtypes))
    assert verdict.accepted, verdict.trap_message


def test_only_what_the_cube_cannot_load_is_packed() -> None:
    plain, _ = check(contraction(*CASES["transposed"]))
    packed, _ = check(contraction(*CASES["convolution"]))
    assert "temp" not in plain.text and "vgather" not in plain.text
    assert packed.text.count("temp ") == 1 and "load x1[" in packed.text


def test_a_long_sum_is_split_over_the_cores() -> None:
    op = contraction("16x65536", "65536x16", "16x16", MATMUL, "ppr")
    split, verdict = check(op, "cube-split-k")
    whole, alone = check(op)
    assert verdict.accepted, verdict.trap_message
    assert split.schedule.split_k > 1 and split.estimate < whole.estimate
    assert verdict.cycles < alone.cycles


@pytest.mark.parametrize("name", ["plain", "transposed", "batched", "convolution", "dilated"])
@pytest.mark.parametrize("template", ["cube-stationary-operand", "cube-stationary-panels"])
def test_an_operand_may_be_stationary(template: str, name: str) -> None:
    op = contraction(*CASES[name])
    if not candidates(request(op, template)):
        assert (template, name) == ("cube-stationary-operand", "batched")
        return
    best, verdict = check(op, template)
    assert verdict.accepted, verdict.trap_message
    assert best.text.count("f = load") == 1


@pytest.mark.parametrize("operand", ["lhs", "rhs"])
@pytest.mark.parametrize("name", ["plain", "transposed"])
def test_a_step_multiplies_its_part_of_a_stationary_operand(name: str, operand: str) -> None:
    lhs, rhs, out = ("48x64", "64x32", "48x32") if name == "plain" else ("64x48", "32x64", "48x32")
    op = contraction(lhs, rhs, out, CASES[name][3], "ppr")
    whole = {"i0": 48, "i1": 16, "i2": 16} if operand == "lhs" else {"i0": 16, "i1": 32, "i2": 16}
    schedule = Schedule.of("stationary-operand", whole, stream={"i2"}, stationary=operand)
    made = candidate_at(request(op, "cube-stationary-operand"), schedule)
    assert made is not None and ("f[i2:16, 0:" in made.text or ", i2:16]" in made.text)
    specification = specify(op)
    gate = Gate(op, specification, signature_of(specification, "k", TARGET.name), TARGET, 0)
    verdict = gate.check(made.text)
    assert verdict.accepted, verdict.trap_message


def test_parts_of_the_streamed_side_are_a_loop_between_panels_and_tiles() -> None:
    op = contraction("48x96", "96x4096", "48x4096", MATMUL, "ppr", ("f16", "f32"))
    made = candidates(request(op, "cube-stationary-panels"))
    parts = [each for each in made if "part" in each.schedule.sizes]
    assert parts and all(each.schedule.split_k == 1 for each in made)
    for each in parts:
        names = [*each.schedule.sizes]
        streamed = "i1" if each.schedule.stationary == "lhs" else "i0"
        assert names.index("part") + 1 == names.index(streamed)
        extent = 4096 if streamed == "i1" else 48
        assert f"part in 0..{extent} step {each.schedule.sizes['part']}" in each.text


def test_a_stationary_operand_is_loaded_before_what_streams() -> None:
    op = contraction("48x96", "96x640", "48x640", MATMUL, "ppr", ("f16", "f32"))
    once, _ = check(op, "cube-stationary-operand")
    panels, _ = check(op, "cube-stationary-panels")
    assert once.text.index("f = load x0") < once.text.index("across")
    assert panels.text.index("across") < panels.text.index("f = load") < panels.text.index("for ")


def test_stationary_panels_promise_more_where_every_byte_comes_from_memory() -> None:
    """With an L2, cores that load the same tiles at the same time need no panels of their own."""
    op = contraction("1024x1024", "1024x1024", "1024x1024", MATMUL, "ppr", ("f16", "f32"))

    def estimates(target: Target) -> list[float]:
        names = ("cube-stationary-panels", "cube-output-stationary")
        asked = (replace(request(op, name), target=target) for name in names)
        return [candidates(each)[0].estimate for each in asked]

    panels, plain = estimates(replace(TARGET, l2=None))
    assert panels < plain
    panels, plain = estimates(TARGET)
    assert panels > plain


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["plain", "two summed axes", "convolution"])
def test_a_schedule_names_one_kernel(template: str, name: str) -> None:
    wanted = request(contraction(*CASES[name]), template)
    made = candidates(wanted)
    assert len({each.schedule for each in made}) == len(made)
    for candidate in made[:3]:
        read_back = Schedule.parse(str(candidate.schedule))
        assert candidate_at(wanted, read_back) == candidate


@pytest.mark.parametrize("template", TEMPLATES)
def test_kernels_are_the_trees_that_their_texts_parse_to(template: str) -> None:
    seen = 0
    for case in CASES.values():
        space = space_of(request(contraction(*case), template))
        for form in space.forms if isinstance(space, ContractionSpace) else ():
            for tile in [*form.tiles()][::50]:
                kernel = form.kernel(tile)
                assert parse(text_of(kernel)) == kernel
                seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", ["heads last", "two summed axes", "convolution", "grouped"])
def test_the_best_forms_are_those_that_estimates_of_all_forms_say(name: str) -> None:
    space = space_of(request(contraction(*CASES[name])))
    assert isinstance(space, ContractionSpace)
    found = [each.form for each in best_forms(space.forms, 3)]
    exact = [
        (min(form.cycles(tile) for tile in some), number, form)
        for number, form in enumerate(space.forms)
        if (some := RankedForm(form).tiles.first_tiles)
    ]
    assert found == [form for *_, form in sorted(exact, key=lambda each: each[:2])[:3]]


def test_packing_stages_that_cannot_win_are_not_made() -> None:
    _, _, _, indices, loops = CASES["convolution"]
    op = contraction("2x16x36x36", "24x16x3x3", "2x24x34x34", indices, loops)
    space = space_of(request(op))
    assert isinstance(space, ContractionSpace)
    assert [*space.schedules()]
    known = {packing.is_known for form in space.forms for packing in form.product.before}
    assert known == {True, False}


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_estimate_is_below_its_bound(template: str) -> None:
    for case in CASES.values():
        space = space_of(request(contraction(*case), template))
        for form in space.forms if isinstance(space, ContractionSpace) else ():
            ranked, bounds = RankedForm(form), list[float]()
            while not ranked.is_known and ranked.bound < inf:
                bounds.append(ranked.bound)
                ranked.look()
            assert [*bounds, ranked.bound] == sorted([*bounds, ranked.bound])


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_maximum_with_zero_is_taken_where_the_sum_is_stored(template: str) -> None:
    op = contraction("32x512", "512x32", "32x32", MATMUL, "ppr", ("f16", "f16"), least="0.0")
    best, verdict = check(op, template)
    assert verdict.accepted, verdict.trap_message
    in_parts = template == "cube-split-k"
    assert best.schedule.epilogue == (() if in_parts else ("relu", "cast"))
    assert ("vrelu" in best.text, "store relu" in best.text) == (in_parts, not in_parts)
    other = replace(best.schedule, epilogue=("cast",))
    assert candidate_at(request(op, template), other) is None


def test_a_maximum_with_another_number_is_no_contraction() -> None:
    one = contraction("32x64", "64x32", "32x32", MATMUL, "ppr", least="1.0")
    assert contraction_of(specify(one)) is None


def test_schedules_that_do_not_fit_have_no_kernel() -> None:
    wanted = request(contraction("512x512", "512x512", "512x512", MATMUL, "ppr"))
    good = candidates(wanted)[0].schedule
    assert candidate_at(wanted, good) is not None
    for sizes in ({"i0": 256, "i1": 256, "i2": 16}, {"i0": 128, "i1": 128, "i2": 4096}):
        assert candidate_at(wanted, good.with_sizes(sizes)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"buffers": 3},
        {"stationary": "lhs"},
        {"split_k": 2},
        {"pack": ("lhs",)},
        {"epilogue": ("relu",)},
    ],
)
def test_what_a_strategy_does_not_obey_has_no_kernel(change: dict[str, Any]) -> None:
    wanted = request(contraction("512x512", "512x512", "512x512", MATMUL, "ppr"))
    good = candidates(wanted)[0].schedule
    assert candidate_at(wanted, replace(good, **change)) is None


@pytest.mark.parametrize("template", TEMPLATES)
def test_another_order_of_loops_is_no_schedule_of_a_strategy(template: str) -> None:
    wanted = request(contraction("512x512", "512x512", "512x512", MATMUL, "ppr"), template)
    for made in candidates(wanted)[:3]:
        turned = replace(made.schedule, tile=made.schedule.tile[::-1])
        assert candidate_at(wanted, turned) is None


@pytest.mark.parametrize("template", TEMPLATES)
def test_tile_sizes_of_an_entry_are_the_only_ones(template: str) -> None:
    op = contraction("256x128", "128x256", "256x256", MATMUL, "ppr")
    wanted = request(op, template)
    fixed = replace(wanted.entry, tiles=(TileHole("m", (32, 512)), TileHole("k", (64,))))
    found = [each.schedule.sizes for each in candidates(replace(wanted, entry=fixed))]
    assert all(sizes["i0"] in (32, 256) and sizes["i2"] == 64 for sizes in found)
    assert found or template == "cube-split-k"  # all cores have a tile of 32 rows
    other = replace(wanted.entry, tiles=(TileHole("m", (48,)),))
    for schedule in [each.schedule for each in candidates(wanted)]:
        made = candidate_at(replace(wanted, entry=other), schedule)
        assert (made is not None) == (schedule.sizes["i0"] == 48)


def test_a_tile_size_of_no_side_is_refused() -> None:
    wanted = request(contraction(*CASES["plain"]))
    entry = replace(wanted.entry, tiles=(TileHole("i0", (32,)),))
    with pytest.raises(HawkError, match="tile sizes m, n and k, not 'i0'"):
        candidates(replace(wanted, entry=entry))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("b = load x1[i2:", "b = load x1[0:", "wrong-result"),
        ("mmad a, b,", "mmad a, b.T,", "wrong-result"),
        ("store acc", "store relu acc", "wrong-result"),
        ("acc = fill 0.0 f32", "acc = fill 0.0 f16", "dtype"),
    ],
)
def test_a_wrong_contraction_is_refused(old: str, new: str, code: str) -> None:
    op = contraction("64x64", "64x64", "64x64", MATMUL, "ppr")
    specification = specify(op)
    sizes = {"i0": 32, "i1": 32, "i2": 32}
    schedule = Schedule.of("output-stationary", sizes, stream={"i2"})
    good = candidate_at(request(op), schedule)
    assert good is not None and old in good.text
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    assert gate.check(good.text).accepted
    assert gate.check(good.text.replace(old, new)).trap_code == code


def test_what_is_no_contraction_of_the_cube() -> None:
    rows = contraction("8x16", "8x16", "8", maps("m, k", "m, k", "m, k", "m"), "pr")
    integers = contraction("8x16", "16x8", "8x8", MATMUL, "ppr", ("i32", "i32"))
    assert contraction_of(specify(rows)) is None
    assert candidates(request(integers)) == []


def test_the_bound_counts_each_element_of_a_window_once() -> None:
    shape = ("64x130", "64x64x3", "64x128")
    near = contraction(*shape, maps("o, x, c, v", "c, x + v", "o, c, v", "o, x"), "pprr")
    apart = contraction(
        "64x32768", "64x64x3", "64x128",
        maps("o, x, c, v", "c, 256 * x + v", "o, c, v", "o, x"), "pprr",
    )  # fmt: skip
    read_once = bound_of(specify(near), TARGET)
    read_thrice = bound_of(specify(apart), TARGET)
    assert read_once.cycles < read_thrice.cycles < 2 * read_once.cycles
