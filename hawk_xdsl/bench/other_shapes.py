"""Shapes that nobody wrote down: prime extents, an extent of 1, a larger one, by a seeded rule.

A suite lists its shapes, and knowledge may have been tuned at them. Those drawn here are in no
suite and in no entry, and are the same at every run.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
import torch
from torch.utils import _pytree as pytree

from hawk_xdsl.bench.suite import Case, Operator, ShapeKind, Suite
from hawk_xdsl.knowledge_store import Entry, EntryKind


class OtherShape(StrEnum):
    """The kinds of shapes that are drawn for each operator."""

    PRIME = "prime"  # every extent that may be is a prime
    UNIT = "unit"  # the same, and one extent is 1
    LARGER = "larger"  # the large shape with one extent larger, and odd


Sizes = Mapping[str, int]
_Fits = Callable[[Sizes], bool]


def other_cases(suite: Suite, entries: Iterable[Entry], names: Collection[str]) -> tuple[Case, ...]:
    """Each operator of some names at each of its other shapes, its dtypes in turn.

    An operator has no shape of a kind that it cannot be computed at.
    """
    named = named_extents(entries)
    cases: list[Case] = []
    for number, operator in enumerate(suite.operators):
        if operator.name not in names:
            continue
        drawn = other_sizes(operator, named)
        more = replace(operator, sizes={**operator.sizes, **drawn})
        for place, shape in enumerate(drawn):
            dtype = operator.dtypes[(number + place) % len(operator.dtypes)]
            cases.append(Case(more, shape, dtype))
    return tuple(cases)


def named_extents(entries: Iterable[Entry]) -> frozenset[int]:
    """Every number that an entry has in its text or its tile sizes; rewrites know no extents."""
    found: set[int] = set()
    for entry in entries:
        if entry.kind is EntryKind.REWRITE:
            continue
        parts = (entry.artifact.text, entry.artifact.before, entry.artifact.after)
        text = " ".join((entry.rationale, *(part for part in parts if part)))
        found |= {int(digits) for digits in re.findall(r"(?<![\w.])\d+(?![\w.])", text)}
        found |= {size for tile in entry.tiles for size in tile.prefer}
    return frozenset(found)


def other_sizes(operator: Operator, named: frozenset[int]) -> dict[OtherShape, Sizes]:
    """The sizes of an operator's other shapes, those of a family with the same sizes alike.

    ``named`` extents are not drawn. An extent that the operator cannot do with (a count of groups
    has to divide it) stays as it is at the suite's ragged, or large, shape.
    """
    ragged, large = operator.sizes[ShapeKind.RAGGED], operator.sizes[ShapeKind.LARGE]
    random = np.random.default_rng(list(f"{operator.family} {sorted(large.items())}".encode()))
    taken = named | {n for sizes in operator.sizes.values() for n in sizes.values()}

    def fits(sizes: Sizes) -> bool:
        return _computes(operator, sizes)

    order = [str(name) for name in random.permutation(sorted(ragged))]
    primes = {name: _prime_near(ragged[name], taken, random) for name in order}
    above = {name: _above(large[name], taken, random) for name in order}
    found: dict[OtherShape, Sizes] = {}
    prime = _changed(ragged, primes, order, fits)
    unit = _first(prime, dict.fromkeys(order, 1), order, fits)
    larger = _first(large, above, order, fits)
    for shape, sizes in zip(OtherShape, (prime, unit, larger), strict=True):
        if sizes not in (*operator.sizes.values(), *found.values()):
            found[shape] = sizes
    return found


def _changed(start: Sizes, wanted: Sizes, order: Sequence[str], fits: _Fits) -> Sizes:
    """The sizes with as many of those wanted as may be, one after the other."""
    sizes = dict(start)
    for name in order:
        changed = {**sizes, name: wanted[name]}
        if fits(changed):
            sizes = changed
    return sizes


def _first(start: Sizes, wanted: Sizes, order: Sequence[str], fits: _Fits) -> Sizes:
    """The sizes with the first of those wanted that may be."""
    for name in order:
        changed = {**start, name: wanted[name]}
        if changed != start and fits(changed):
            return changed
    return start


def _prime_near(size: int, taken: frozenset[int], random: np.random.Generator) -> int:
    """A prime between half of a size and a little more than twice that is not taken."""
    primes = [n for n in range(max(2, size // 2), 2 * size + 4) if _is_prime(n)]
    free = [n for n in primes if n not in taken]
    return int(random.choice(free or primes))


def _above(size: int, taken: frozenset[int], random: np.random.Generator) -> int:
    """An odd number between 9/8 and 3/2 of a size that is not taken; at least one more."""
    odd = [n for n in range(size + max(1, size // 8), size + size // 2 + 3) if n % 2]
    free = [n for n in odd if n not in taken]
    return int(random.choice(free or odd))


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % n for n in range(2, int(number**0.5) + 1))


def _computes(operator: Operator, sizes: Sizes) -> bool:
    """Whether PyTorch computes the operator at some sizes, and each result has a finite element."""
    at = replace(operator, sizes={ShapeKind.SMALL: sizes})
    try:
        with torch.no_grad():
            results = operator.function(*at.tensors(ShapeKind.SMALL, operator.dtypes[0], 0))
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError):
        return False
    found = [each for each in pytree.tree_leaves(results) if isinstance(each, torch.Tensor)]
    return bool(found) and all(bool(torch.isfinite(each).any()) for each in found)
