"""The networks of the gallery: each becomes kernels alone, and is as near to PyTorch as it is."""

import ast
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils import _pytree as pytree

from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.frontend.torch_values import to_numpy
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.reference.difference import error_between

pytestmark = pytest.mark.corpus

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"
SETTINGS = Settings(Sources.COMPOSITION, Budget(tuning=0, patience=0))

Factory = Callable[[], tuple[torch.nn.Module, tuple[torch.Tensor, ...]]]


def factories() -> list[str]:
    """``file:factory`` of every function of the gallery's files that is no helper."""
    return [
        f"{file.stem}:{each.name}"
        for file in sorted(GALLERY.glob("*.py"))
        for each in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
    ]


def factory(name: str) -> Factory:
    file, function = name.split(":")
    spec = importlib.util.spec_from_file_location(f"gallery_{file}", GALLERY / f"{file}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, function)


@pytest.mark.parametrize("name", factories())
def test_a_network_becomes_kernels(name: str) -> None:
    module, inputs = factory(name)()
    program = import_torch(module, inputs)
    compiled = compile_program(program, settings=SETTINGS)  # no op may stay on the host
    outputs = compiled(*program.example_inputs)
    assert program.reference is not None
    plain = program.reference(program.example_inputs)
    wide, _ = factory(name)()
    given = [x.double() if x.is_floating_point() else x.clone() for x in inputs]
    precise = plain
    if not name.endswith(("int4_linear", "gpt2_step")):  # one computes in f16, one keeps a cache
        with torch.no_grad():
            results = pytree.tree_leaves(wide.double()(*given))
        precise = tuple(map(to_numpy, results))
    error, own = error_between(outputs, precise), error_between(plain, precise)
    assert not error.unequal and error.maximum <= max(1e-3, 2 * own.maximum)
