"""A model with a dynamic dimension at drawn lengths: compiled once, then called.

    python benchmarks/dynamic_lengths.py                       # examples/encoder.py, 1 to 64 tokens
    python benchmarks/dynamic_lengths.py --count 20 --seed 1   # other lengths
    python benchmarks/dynamic_lengths.py --factory FILE.py:make --axis 1 --high 512

The module is compiled for a range of lengths of one axis of its first input. Each call is at a
length that was drawn, on the NPU simulator; `compiled` counts the modules that were imported and
the kernels that were asked for meanwhile, which must be none. Errors are max|y−ŷ|/max|ŷ| against
PyTorch.
"""

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from unittest.mock import patch

import numpy as np
import torch
import typer
from networks import made

from hawk_xdsl import DynamicModel, compile_model
from hawk_xdsl.reference.difference import error_between

ENCODER = f"{Path(__file__).parents[1] / 'examples' / 'encoder.py'}:factory"

WORK = (
    "hawk_xdsl.frontend.torch_dynamic.import_torch",
    "hawk_xdsl.propose.dynamic.candidates",
    "hawk_xdsl.propose.dynamic.candidate_at",
)
"""What compiling a dynamic model cannot do without."""

TOLERANCE = 1e-3


@contextmanager
def counted() -> Iterator[list[str]]:
    """The list gets a name for each call of what compiles."""
    calls: list[str] = []

    def counting(name: str) -> Callable[..., Any]:
        owner, attribute = name.rsplit(".", 1)
        original = getattr(importlib.import_module(owner), attribute)

        def called(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return original(*arguments, **options)

        return called

    patches = [patch(name, counting(name)) for name in WORK]
    for each in patches:
        each.start()
    try:
        yield calls
    finally:
        for each in patches:
            each.stop()


def at_length(x: torch.Tensor, axis: int, length: int) -> torch.Tensor:
    """Seeded numbers in the shape of an input of another length."""
    torch.manual_seed(length)
    return torch.randn(*x.shape[:axis], length, *x.shape[axis + 1 :]).to(x.dtype)


def called(model: DynamicModel, network: torch.nn.Module, x: torch.Tensor) -> float:
    """The error of a call against PyTorch."""
    with torch.no_grad():
        wanted = [network(x).numpy()]
    return error_between(model(x.numpy()), wanted).maximum


def main(
    factory: Annotated[str, typer.Option(help="FILE.py:factory of the model.")] = ENCODER,
    axis: Annotated[int, typer.Option(help="Of the first input.")] = 1,
    low: Annotated[int, typer.Option(min=1, help="The shortest length.")] = 1,
    high: Annotated[int, typer.Option(min=1, help="The longest length.")] = 64,
    count: Annotated[int, typer.Option(min=1, help="How many lengths are drawn.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Compile a model for a range of lengths and call it at some of them."""
    network, (x, *_) = made(factory)
    dimension = torch.export.Dim("n", min=low, max=high)
    begun = time.process_time()
    with TemporaryDirectory() as directory, counted() as calls:
        store = Path(directory) / "store.sqlite"
        model = compile_model(network, [x], dynamic_shapes=({axis: dimension},), store=store)
        seconds = time.process_time() - begun
        assert set(calls) == set(WORK), calls
    print(f"{len(model.report)} kernels for {low}..{high}, {seconds:.1f} s of the processor")
    drawn = np.random.default_rng(seed).choice(np.arange(low, high + 1), count, replace=False)
    wrong = 0
    with counted() as calls:
        for length in map(int, drawn):
            error = called(model, network, at_length(x, axis, length))
            wrong += not error <= TOLERANCE
            print(f"{length:6} error {error:.1e}", flush=True)
        print(f"{count} lengths, {wrong} wrong, compiled {len(calls)}")
    raise SystemExit(1 if wrong or calls else 0)


if __name__ == "__main__":
    typer.run(main)
