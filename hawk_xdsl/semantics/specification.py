"""The canonical specification of an undecided op: one text for prompt, retrieval and reuse.

Two regions that compute the same thing in another rank, order of operations or layout of unit
dimensions get the same text, hence the same hash and the same kernel.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block

from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.semantics.reading import RegionReader, UnreadableError, dtype_name, shape_of
from hawk_xdsl.semantics.spelling import spell
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk

STORED_AS = {"i1": "i8"}
"""Dtypes that global memory holds in another form."""

KERNEL_DTYPES = frozenset({"f16", "bf16", "f32", "i8", "i16", "i32"})
"""What a kernel's operands may be."""


@dataclass(frozen=True)
class Operand:
    """A kernel argument that is read: ``source`` is the number of the undecided op's input."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    source: int


@dataclass(frozen=True)
class Result:
    """A kernel argument that is written: its element at ``index`` is ``term``."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    index: tuple[Affine, ...]
    term: Term


@dataclass(frozen=True)
class Specification:
    """What an undecided op computes, in canonical form.

    ``shape`` of an operand or result is that of the kernel's argument: the same elements in the
    same order as the tensor's, in another rank.
    """

    operands: tuple[Operand, ...]
    results: tuple[Result, ...]
    axes: Mapping[str, int]

    @cached_property
    def text(self) -> str:
        """The specification as text, a statement a line."""
        lines = [f"{o.name}: {o.dtype}{list(o.shape)}" for o in self.operands]
        lines += [f"{r.name}: {r.dtype}{list(r.shape)} out" for r in self.results]
        lines.append("for " + ", ".join(f"{name} < {size}" for name, size in self.axes.items()))
        return "\n".join(lines + spell([(r.name, r.index, r.term) for r in self.results]))

    @cached_property
    def digest(self) -> str:
        """A hash of the text: equal for equal work."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def roots(self) -> tuple[Term, ...]:
        """The results' terms."""
        return tuple(result.term for result in self.results)

    def functions(self) -> tuple[str, ...]:
        """The names of all functions and folds in it, sorted."""
        leaves = {"const", "read", "index"}
        return tuple(sorted({term.op for term in walk(self.roots)} - leaves))


def specify(op: UndecidedOp) -> Specification:
    """The specification of an undecided op. Raises ``UnreadableError`` with the reason."""
    draft = _read(op.body.block)
    draft = _without_unit_dimensions(draft)
    while (pair := _mergeable(draft)) is not None:
        draft = _merged(draft, *pair)
    return _named(_aligned(draft))


def _read(block: Block) -> Specification:
    end = block.last_op
    assert isinstance(end, YieldOp)
    names = [f"x{i}" for i in range(len(block.args))]
    reader = RegionReader(block, names)
    results: list[Result] = []
    for position, value in enumerate(end.arguments):
        used: set[str] = set()
        index: list[Affine] = []
        for extent in shape_of(value):
            index.append(reader.bound_axis(extent, used))
            used |= index[-1].axes
        term = reader.term(value, tuple(index))
        assert isinstance(value.type, TensorType)
        dtype = _stored(dtype_name(value.type.element_type), str(value.type.element_type))
        results.append(Result(f"y{position}", dtype, shape_of(value), tuple(index), term))
    read = {term.operand for result in results for term in result.term.walk()}
    operands = tuple(
        Operand(
            name,
            _stored(dtype_name(argument.type.element_type), str(argument.type.element_type)),
            shape_of(argument),
            position,
        )
        for position, (name, argument) in enumerate(zip(names, block.args, strict=True))
        if isinstance(argument.type, TensorType) and name in read
    )
    return Specification(operands, tuple(results), dict(reader.extents))


def _stored(dtype: str, declared: str) -> str:
    stored = STORED_AS.get(dtype, dtype)
    if declared == "f64" or stored not in KERNEL_DTYPES:
        raise UnreadableError(f"a tensor of {declared} cannot be a kernel's argument")
    return stored


def rewrite_axes(
    roots: Sequence[Term],
    read: Callable[[Term], tuple[str, tuple[Affine, ...]]],
    rename: Mapping[str, Affine],
) -> list[Term]:
    """The same terms with other reads and renamed axes; a merged axis must stay one name."""
    terms = Terms()
    done: dict[int, Term] = {}
    for term in walk(roots):
        args = tuple(done[id(arg)] for arg in term.args)
        if term.op == "read":
            operand, index = read(term)
            new = terms.read(operand, tuple(i.substitute(rename) for i in index), term.dtype)
        elif term.op == "index":
            new = terms.index(term.index[0].substitute(rename), term.dtype)
        elif term.is_reduction:
            bound = frozenset[str]().union(
                *(rename.get(name, Affine.axis(name)).axes for name in term.bound)
            )
            new = terms.reduce(term.op.removeprefix("reduce_"), args[0], bound)
        else:
            new = terms.rebuild(term, args)
        done[id(term)] = new
    return [done[id(root)] for root in roots]


def _reshaped(
    draft: Specification,
    kept: Mapping[str, Sequence[int | None]],
    rename: Mapping[str, Affine],
    axes: Mapping[str, int],
) -> Specification:
    """Every tensor's dimensions picked by position (``None``: a new unit one) or merged away.

    A dimension that is not picked is multiplied into the next picked one, whose index stays.
    """

    def index(name: str, old: Sequence[Affine]) -> tuple[Affine, ...]:
        return tuple(Affine() if i is None else old[i] for i in kept[name])

    def shape(name: str, old: Sequence[int]) -> tuple[int, ...]:
        sizes: list[int] = []
        start = 0
        for position in kept[name]:
            if position is None:
                sizes.append(1)
            else:
                sizes.append(prod(old[start : position + 1]))
                start = position + 1
        return tuple(sizes)

    terms = rewrite_axes(draft.roots, lambda t: (t.operand, index(t.operand, t.index)), rename)
    operands = tuple(
        Operand(o.name, o.dtype, shape(o.name, o.shape), o.source) for o in draft.operands
    )
    results = tuple(
        Result(
            r.name,
            r.dtype,
            shape(r.name, r.shape),
            tuple(i.substitute(rename) for i in index(r.name, r.index)),
            term,
        )
        for r, term in zip(draft.results, terms, strict=True)
    )
    return Specification(operands, results, axes)


def _accesses(draft: Specification) -> dict[str, list[tuple[Affine, ...]]]:
    """Every index at which each tensor is read or written."""
    found: dict[str, list[tuple[Affine, ...]]] = {r.name: [r.index] for r in draft.results}
    for term in walk(draft.roots):
        if term.op == "read" and term.index not in found.setdefault(term.operand, []):
            found[term.operand].append(term.index)
    return found


def _shapes(draft: Specification) -> dict[str, tuple[int, ...]]:
    return {t.name: t.shape for t in (*draft.operands, *draft.results)}


def _without_unit_dimensions(draft: Specification) -> Specification:
    kept = {
        name: [i for i, extent in enumerate(shape) if extent != 1]
        for name, shape in _shapes(draft).items()
    }
    return _reshaped(draft, kept, {}, draft.axes)


def _mergeable(draft: Specification) -> tuple[str, str] | None:
    """Two axes that are neighbours, whole, in every access of either, and bound together."""
    accesses, shapes = _accesses(draft), _shapes(draft)
    bounds = [term.bound for term in walk(draft.roots) if term.is_reduction]
    numbers = [t.axes for t in walk(draft.roots) if t.op == "index"]
    for first in draft.axes:
        for second in draft.axes:
            if first == second or any((first in b) != (second in b) for b in bounds):
                continue
            if any(first in axes or second in axes for axes in numbers):
                continue
            if _neighbours(draft, accesses, shapes, first, second):
                return first, second
    return None


def _neighbours(
    draft: Specification,
    accesses: Mapping[str, Sequence[tuple[Affine, ...]]],
    shapes: Mapping[str, tuple[int, ...]],
    first: str,
    second: str,
) -> bool:
    seen = False
    for name, indices in accesses.items():
        places = {_pair_place(draft, index, shapes[name], first, second) for index in indices}
        if -1 in places or len(places) > 1:
            return False
        seen |= places != {None}
    return seen


def _pair_place(
    draft: Specification, index: Sequence[Affine], shape: Sequence[int], first: str, second: str
) -> int | None:
    """Where the pair stands: its position, ``None`` if neither occurs, -1 if not as a pair."""
    holding = [i for i, dim in enumerate(index) if dim.axes & {first, second}]
    if not holding:
        return None
    if len(holding) != 2 or holding[1] != holding[0] + 1:
        return -1
    at = holding[0]
    whole = (
        index[at].plain == first
        and index[at + 1].plain == second
        and shape[at] == draft.axes[first]
        and shape[at + 1] == draft.axes[second]
    )
    return at if whole else -1


def _merged(draft: Specification, first: str, second: str) -> Specification:
    accesses, shapes = _accesses(draft), _shapes(draft)
    kept: dict[str, Sequence[int | None]] = {}
    for name, shape in shapes.items():
        place = _pair_place(draft, accesses[name][0], shape, first, second)
        kept[name] = [i for i in range(len(shape)) if i != place or place is None]
    axes = {
        name: size * (draft.axes[first] if name == second else 1)
        for name, size in draft.axes.items()
        if name != first
    }
    # ``first`` lives on in bound sets only: renaming it to ``second`` merges the pair there.
    return _reshaped(draft, kept, {first: Affine.axis(second)}, axes)


def _aligned(draft: Specification) -> Specification:
    """Axes in the order of a tensor that has all of them; the others padded to it as in numpy.

    Where no tensor has all axes (a contraction), or one is indexed in another way, nothing is done.
    """
    accesses = _accesses(draft)
    plain = {
        name: [[dim.plain for dim in index] for index in indices]
        for name, indices in accesses.items()
    }
    full = [
        index
        for indices in plain.values()
        for index in indices
        if len(index) == len(draft.axes) and set(index) == set(draft.axes)
    ]
    if not full:
        return draft
    order = [name for name in full[0] if name is not None]
    kept: dict[str, Sequence[int | None]] = {}
    for name, indices in plain.items():
        if any(index != indices[0] for index in indices) or None in indices[0]:
            return draft
        places = [order.index(axis) for axis in indices[0] if axis is not None]
        if places != sorted(places):
            return draft
        tail = order[places[0] :] if places else []
        kept[name] = [places.index(order.index(a)) if a in indices[0] else None for a in tail]
    return _reshaped(draft, kept, {}, {name: draft.axes[name] for name in order})


def _named(draft: Specification) -> Specification:
    """Axes ``i0, i1, …`` in order, unused ones dropped; operands and results renumbered."""
    used = frozenset[str]().union(
        *(term.axes | term.bound for term in walk(draft.roots)),
        *(dim.axes for result in draft.results for dim in result.index),
    )
    names = [name for name in draft.axes if name in used]
    rename = {name: Affine.axis(f"i{position}") for position, name in enumerate(names)}
    operand_names = {o.name: f"x{position}" for position, o in enumerate(draft.operands)}
    terms = rewrite_axes(draft.roots, lambda t: (operand_names[t.operand], t.index), rename)
    return Specification(
        tuple(Operand(operand_names[o.name], o.dtype, o.shape, o.source) for o in draft.operands),
        tuple(
            Result(r.name, r.dtype, r.shape, tuple(i.substitute(rename) for i in r.index), term)
            for r, term in zip(draft.results, terms, strict=True)
        ),
        {f"i{position}": draft.axes[name] for position, name in enumerate(names)},
    )
