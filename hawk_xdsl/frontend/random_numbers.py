"""Modules that draw random numbers, as functions of a seed: their last input, one int32.

What torch's generator would give depends on the order of all draws of a process. Here each number
is a function of the seed, its place and which draw of the call it is (``philox.py``), so the module
computes the same in torch and in kernels. Who wants other numbers in each call passes other seeds.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, cast

import torch
from torch._ops import OpOverload
from torch.fx import Node
from torch.overrides import TorchFunctionMode

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.philox import normal, uniform

DRAWING = frozenset(
    {"rand", "rand_like", "randn", "randn_like", "randint", "randint_like", "randperm"}
    | {"bernoulli", "multinomial", "uniform", "normal", "exponential", "poisson", "geometric"}
    | {"dropout", "native_dropout", "alpha_dropout", "feature_dropout", "rrelu_with_noise"}
)
"""The ops of torch that draw, without the underscore of those that write in place."""

_DIGITS = {torch.float16: 11, torch.bfloat16: 8}
"""Bits of a number in [0, 1) that a narrower dtype holds, so that none is rounded up to 1."""


class DrawError(HawkError):
    """The module draws random numbers."""


class Seeded(torch.nn.Module):
    """A module whose draws take a seed, its last input."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: torch.Tensor) -> object:
        """The module's results with the draws of the seed."""
        *given, seed = inputs
        with _Draws(seed):
            return self.module(*given)


def first_draw(program: torch.export.ExportedProgram) -> Node | None:
    """The first op of a program that draws; a dropout does in training only."""
    for node in program.graph.nodes:
        if not isinstance(node.target, OpOverload):
            continue
        name = node.target.overloadpacket.__name__.removesuffix("_")
        idle = name.endswith("dropout") and len(node.args) > 2 and not node.args[2]
        if name in DRAWING and not idle:
            return node
    return None


class _Draws(TorchFunctionMode):
    """Has torch's functions that draw take the numbers of a seed."""

    def __init__(self, seed: torch.Tensor) -> None:
        super().__init__()
        self._seed = seed
        self._draw = 0
        self._instead: dict[object, Callable[..., torch.Tensor]] = {
            torch.rand: self._rand,
            torch.rand_like: self._rand_like,
            torch.randn: self._randn,
            torch.randn_like: self._randn_like,
            torch.bernoulli: self._bernoulli,
            torch.dropout: self._dropout,
            torch.nn.functional.dropout: self._dropout,
        }

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        instead = self._instead.get(func)
        return (instead or func)(*args, **(kwargs or {}))

    def _uniform(self, shape: Sequence[int], dtype: torch.dtype | None) -> torch.Tensor:
        found = uniform(self._seed, prod(shape), self._draw)
        self._draw += 1
        dtype = dtype or torch.get_default_dtype()
        if digits := _DIGITS.get(dtype):
            found = torch.floor(found * 2.0**digits) * 2.0**-digits
        return found.reshape(tuple(shape)).to(dtype)

    def _normal(self, shape: Sequence[int], dtype: torch.dtype | None) -> torch.Tensor:
        found = normal(self._seed, prod(shape), self._draw)
        self._draw += 1
        return found.reshape(tuple(shape)).to(dtype or torch.get_default_dtype())

    def _rand(self, *size: Any, dtype: torch.dtype | None = None, **_: object) -> torch.Tensor:
        return self._uniform(_shape(size), dtype)

    def _randn(self, *size: Any, dtype: torch.dtype | None = None, **_: object) -> torch.Tensor:
        return self._normal(_shape(size), dtype)

    def _rand_like(
        self, like: torch.Tensor, dtype: torch.dtype | None = None, **_: object
    ) -> torch.Tensor:
        return self._uniform(like.shape, dtype or like.dtype)

    def _randn_like(
        self, like: torch.Tensor, dtype: torch.dtype | None = None, **_: object
    ) -> torch.Tensor:
        return self._normal(like.shape, dtype or like.dtype)

    def _bernoulli(self, chance: torch.Tensor, **_: object) -> torch.Tensor:
        return (self._uniform(chance.shape, torch.float32) < chance).to(chance.dtype)

    def _dropout(
        self, x: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> torch.Tensor:
        if not training or p == 0:
            return x
        if p == 1:
            return x * 0
        kept = self._uniform(x.shape, torch.float32) < 1 - p
        return torch.where(kept, x * (1 / (1 - p)), 0.0)


def _shape(size: tuple[Any, ...]) -> Sequence[int]:
    one = size[0] if len(size) == 1 else size
    return (one,) if isinstance(one, int) else cast("Sequence[int]", one)
