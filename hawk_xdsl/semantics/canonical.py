"""Makes a specification canonical: unit dimensions dropped, neighbours merged, axes in order."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from math import prod

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES
from hawk_xdsl.semantics.specification_form import ResultRegion, Specification
from hawk_xdsl.semantics.terms import Affine, Term, Terms, walk


def canonical(draft: Specification, split: Set[str] = frozenset()) -> Specification:
    """The same work in the form, and under the names, that every such work gets.

    ``split`` are the axes that are parts of others: dimensions that they run over in part are taken
    apart.
    """
    draft = _without_unit_dimensions(draft)
    while (place := _divisible(draft, split)) is not None:
        draft = _divided(draft, *place)
    while (pair := _mergeable(draft)) is not None:
        draft = _merged(draft, *pair)
    return _of_rank_one(_named(_aligned(draft)))


def _of_rank_one(draft: Specification) -> Specification:
    """Tensors without dimensions as ones of a single element: kernels hold no others."""
    kept: dict[str, Sequence[int | None]] = {
        name: range(len(shape)) if shape else (None,) for name, shape in _shapes(draft).items()
    }
    return reshaped(draft, kept, {}, draft.axes)


def rewrite_axes(
    roots: Sequence[Term],
    read: Callable[[Term], tuple[str, tuple[Affine, ...]]],
    rename: Mapping[str, Affine],
    terms: Terms | None = None,
) -> list[Term]:
    """The same terms with other reads and renamed axes; a merged axis must stay one name."""
    terms = terms or Terms()
    done: dict[Term, Term] = {}
    for term in walk(roots):
        args = tuple(done[arg] for arg in term.args)
        if term.op in ("read", "gather"):
            operand, index = read(term)
            index = tuple(i.substitute(rename) for i in index)
            new = terms.gather(operand, index, args, term.dtype)
        elif term.op == "index":
            new = terms.index(term.index[0].substitute(rename), term.dtype)
        elif term.is_reduction:
            bound = frozenset[str]().union(
                *(rename.get(name, Affine.axis(name)).axes for name in term.bound)
            )
            new = terms.reduce(term.kind, args[0], bound)
        elif term.is_scan:
            [axis] = term.bound
            [name] = rename.get(axis, Affine.axis(axis)).axes
            new = terms.scan(term.kind, args[0], name)
        else:
            new = terms.rebuild(term, args)
        done[term] = new
    return [done[root] for root in roots]


def reshaped(
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
    operands = tuple(replace(o, shape=shape(o.name, o.shape)) for o in draft.operands)
    results = tuple(
        replace(
            r,
            shape=shape(r.name, r.shape),
            index=tuple(i.substitute(rename) for i in index(r.name, r.index)),
            term=term,
        )
        for r, term in zip(draft.results, terms, strict=True)
    )
    return Specification(operands, results, axes)


def _accesses(draft: Specification) -> dict[str, list[tuple[Affine, ...]]]:
    """Every index at which each tensor is read or written."""
    found: dict[str, list[tuple[Affine, ...]]] = {}
    for result in draft.results:
        if result.index not in found.setdefault(result.name, []):
            found[result.name].append(result.index)
    for term in walk(draft.roots):
        if term.op in ("read", "gather") and term.index not in found.setdefault(term.operand, []):
            found[term.operand].append(term.index)
    return found


def _shapes(draft: Specification) -> dict[str, tuple[int, ...]]:
    return {t.name: t.shape for t in (*draft.operands, *draft.results)}


def _without_unit_dimensions(draft: Specification) -> Specification:
    kept = {
        name: [i for i, extent in enumerate(shape) if extent != 1]
        for name, shape in _shapes(draft).items()
    }
    return reshaped(draft, kept, {}, draft.axes)


def _divisible(draft: Specification, split: Set[str]) -> tuple[str, int, int] | None:
    """A tensor, its dimension and a stride at which every index of that dimension comes apart."""
    shapes = _shapes(draft)
    for name, indices in _accesses(draft).items():
        for place, extent in enumerate(shapes[name]):
            dims = [index[place] for index in indices]
            partial = [dim for dim in dims if dim.axes & split and len(dim.terms) > 1]
            strides = {abs(factor) for dim in partial for _, factor in dim.terms} - {1, extent}
            for stride in sorted(strides):
                if extent % stride == 0 and all(_parts(d, stride, draft.axes) for d in dims):
                    return name, place, stride
    return None


def _parts(index: Affine, stride: int, axes: Mapping[str, int]) -> tuple[Affine, Affine] | None:
    """An index as multiples of a stride and the rest, if the rest is always below the stride."""
    outer, inner = Affine(index.constant // stride), Affine(index.constant % stride)
    for name, factor in index.terms:
        if factor % stride == 0:
            outer += Affine.axis(name).scaled(factor // stride)
        else:
            inner += Affine.axis(name).scaled(factor)
    if not inner.axes <= axes.keys():
        return None
    steps = [factor * (axes[name] - 1) for name, factor in inner.terms]
    least = inner.constant + sum(step for step in steps if step < 0)
    greatest = inner.constant + sum(step for step in steps if step > 0)
    return (outer, inner) if least >= 0 and greatest < stride else None


def _divided(draft: Specification, name: str, place: int, stride: int) -> Specification:
    """One dimension of one tensor as two."""

    def index(tensor: str, old: tuple[Affine, ...]) -> tuple[Affine, ...]:
        if tensor != name:
            return old
        parts = _parts(old[place], stride, draft.axes)
        assert parts is not None
        return (*old[:place], *parts, *old[place + 1 :])

    def shape(tensor: str, old: tuple[int, ...]) -> tuple[int, ...]:
        if tensor != name:
            return old
        return (*old[:place], old[place] // stride, stride, *old[place + 1 :])

    terms = rewrite_axes(draft.roots, lambda t: (t.operand, index(t.operand, t.index)), {})
    return Specification(
        tuple(replace(o, shape=shape(o.name, o.shape)) for o in draft.operands),
        tuple(
            replace(r, shape=shape(r.name, r.shape), index=index(r.name, r.index), term=term)
            for r, term in zip(draft.results, terms, strict=True)
        ),
        draft.axes,
    )


def _mergeable(draft: Specification) -> tuple[str, str] | None:
    """Two axes that are neighbours, whole, in every access of either, and bound together."""
    accesses, shapes = _accesses(draft), _shapes(draft)
    bounds = [term.bound for term in walk(draft.roots) if term.is_reduction or term.is_scan]
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
    return reshaped(draft, kept, {first: Affine.axis(second)}, axes)


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
        if any(index != indices[0] for index in indices) or not set(indices[0]) <= set(order):
            return draft
        if len(set(indices[0])) < len(indices[0]):
            return draft
        places = [order.index(axis) for axis in indices[0] if axis is not None]
        if places != sorted(places):
            return draft
        tail = order[places[0] :] if places else []
        kept[name] = [places.index(order.index(a)) if a in indices[0] else None for a in tail]
    return reshaped(draft, kept, {}, {name: draft.axes[name] for name in order})


def _axis_name(position: int) -> str:
    """``i0``, ``i1``, …; those that are dtypes of kernel text get another letter."""
    name = f"i{position}"
    return f"j{position}" if name in BUFFER_DTYPES else name


def _named(draft: Specification) -> Specification:
    """Axes ``i0, i1, …`` in order, each region its own; unused axes and operands dropped."""
    read = {term.operand for term in walk(draft.roots) if term.op in ("read", "gather")}
    operands = [o for o in draft.operands if o.name in read]
    names = {o.name: f"x{position}" for position, o in enumerate(operands)}
    terms = Terms()
    axes: dict[str, int] = {}
    results: list[ResultRegion] = []
    for together in _results_that_share_axes(draft):
        roots = [result.term for result in together]
        used = frozenset[str]().union(
            *(term.axes | term.bound for term in walk(roots)),
            *(dim.axes for result in together for dim in result.index),
        )
        rename: dict[str, Affine] = {}
        for axis, size in draft.axes.items():
            if axis in used:
                name = _axis_name(len(axes))
                rename[axis] = Affine.axis(name)
                axes[name] = size
        new = rewrite_axes(roots, lambda t: (names[t.operand], t.index), rename, terms)
        for result, term in zip(together, new, strict=True):
            index = tuple(dim.substitute(rename) for dim in result.index)
            results.append(replace(result, index=index, term=term))
    return Specification(
        tuple(replace(o, name=names[o.name]) for o in operands), tuple(results), axes
    )


def _results_that_share_axes(draft: Specification) -> list[list[ResultRegion]]:
    """All results that are whole, and each region alone."""
    names = [result.name for result in draft.results]
    whole = [result for result in draft.results if names.count(result.name) == 1]
    regions = [[result] for result in draft.results if names.count(result.name) > 1]
    return [*([whole] if whole else []), *regions]
