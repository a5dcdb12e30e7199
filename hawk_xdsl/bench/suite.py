"""Operator suites: a Python file that leaves a list of operators becomes checked cases."""

import re
import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

import numpy as np
import torch

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.torch_lowering import EXPORT_ERRORS, one_line

FIELDS = frozenset({"function", "family", "split", "inputs", "sizes"})
OPTIONAL_FIELDS = frozenset({"dtypes", "aliases"})
DTYPES: Mapping[str, torch.dtype] = {"f32": torch.float32, "f16": torch.float16}
INPUT = re.compile(r"(?P<kind>\w+)(?:\((?P<bound>\w+)\))?\[(?P<dims>[\w, ]*)\]")
DRAWN_IN_CASE_DTYPE = ("float", "positive", "probability", "distribution")


class Split(StrEnum):
    """Whether knowledge may be written for an operator."""

    SEEN = "seen"
    UNSEEN = "unseen"


class ShapeKind(StrEnum):
    """The kinds of shapes that each operator is tried at."""

    SMALL = "small"
    RAGGED = "ragged"
    LARGE = "large"


@dataclass(frozen=True)
class Input:
    """One parameter of an operator: what is drawn for it, and its dims, by name or number."""

    name: str
    kind: str
    dims: tuple[str, ...]
    bound: str | None = None


@dataclass(frozen=True)
class Operator:
    """One operator of a suite; ``sizes`` says what the names of dims are at each shape.

    Shapes are names: those of :class:`ShapeKind`, and any that were drawn beside them.
    """

    name: str
    function: Callable[..., object]
    family: str
    split: Split
    inputs: tuple[Input, ...]
    sizes: Mapping[str, Mapping[str, int]]
    dtypes: tuple[str, ...]
    aliases: tuple[str, ...]

    def tensors(self, shape: str, dtype: str, seed: int) -> tuple[torch.Tensor, ...]:
        """Random inputs, the same for the same shape, dtype and seed."""
        random = np.random.default_rng([seed, *map(ord, f"{self.name}/{shape}/{dtype}")])
        return tuple(self._drawn(each, self.sizes[shape], dtype, random) for each in self.inputs)

    def _drawn(
        self, given: Input, sizes: Mapping[str, int], dtype: str, random: np.random.Generator
    ) -> torch.Tensor:
        extents = tuple(_size(dim, sizes) for dim in given.dims)
        if given.kind == "index":
            assert given.bound is not None
            return torch.from_numpy(random.integers(0, _size(given.bound, sizes), extents))
        array = _DRAWS[given.kind](random, extents)
        if given.kind in ("bool", "int"):
            return torch.from_numpy(np.asarray(array))
        name = dtype if given.kind in DRAWN_IN_CASE_DTYPE else given.kind
        return torch.from_numpy(np.asarray(array)).to(DTYPES[name])


@dataclass(frozen=True)
class Case:
    """An operator at one shape and in one dtype."""

    operator: Operator
    shape: str
    dtype: str

    @property
    def name(self) -> str:
        """Such as ``softmax/ragged/f16``."""
        return f"{self.operator.name}/{self.shape}/{self.dtype}"

    def module(self) -> torch.nn.Module:
        """The operator as a module without parameters."""
        return _Function(self.operator.function)

    def tensors(self, seed: int) -> tuple[torch.Tensor, ...]:
        """Random inputs, the same for the same seed."""
        return self.operator.tensors(self.shape, self.dtype, seed)


@dataclass(frozen=True)
class Suite:
    """The operators of a file."""

    path: Path
    operators: tuple[Operator, ...]

    def cases(self) -> tuple[Case, ...]:
        """All cases: each operator at each shape in each of its dtypes."""
        return tuple(
            Case(operator, shape, dtype)
            for operator in self.operators
            for shape in operator.sizes
            for dtype in operator.dtypes
        )


class _Function(torch.nn.Module):
    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: torch.Tensor) -> object:
        return self.function(*args)


def load_suite(path: Path) -> Suite:
    """Executes a suite's file and checks the list ``OPERATORS`` that it leaves.

    Raises ``HawkError`` in one line, with the operator's name, for a file that cannot be read or
    run, and for an operator that is not of the form that ``benchmarks/operators.py`` describes.
    """
    file = str(path)
    if not path.is_file():
        raise HawkError("no such file", file=file)
    try:
        left = runpy.run_path(file)
    except EXPORT_ERRORS as error:
        raise HawkError(f"this suite does not run: {one_line(error)}", file=file) from error
    listed = left.get("OPERATORS")
    if not isinstance(listed, list) or not listed:
        raise HawkError("a suite leaves a list OPERATORS that is not empty", file=file)
    operators = tuple(_operator(item, position, file) for position, item in enumerate(listed))
    names = [operator.name for operator in operators]
    for name in names:
        if names.count(name) > 1:
            raise HawkError(f"two operators are named {name}", file=file)
    return Suite(path, operators)


def _operator(item: object, position: int, file: str) -> Operator:
    if not isinstance(item, dict):
        raise HawkError(f"OPERATORS[{position}] must be a dictionary", file=file)
    given = cast(dict[object, object], item)
    function = given.get("function")
    name = getattr(function, "__name__", None)
    if not callable(function) or not isinstance(name, str):
        raise HawkError(f"OPERATORS[{position}]: function must be a named function", file=file)

    def wrong(what: str) -> HawkError:
        return HawkError(f"operator {name}: {what}", file=file)

    missing, odd = FIELDS - given.keys(), given.keys() - FIELDS - OPTIONAL_FIELDS
    if missing or odd:
        said = f"lacks {min(missing)}" if missing else f"has an unknown field {min(map(str, odd))}"
        raise wrong(said)
    family, split = given["family"], given["split"]
    if not isinstance(family, str) or not family:
        raise wrong("family must be a name")
    if split not in tuple(Split):
        raise wrong(f"split must be {' or '.join(Split)}")
    dtypes, aliases = given.get("dtypes", tuple(DTYPES)), given.get("aliases", ())
    if not _all_of(dtypes, DTYPES):
        raise wrong(f"dtypes must be of {', '.join(DTYPES)}")
    if not isinstance(aliases, tuple | list) or not all(isinstance(a, str) for a in aliases):
        raise wrong("aliases must be strings")
    sizes = _sizes(given["sizes"], wrong)
    return Operator(
        name,
        function,
        family,
        Split(str(split)),
        _inputs(given["inputs"], sizes, wrong),
        sizes,
        tuple(cast(Sequence[str], dtypes)),
        tuple(cast(Sequence[str], aliases)),
    )


_Wrong = Callable[[str], HawkError]


def _all_of(values: object, known: Mapping[str, object]) -> bool:
    return isinstance(values, tuple | list) and bool(values) and all(v in known for v in values)


def _sizes(given: object, wrong: _Wrong) -> dict[str, dict[str, int]]:
    if not isinstance(given, dict) or set(given) != set(ShapeKind):
        raise wrong(f"sizes must be given for {', '.join(ShapeKind)}")
    for at, sizes in given.items():
        if not isinstance(sizes, dict) or not all(
            isinstance(size, int) and size > 0 for size in sizes.values()
        ):
            raise wrong(f"sizes at {at} must be positive integers by name")
    return {shape: dict(given[shape]) for shape in ShapeKind}


def _inputs(
    given: object, sizes: Mapping[str, Mapping[str, int]], wrong: _Wrong
) -> tuple[Input, ...]:
    if not isinstance(given, dict) or not given:
        raise wrong("inputs must be a dictionary that is not empty")
    found: list[Input] = []
    for name, text in given.items():
        match = INPUT.fullmatch(text) if isinstance(text, str) else None
        kinds = (*_DRAWS, "index")
        if match is None or match["kind"] not in kinds:
            raise wrong(
                f'input {name}: expected "kind[dim, dim]", with a kind of {", ".join(kinds)}'
            )
        if (match["kind"] == "index") != (match["bound"] is not None):
            raise wrong(f"input {name}: an index, and only an index, has a bound: index(N)[dim]")
        dims = tuple(dim.strip() for dim in match["dims"].split(",") if dim.strip())
        for dim in (*dims, *([match["bound"]] if match["bound"] else [])):
            lacking = [at for at in ShapeKind if not dim.isdigit() and dim not in sizes[at]]
            if lacking:
                raise wrong(f"input {name}: {dim} has no size at {lacking[0]}")
        found.append(Input(str(name), match["kind"], dims, match["bound"]))
    return tuple(found)


def _size(dim: str, sizes: Mapping[str, int]) -> int:
    return int(dim) if dim.isdigit() else sizes[dim]


def _distribution(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values = random.uniform(0.1, 1.0, shape)
    return values / values.sum(axis=-1, keepdims=True)


_DRAWS: Mapping[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "float": lambda random, shape: random.standard_normal(shape),
    "positive": lambda random, shape: random.uniform(0.1, 2.0, shape),
    "probability": lambda random, shape: random.uniform(0.01, 0.99, shape),
    "distribution": _distribution,
    "bool": lambda random, shape: random.random(shape) < 0.5,
    "int": lambda random, shape: random.integers(-100, 101, shape).astype(np.int32),
    "f32": lambda random, shape: random.standard_normal(shape),
    "f16": lambda random, shape: random.standard_normal(shape),
}
