"""Schedules of contractions: which there are, what they promise, and what makes no kernel."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from contractions import CASES, MATMUL, TARGET, TEMPLATES, contraction, request

from hawk_xdsl.codegen.cube.form_search import RankedForm, best_forms
from hawk_xdsl.codegen.cube.strategies import ContractionSpace
from hawk_xdsl.codegen.strategies import candidate_at, candidates, space_of
from hawk_xdsl.dialects.kernel_text import text_of
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import TileHole
from hawk_xdsl.npu_target import Target
from hawk_xdsl.schedule.schedule import Schedule

pytestmark = pytest.mark.corpus


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
