"""A module as a function of all that it reads, which gives all that it writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch.utils import _pytree as pytree


@dataclass(frozen=True)
class Changes:
    """What a module changes in ``forward``: buffers by name, and inputs by position."""

    buffers: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.buffers or self.inputs)

    def joined(self, other: "Changes") -> "Changes":
        """What both say."""
        return Changes(
            tuple(dict.fromkeys((*self.buffers, *other.buffers))),
            tuple(sorted({*self.inputs, *other.inputs})),
        )

    def within(self, other: "Changes") -> bool:
        """Whether the other one says it already."""
        return self.joined(other) == other.joined(other)


class _Noted:
    """What a call noted: export puts lists and names on a module back to what they were."""

    names: tuple[str, ...] = ()


class Lifted(torch.nn.Module):
    """A module whose parameters and buffers are arguments of ``forward``.

    Parameters and buffers come first, then the inputs, then the buffers that the module changes.
    The results are the module's own, then what became of these buffers and of the inputs that it
    changes; the arguments themselves stay as they are.

    Attributes:
        names: of the leading arguments.
        values: their values.
        state: the values of the trailing arguments.
    """

    def __init__(self, module: torch.nn.Module, changes: Changes | None = None) -> None:
        super().__init__()
        # Not registered as a submodule: export would lift its parameters a second time.
        object.__setattr__(self, "lifted", module)
        self.changes = changes or Changes()
        named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        self.names = tuple(name for name in named if name not in self.changes.buffers)
        self.values = tuple(named[name].detach() for name in self.names)
        object.__setattr__(self, "noted", _Noted())
        self.state = tuple(named[name].detach().clone() for name in self.changes.buffers)

    @property
    def assigned(self) -> tuple[str, ...]:
        """The names of leading arguments that the last call gave another tensor."""
        return cast(_Noted, vars(self)["noted"]).names

    def forward(self, *args: torch.Tensor) -> object:
        """The results for all arguments."""
        first, last = len(self.names), len(args) - len(self.state)
        state = dict(zip(self.names, args[:first], strict=True))
        copies = (each.clone() for each in args[last:])
        state.update(zip(self.changes.buffers, copies, strict=True))
        inputs = _copied(args[first:last], self.changes.inputs)
        module = cast(torch.nn.Module, vars(self)["lifted"])
        results = torch.func.functional_call(module, state, tuple(inputs))
        results = pytree.tree_map(number_as_tensor, results)
        given = zip(self.names, args[:first], strict=True)
        noted = cast(_Noted, vars(self)["noted"])
        noted.names = tuple(name for name, value in given if state[name] is not value)
        if not self.changes:
            return results
        changed = [state[name] for name in self.changes.buffers]
        changed += [inputs[position] for position in self.changes.inputs]
        return (*pytree.tree_leaves(results), *changed)


class WithState(torch.nn.Module):
    """A module with the buffers that it changes as further inputs, and results."""

    def __init__(self, module: torch.nn.Module, lifted: Lifted) -> None:
        super().__init__()
        self.module = module
        object.__setattr__(self, "lifted", lifted)

    def forward(self, *inputs: torch.Tensor) -> object:
        """The results for the inputs and the buffers."""
        lifted = cast(Lifted, vars(self)["lifted"])
        return lifted(*lifted.values, *inputs)


def number_as_tensor(result: object) -> object:
    """A number among the results as a tensor without axes, of torch's usual dtypes."""
    for kinds, dtype in _NUMBERS:
        if isinstance(result, kinds):
            return torch.scalar_tensor(cast(float, result), dtype=dtype)
    return result


_NUMBERS = (
    ((bool, torch.SymBool), torch.bool),
    ((int, torch.SymInt), torch.int64),
    ((float, torch.SymFloat), torch.float32),
)
"""Numbers that a module may give, known or not before it runs; a bool is an int, so it is first."""


def _copied(inputs: Sequence[torch.Tensor], changed: Collection[int]) -> list[torch.Tensor]:
    return [each.clone() if i in changed else each for i, each in enumerate(inputs)]
