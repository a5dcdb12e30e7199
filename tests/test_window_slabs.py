"""Windows on slabs with a halo: proved at all edges, loaded once, and refused where damaged."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from test_composition_mechanisms import TARGET, composed, request, verdict
from test_specification_families import groups
from torch.nn import functional as F

from hawk_xdsl.codegen.strategies import candidate_at, candidates
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.even_tiles import even_tilings
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.specification import specify

pytestmark = pytest.mark.corpus

NAME = "window-slabs"
IMAGE = torch.randn(2, 6, 13, 11)
SIGNAL = torch.randn(2, 7, 61)


@dataclass(frozen=True)
class Case:
    """A function, its inputs, and a schedule whose tiles are ragged."""

    function: Callable[..., object]
    inputs: tuple[torch.Tensor, ...]
    schedule: str


def depthwise(stride: int = 1, dilation: int = 1) -> Callable[..., torch.Tensor]:
    return lambda x, w: F.conv2d(x, w, stride=stride, dilation=dilation, groups=x.shape[1])


WEIGHTS = torch.randn(6, 1, 3, 3)

CASES: dict[str, Case] = {
    "a maximum": Case(
        lambda x: F.max_pool2d(x, 3, 2), (IMAGE,),
        '"window-slabs" tile(i0 = 5, i1 = 4, i3 = 1, i4 = 1) stream(i3, i4)',
    ),
    "a maximum of dilated windows": Case(
        lambda x: F.max_pool2d(x, 3, 1, dilation=2), (IMAGE,),
        '"window-slabs" tile(i0 = 5, i1 = 4, i2 = 4, i3 = 1, i4 = 1) stream(i3, i4)',
    ),
    "a mean of f16": Case(
        lambda x: F.avg_pool2d(x, 2), (IMAGE.half(),),
        '"window-slabs" tile(i0 = 5, i1 = 4, i3 = 1, i4 = 1) stream(i3, i4)',
    ),
    "windows along rows": Case(
        lambda x: F.avg_pool1d(x, 5, 2), (SIGNAL.half(),),
        '"window-slabs" tile(i0 = 4, i1 = 16, i2 = 1) stream(i2)',
    ),
    "windows with gaps": Case(
        lambda x: F.max_pool2d(x, 2, 3), (IMAGE,),
        '"window-slabs" tile(i0 = 5, i1 = 3, i3 = 1, i4 = 1) stream(i3, i4)',
    ),
    "windows of all rows": Case(
        lambda x: F.avg_pool2d(x, (13, 3), 1), (IMAGE,),
        '"window-slabs" tile(i0 = 5, i1 = 4, i2 = 1, i3 = 1) stream(i2, i3)',
    ),
    "three dimensions": Case(
        lambda x: F.max_pool3d(x, (2, 3, 2), (1, 2, 2)), (torch.randn(1, 3, 7, 9, 10),),
        '"window-slabs" tile(i0 = 2, i1 = 4, i4 = 1, i5 = 1, i6 = 1) stream(i4, i5, i6)',
    ),
    "weights as scalars": Case(
        depthwise(), (IMAGE, WEIGHTS),
        '"window-slabs" tile(i0 = 1, i1 = 1, i2 = 4, i4 = 1, i5 = 1) stream(i4, i5)',
    ),
    "weights as columns": Case(
        depthwise(stride=2), (IMAGE, WEIGHTS),
        '"window-slabs" tile(i0 = 1, i1 = 4, i2 = 4, i4 = 1, i5 = 1) stream(i4, i5)',
    ),
    "dilated weights of f16": Case(
        depthwise(dilation=2), (IMAGE.half(), WEIGHTS.half()),
        '"window-slabs" tile(i0 = 1, i1 = 1, i2 = 4, i4 = 1, i5 = 1) stream(i4, i5)',
    ),
}  # fmt: skip


@cache
def kernel(name: str) -> tuple[UndecidedOp, Candidate]:
    case = CASES[name]
    [op] = groups(case.function, *case.inputs)
    found = candidate_at(request(op, NAME), Schedule.parse(case.schedule))
    assert found is not None
    return op, found


def assert_proved(op: UndecidedOp, found: Candidate) -> None:
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    rules = composed(op).composer.rules
    judged = Gate(op, specification, signature, TARGET, 0, rules).check(found.text, found.entries)
    assert judged.accepted, judged.trap_message
    assert judged.trust is Trust.PROVED


@pytest.mark.parametrize("name", CASES)
def test_windows_are_proved(name: str) -> None:
    op, found = kernel(name)
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    rules = composed(op).composer.rules
    judged = Gate(op, specification, signature, TARGET, 0, rules).check(found.text, found.entries)
    assert judged.accepted, judged.trap_message
    assert judged.trust is Trust.PROVED


def test_what_windows_only_combine_is_loaded_once() -> None:
    _, found = kernel("a maximum")
    assert found.text.count("load ") == 1
    assert "for " not in found.text


def test_what_is_weighted_is_loaded_once_for_each_position_along_a_row() -> None:
    _, found = kernel("weights as scalars")
    before, _, tile = found.text.partition("across ")
    assert "load x1[0:54] into ub" in before
    outer, _, inner = tile.partition("for i4 ")
    assert "for i5 " in outer
    assert "load x0" in outer
    assert "load " not in inner


DAMAGE = {
    "the halo is a row short": ("a maximum", r"load x0\[i0:5, 2\*i1:9,", "load x0[i0:5, 2*i1:8,"),
    "the last row of windows is left out": (
        "a maximum", r"\nb1 = vmax b1, b0\[0:5, 2:4:2, 0:11\]", ""
    ),
    "the last column of windows is left out": (
        "a maximum", r"\nb3 = vmax b3, b2\[2:5:2, 0:20\]", ""
    ),
    "a row of windows comes twice": ("a maximum", r"b0\[0:5, 2:4:2,", "b0[0:5, 1:4:2,"),
    "the last weight of a row is left out": ("weights as scalars", "i5 in 0..3", "i5 in 0..2"),
    "the last weight of a column is left out": ("weights as scalars", "i4 in 0..3", "i4 in 0..2"),
    "the weights are turned": ("weights as scalars", r"3\*i4\+i5", "i4+3*i5"),
    "the sum does not start at 0": ("weights as scalars", "fill 0.0", "fill 1.0"),
    "windows are moved by a column": ("weights as scalars", r"i5:9\]", "i5+1:9]"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_kernel_is_refused(what: str) -> None:
    name, right, wrong = DAMAGE[what]
    op, found = kernel(name)
    damaged, count = re.subn(right, wrong, found.text)
    assert count == 1, found.text
    assert not verdict(op, damaged).accepted


def test_windows_that_do_not_move_have_no_slabs() -> None:
    [op] = groups(lambda x: x.amax(2), SIGNAL)
    assert candidates(request(op, NAME)) == []


def test_even_tiles_give_all_cores_as_many() -> None:
    """Of 256 images with 32 rows of results two whole images are six for some of 48 cores."""
    [op] = groups(lambda x: F.max_pool2d(x, 2), torch.randn(4, 64, 64, 64))
    specification = composed(op).specification
    busiest = [
        -(-(-(-256 // sizes.get("i0", 256)) * -(-32 // sizes.get("i1", 32))) // 48)
        * sizes.get("i0", 256)
        * sizes.get("i1", 32)
        for sizes in even_tilings(specification, TARGET)
    ]
    assert min(busiest) < 256 * 32 / 48 * 1.05 < 6 * 32


def test_images_with_wide_borders_are_padded_whole() -> None:
    [op] = groups(lambda x: F.pad(x, (5, 5, 5, 5)), torch.randn(64, 32, 32))
    best = candidates(request(op, "whole-tiles"))[0]
    assert best.text.count("load x0") == 1
    assert best.schedule.sizes.keys() == {"i0"}
    assert verdict(op, best.text).accepted


def test_windows_of_what_other_windows_reduce() -> None:
    """The mean of a window is no value at the points of the slab."""
    [op] = groups(lambda x: x.unfold(1, 4, 2).var(-1), torch.randn(20, 61))
    assert_proved(op, candidates(request(op, NAME))[0])
