"""Contractions of every form become right kernels: how they lie, where they are packed or split."""

from dataclasses import replace

import pytest
from contractions import CASES, MATMUL, TARGET, TEMPLATES, check, contraction, maps, request

from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.structure import contraction_of


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
