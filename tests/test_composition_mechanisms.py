"""Kernels without a model, one mechanism each: the gate accepts them, and refuses them damaged."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from test_specification_families import groups
from torch.nn import functional as F

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.select_instructions import Composer, Composition
from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import EntryKind, load_seed_entries
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import ResultRegion, specify
from hawk_xdsl.training.region import RegionBuilder

pytestmark = pytest.mark.corpus

TARGET = load_target("ascend910b1")
ENTRIES = {entry.name: entry for entry in load_seed_entries()}

ROWS = torch.randn(5, 20)


@dataclass(frozen=True)
class Case:
    """A function, the template that computes it at a schedule, and what to break in its text."""

    function: Callable[..., object]
    inputs: tuple[torch.Tensor, ...]
    template: str
    schedule: str | None
    right: str
    wrong: str


CHUNKS = '"streamed-tiles" tile(i0 = 1, i1 = 8) stream(i1)'

CASES: dict[str, Case] = {
    "rows in chunks, with a rest": Case(
        lambda x: torch.softmax(x, 1), (ROWS,), "streamed-tiles", CHUNKS,
        "vexp", "vabs",
    ),
    "columns in chunks": Case(
        lambda x: x.sum(0), (ROWS,), "streamed-tiles",
        '"streamed-tiles" tile(i0 = 2, i1 = 8) stream(i0)', "fill 0.0", "fill 1.0"
    ),
    "a window": Case(
        lambda x: F.max_pool1d(x, 3, 2), (torch.randn(2, 3, 17),), "streamed-tiles", None,
        "fill -inf", "fill 0.0",
    ),
    "a running sum in chunks": Case(
        lambda x: x.cumsum(1), (ROWS,), "streamed-tiles", CHUNKS,
        "for i1 in 0..16", "for i1 in 8..16",
    ),
    "a running sum in segments": Case(
        lambda x: x.cumsum(1), (torch.randn(16, 256),), "whole-tiles",
        '"whole-tiles" tile(i0 = 8)', "vsel b1, 0.0", "vsel b1, 1.0",
    ),
    "a running sum down columns in segments": Case(
        lambda x: x.cumsum(0), (torch.randn(256, 40),), "streamed-tiles",
        '"streamed-tiles" tile(i0 = 128, i1 = 8) stream(i0)', "vsel b1, 0.0", "vsel b1, 1.0",
    ),
    "a running sum of integers in chunks": Case(
        lambda x: x.cumsum(0), (torch.randint(-9, 9, (64, 24), dtype=torch.int32),),
        "streamed-tiles", '"streamed-tiles" tile(i0 = 16, i1 = 8) stream(i0)',
        "[15:1, 0:8]", "[14:1, 0:8]",
    ),
    "a position in chunks": Case(
        lambda x: x.argmax(1), (ROWS,), "streamed-tiles", CHUNKS, "vcmp gt", "vcmp lt"
    ),
    "a mean in parts": Case(
        lambda x: x.mean(), (ROWS,), "two-pass-reduction",
        '"two-pass-reduction" stages(<"whole-tiles" tile(i0 = 64)>, <"whole-tiles">)',
        "vreduce sum", "vreduce max",
    ),
    "levels of two-pass reductions": Case(
        lambda x: torch.softmax(x, 1), (torch.randn(2, 40),), "two-pass-reduction",
        '"two-pass-reduction" stages(<"whole-tiles" tile(i1 = 16)>, <"whole-tiles" tile(i1 = 8)>,'
        ' <"whole-tiles" tile(i0 = 1)>)',
        "vreduce sum", "vreduce max",
    ),
    "rows of a table": Case(
        F.embedding, (torch.randint(0, 9, (7,)), torch.randn(9, 12)), "whole-tiles", None,
        "x1[q0,", "x1[i0,",
    ),
    "columns backwards": Case(
        lambda x: x.flip(1), (ROWS,), "whole-tiles",
        '"whole-tiles" tile(i0 = 1)', "vadd b0, 19", "vadd b0, 18"
    ),
    "result regions": Case(
        lambda x, y: torch.cat([x, y], 1), (ROWS, torch.randn(5, 3)), "whole-tiles",
        '"whole-tiles" tile(i0 = 2)',
        "20:3]", "19:3]",
    ),
    "one large result region": Case(
        lambda x: F.pad(x, (1, 1, 1, 1)), (torch.randn(40, 40),), "whole-tiles",
        '"whole-tiles" tile(i3 = 8)',
        "fill 0.0", "fill 1.0",
    ),
    "result regions in turn": Case(
        lambda x, y: torch.cat([x, y], 1), (ROWS, torch.randn(5, 3)), "regions-in-turn",
        '"regions-in-turn" stages(<"whole-tiles" tile(i0 = 2)>, <"whole-tiles" tile(i0 = 1)>)',
        "x1[turn-3", "x1[turn-4",
    ),
    "a padded image of two parts in turn": Case(
        lambda x, y: F.pad(torch.cat([x, y]), (1, 1, 1, 1)),
        (torch.randn(3, 6, 8), torch.randn(2, 6, 8)), "regions-in-turn", None,
        "if turn >= ", "if turn > ",
    ),
    "columns for rows": Case(
        lambda x: x.t().contiguous() + 1, (ROWS,), "whole-tiles", None, "vtranspose", "vadd"
    ),
    "a narrow float, rounded once": Case(
        lambda x: torch.sigmoid(x), (ROWS.half(),), "whole-tiles", None, "to f32", "to i32"
    ),
}  # fmt: skip


def composed(op: UndecidedOp) -> Composition:
    composer = Composer.of(tuple(ENTRIES.values()), lambda m, d: supports(TARGET, m, d))
    return composer.compose(specify(op))


def candidate_of(case: Case, op: UndecidedOp) -> Candidate:
    if case.schedule is None:
        return candidates(request(op, case.template))[0]
    found = candidate_at(request(op, case.template), Schedule.parse(case.schedule))
    assert found is not None
    return found


def request(op: UndecidedOp, template: str = "whole-tiles") -> Request:
    return Request(ENTRIES[template], specify(op), composed(op), TARGET)


def verdict(op: UndecidedOp, text: str) -> Verdict:
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    return gate.check(text)


@pytest.mark.parametrize("name", CASES)
def test_a_mechanism_is_right_and_its_damage_is_seen(name: str) -> None:
    case = CASES[name]
    [op] = groups(case.function, *case.inputs)
    text = candidate_of(case, op).text
    found = verdict(op, text)
    assert found.accepted, found.trap_message
    assert case.right in text
    assert not verdict(op, text.replace(case.right, case.wrong)).accepted


def test_a_reduction_of_all_stands_beside_one_of_rows() -> None:
    region = RegionBuilder([16, 1990])
    both = [region.input((0, 1), "f16") for _ in range(2)]
    largest = region.reduce("max", both[0], (0, 1))
    clipped = region.apply("max", [region.apply("exp", [largest], "f16"), both[0]], "f16")
    scaled = region.apply("mul", [clipped, region.reduce("sum", both[1], (1,))], "f16")
    op = region.finish([scaled], "reductions")
    templates = [entry.name for entry in ENTRIES.values() if entry.kind is EntryKind.TEMPLATE]
    found = [each for name in templates for each in candidates(request(op, name))]
    best = verdict(op, min(found, key=lambda c: c.estimate).text)
    assert best.accepted, best.trap_message


def test_a_stage_has_a_temp_for_each_two_pass_reduction() -> None:
    [op] = groups(lambda x: torch.softmax(x, 1), torch.randn(2, 40))
    text = candidate_of(CASES["levels of two-pass reductions"], op).text
    assert [line for line in text.splitlines() if line.startswith("temp ")] == [
        "temp t0 f32[2, 3]",
        "temp t1 f32[2, 5]",
    ]
    assert text.count("on vector {") == 3


def test_what_lies_between_stages_is_part_of_their_estimate() -> None:
    [op] = groups(lambda x: torch.softmax(x, 1), torch.randn(2, 40))
    asked = request(op, "two-pass-reduction")
    for made in candidates(asked):
        operands = operands_of(asked.specification).values()
        assert made.estimate == estimate(made.syntax, operands, TARGET)
        cores = [TARGET.vector_core] * len(made.syntax.stages)
        assert made.estimate > TARGET.launch.between(cores) > 0


MATHEMATICS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sin": torch.sin, "cos": torch.cos, "atan": torch.atan, "erf": torch.erf, "tanh": torch.tanh,
    "expm1": torch.expm1, "floor": torch.floor, "round": torch.round, "cube": lambda x: x**3,
    "log1p of a square": lambda x: torch.log1p(x * x), "elu": F.elu,
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("name", MATHEMATICS)
def test_mathematics_that_the_unit_lacks(name: str, dtype: torch.dtype) -> None:
    [op] = groups(MATHEMATICS[name], ROWS.to(dtype))
    first = candidates(request(op))[0]
    found = verdict(op, first.text)
    assert found.accepted, found.trap_message


def test_a_coarse_rule_is_for_coarse_results() -> None:
    texts = [
        candidates(request(op))[0].text
        for dtype in (torch.float16, torch.float32)
        for op in groups(torch.sin, ROWS.to(dtype))
    ]
    coarse, fine = (len(text.splitlines()) for text in texts)
    assert coarse < fine


def test_indices_of_rows_are_loaded_once() -> None:
    [op] = groups(F.embedding, torch.randint(0, 64, (512,)), torch.randn(64, 256))
    found = candidate_at(request(op), Schedule.of("whole-tiles", {"i0": 1}))
    assert found is not None
    text = found.text
    head, _, body = text.partition("across ")
    assert "load x0[0:512] into ub" in head
    assert body.count("load ") == 1
    judged = verdict(op, text)
    assert judged.accepted, judged.trap_message
    assert judged.cycles < 4000  # 6,700 where each row loads its index


def test_picked_elements_come_from_the_rows_of_the_tile() -> None:
    [op] = groups(lambda x: x.flip(1), torch.randn(100, 64))
    found = candidate_at(request(op), Schedule.of("whole-tiles", {"i0": 8}))
    assert found is not None
    assert "load x0[i0:8, 0:64] into ub" in found.text
    assert "varange" not in found.text.partition("across ")[2]
    assert verdict(op, found.text).accepted


def test_a_narrow_float_is_picked_as_it_is_where_that_is_faster() -> None:
    [op] = groups(lambda x: x.flip(1), torch.randn(100, 64).half())
    found = candidate_at(request(op), Schedule.of("whole-tiles", {"i0": 20}))
    assert found is not None
    assert "to f32" not in found.text
    assert verdict(op, found.text).accepted


def test_the_largest_of_a_narrow_float_is_found_before_the_cast() -> None:
    [op] = groups(lambda x: torch.softmax(x, 1), ROWS.half())
    text = candidates(request(op))[0].text
    assert "vreduce max b1 axis" in text
    assert "vdiv b0, b5" in text
    assert verdict(op, text).accepted


def test_what_result_regions_cover_alike_is_one_axis() -> None:
    """The edge left and right of each row is written by the core that has the row."""
    [op] = groups(lambda x: F.pad(x, (1, 2, 3, 4), value=0.5), torch.randn(40, 30))
    specification = composed(op).specification
    sides = [r.index[0] for r in specification.results if specification.axes.get(_axis(r)) == 40]
    assert len(sides) == 3
    assert len(set(sides)) == 1


def test_regions_without_a_common_axis_share_all_cores() -> None:
    """An upsampled image of 32 channels above another of 16, both padded, as in a U-Net."""

    def joined(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        twice = F.interpolate(x[None], scale_factor=2, mode="nearest")[0]
        return F.pad(torch.cat([twice, y]), (1, 1, 1, 1))

    [op] = groups(joined, torch.randn(32, 6, 6), torch.randn(16, 12, 12))
    product, in_turn = (best(op, name) for name in ("streamed-tiles", "regions-in-turn"))
    ran = verdict(op, in_turn.text)
    assert ran.accepted and ran.trust is Trust.PROVED
    assert in_turn.estimate == pytest.approx(ran.cycles, rel=0.1)
    assert 20 * ran.cycles < verdict(op, product.text).cycles, "loops over the axes of all regions"


def best(op: UndecidedOp, template: str) -> Candidate:
    return candidates(request(op, template))[0]


def test_tiles_of_shifted_rows_are_rows() -> None:
    [op] = groups(lambda x: torch.cat([x[37:], x[:37]], 0).contiguous(), torch.randn(40, 64))
    assert "vtranspose" not in candidates(request(op))[0].text


def _axis(result: ResultRegion) -> str:
    return min(result.index[0].axes, default="")
