"""Muon for the matrices of a network and AdamW for the rest of it, as one optimizer.

A few hundred small steps are all that a CPU affords: there Muon learns more from each.
"""

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch

WEIGHT_DECAY = 0.05


class Together(torch.optim.Optimizer):
    """Several optimizers with parameters of their own that step at once."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        super().__init__([p for part in parts for g in part.param_groups for p in g["params"]], {})
        self._parts = parts
        self._share_groups()

    def _share_groups(self) -> None:
        """The groups are those of the parts, so that a schedule reaches their rates."""
        self.param_groups = [group for part in self._parts for group in part.param_groups]

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """A step of each part."""
        loss = None if closure is None else closure()
        for part in self._parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share_groups()


def optimizer_of(network: torch.nn.Module, rate: float) -> Together:
    """For a network whose tied embedding is no matrix to Muon; both parts take the same rate."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        hidden = parameter.ndim == 2 and "embed" not in name
        (matrices if hidden else others).append(parameter)
    muon = torch.optim.Muon(
        matrices, lr=rate, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"
    )
    adam = torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
    return Together([muon, adam])
