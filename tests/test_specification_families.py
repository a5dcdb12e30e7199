"""Specifications of PyTorch functions of every family: they compute what the regions compute."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from specification_values import values
from torch import nn
from torch.nn import functional as F
from xdsl.context import Context

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.gate.op_features import Features
from hawk_xdsl.gate.trial_drawn import Drawn
from hawk_xdsl.gate.trial_inputs import kinds_of
from hawk_xdsl.gate.trial_purposes import purposes_of
from hawk_xdsl.gate.trial_rows import Purpose
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import Specification, specify

pytestmark = pytest.mark.corpus


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> object:
        return self.function(*inputs)


def groups(function: Callable[..., object], *inputs: torch.Tensor) -> list[UndecidedOp]:
    """The undecided ops of a function."""
    program = import_torch(Function(function), inputs)
    NpuOutlinePass().apply(Context(), program.module)
    return [op for op in program.module.walk() if isinstance(op, UndecidedOp)]


def only(function: Callable[..., object], *inputs: torch.Tensor) -> Specification:
    """The specification of a function that is one group, checked against the region."""
    [op] = groups(function, *inputs)
    specification = specify(op)
    assert values(op, specification) is None
    return specification


def body(specification: Specification) -> list[str]:
    """The statements."""
    lines = specification.text.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("for ")) + 1 :]


X = torch.randn(7, 13)
IMAGE = torch.randn(2, 6, 4, 5)

SPELLED: dict[str, tuple[list[str], Callable[..., object], tuple[torch.Tensor, ...]]] = {
    "running sum": (["y0[i0, i1] = scan_sum(i1) x0[i0, i1]"], lambda x: x.cumsum(1), (X,)),
    "position": (["y0[i0, 0] = argmax(i1) x0[i0, i1]"], lambda x: x.argmax(1), (X,)),
    "rows of a table": (
        ["y0[i0, i1] = x1[x0[i0], i1]"],
        F.embedding,
        (torch.tensor([4, 0, 4]), torch.randn(5, 6)),
    ),
    "flip": (["y0[i0, i1] = x0[i0, -1 * i1 + 12]"], lambda x: x.flip(1), (X,)),
    "padding": (
        ["y0[i0, 0] = 0.0", "y0[i1, i2 + 1] = x0[i1, i2]", "y0[i3, i4 + 14] = 0.0"],
        lambda x: F.pad(x, (1, 2)),
        (X,),
    ),
    "concatenation": (
        ["y0[i0, i1] = x0[i0, i1]", "y0[i2, i3 + 13] = x1[i2, i3]"],
        lambda x, y: torch.cat([x, y], 1),
        (X, torch.randn(7, 4)),
    ),
    "reflection": (
        [
            "y0[i0, i1] = x0[i0, -1 * i1 + 2]",
            "y0[i2, i3 + 3] = x0[i2, i3 + 1]",
            "y0[i4, 9] = x0[i4, 5]",
        ],
        lambda x: F.pad(x, (2, 1), mode="reflect"),
        (torch.randn(1, 3, 7),),
    ),
    "heads out of channels": (
        ["y0[i0, i1, i2, i3] = x0[i0, i2, i1, i3]"],
        lambda x: x.view(2, 2, 3, 20).transpose(1, 2).reshape(2, 6, 20),
        (torch.randn(2, 6, 20),),
    ),
    "windows": (
        ["y0[i0, i1] = max(i2) x0[i0, 2 * i1 + i2]"],
        lambda x: F.max_pool1d(x, 3, 2),
        (torch.randn(2, 3, 17),),
    ),
    "twice as many": (
        ["y0[i0, i1] = x0[i0, 0]"],
        lambda x: x.repeat_interleave(3, 1),
        (X,),
    ),
}


@pytest.mark.parametrize("name", SPELLED)
def test_forms_and_how_they_are_spelled(name: str) -> None:
    lines, function, inputs = SPELLED[name]
    assert body(only(function, *inputs)) == lines


MANY: dict[str, tuple[Callable[..., object], tuple[torch.Tensor, ...]]] = {
    "group norm": (lambda x: F.gelu(F.group_norm(x, 2)), (IMAGE,)),
    "instance norm": (F.instance_norm, (IMAGE,)),
    "last of a running product": (lambda x: x.cumprod(0).exp(), (X,)),
    "nearest": (lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), (IMAGE,)),
    "replicated": (lambda x: F.pad(x, (1, 2, 2, 1), mode="replicate"), (IMAGE,)),
    "unshuffled": (lambda x: F.pixel_unshuffle(x, 2), (torch.randn(2, 2, 6, 10),)),
    "unfolded": (lambda x: F.unfold(x, 3), (torch.randn(1, 2, 6, 7),)),
    "negative log likelihood": (F.cross_entropy, (X, torch.randint(0, 13, (7,)))),
    "gathered": (lambda x, i: x.gather(1, i), (X, torch.randint(0, 13, (7, 4)))),
    "wrapped indices": (lambda x, i: x[i].relu(), (X, torch.tensor([-1, 3]))),
    "transposed convolution": (
        lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=1),
        (torch.randn(2, 3, 9), torch.randn(3, 4, 3)),
    ),
    "padded average": (
        lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        (torch.randn(2, 3, 9, 9),),
    ),
    "integers": (lambda x, y: x // (y.abs() + 1), (X.mul(9).int(), X.mul(5).int())),
    "both of a maximum": (lambda x: x.max(1), (X,)),
    "diagonal": (lambda x: x.diagonal() + 1, (X,)),
    "attention": (F.scaled_dot_product_attention, (torch.randn(2, 3, 8, 4),) * 3),
}


@pytest.mark.parametrize("name", MANY)
def test_families_have_specifications(name: str) -> None:
    function, inputs = MANY[name]
    for op in groups(function, *inputs):
        assert values(op, specify(op)) is None


def test_indices_are_drawn_where_they_exist() -> None:
    [op] = groups(lambda x, i: x[i], X, torch.tensor([1, 3]))
    for purpose in purposes_of(op):
        arrays = Drawn(op, purpose, [1]).inputs
        [indices] = [array for array in arrays if array.dtype.kind == "i"]
        least = -7 if purpose.name in ("odd", "mixed") else 0
        assert least <= int(indices.min()) and int(indices.max()) == 6


def test_divisors_are_not_zero_and_arccosines_get_what_they_are_defined_for() -> None:
    ints = torch.arange(1, 200, dtype=torch.int32)
    [op] = groups(lambda a, b: torch.div(a, b, rounding_mode="trunc"), ints, ints)
    for purpose in purposes_of(op):
        assert all(np.all(array != 0) for array in Drawn(op, purpose, [0]).inputs)
    [op] = groups(torch.acos, X)
    assert "unit" in kinds_of(Features(op))
    [result] = Drawn(op, Purpose("unit"), [0]).judged
    assert np.all(np.isfinite(np.asarray(result.value, np.float64)))
