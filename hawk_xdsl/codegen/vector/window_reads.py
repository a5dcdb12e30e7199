"""What a read under a reduction over windows touches: the slab of a tile, dimension by dimension.

``x0[i0, 2 * i1 + i3, i2 + 2 * i4]`` reduced over ``i3 < 3`` and ``i4 < 3``: of a tile of 8 × 16
along ``i1`` and ``i2`` the slab has 17 rows and 20 columns. The window at ``i3 = 1`` starts in
row 1 and has every second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.schedule.tiling import Tiling, UntileableError
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Affine, Term, is_pseudo, walk


@dataclass(frozen=True)
class Window:
    """A reduced axis in an index: ``extent`` positions, ``dilation`` elements from one another."""

    axis: str
    extent: int
    dilation: int

    @property
    def span(self) -> int:
        """Elements from the first position to the last one."""
        return (self.extent - 1) * self.dilation


@dataclass(frozen=True)
class SlabDimension:
    """One dimension of a slab.

    Attributes:
        axis: the result's axis that runs over it in the tile; ``None`` for a point.
        length: elements of the result's tile along it.
        stride: elements between the windows of neighbours.
        windows: what is reduced along it.
        first: the index of the first element, without the windows.
        is_point: whether the slab has no such dimension.
    """

    axis: str | None
    length: int
    stride: int
    windows: tuple[Window, ...]
    first: Affine
    is_point: bool

    @property
    def span(self) -> int:
        """Elements of the slab along it."""
        return (self.length - 1) * self.stride + sum(each.span for each in self.windows) + 1

    @property
    def steps(self) -> tuple[Window, ...]:
        """The windows; where neighbours are apart though there are none, one of one position."""
        apart = (Window("", 1, 1),) if self.stride > 1 else ()
        return self.windows or apart

    def at_each_position(self) -> "SlabDimension":
        """The same where each position of the windows is loaded by itself, in a loop over them."""
        terms = tuple((window.axis, window.dilation) for window in self.windows)
        first = self.first + Affine(0, terms)
        return SlabDimension(self.axis, self.length, self.stride, (), first, self.axis is None)


def slab_of(
    term: Term, windows: frozenset[str], extents: Mapping[str, int], tiling: Tiling
) -> tuple[SlabDimension, ...]:
    """The dimensions of a read's slab in a tiling.

    Raises ``UntileableError`` where an index runs backwards, or over two axes of a tile.
    """
    return tuple(_dimension(dim, windows, extents, tiling) for dim in term.index)


def _dimension(
    dim: Affine, windows: frozenset[str], extents: Mapping[str, int], tiling: Tiling
) -> SlabDimension:
    reduced = [(axis, factor) for axis, factor in dim.terms if axis in windows]
    first = Affine(dim.constant, tuple(term for term in dim.terms if term[0] not in windows))
    covered = tiling.covered(first)
    if len(covered) > 1:
        raise UntileableError(f"index {dim} runs over two axes of one tile")
    if any(factor < 0 for _, factor in (*reduced, *covered)):
        raise UntileableError(f"index {dim} runs backwards")
    axis, stride = covered[0] if covered else (None, 1)
    return SlabDimension(
        axis,
        1 if axis is None else tiling.covers(axis),
        stride,
        tuple(Window(axis, extents[axis], factor) for axis, factor in reduced),
        first,
        axis is None and not reduced,
    )


def slides(term: Term, windows: frozenset[str]) -> bool:
    """Whether a read's windows move with the result: some index has axes of both."""
    return any(
        dim.axes & windows and any(not is_pseudo(axis) for axis in dim.axes - windows)
        for dim in term.index
    )


def windowed_terms(term: Term, windows: frozenset[str]) -> list[Term]:
    """The terms that windows run over, arguments first: a term and those below it.

    Of a reduction over these windows it is what is reduced. Below a term that no window runs over,
    such as another reduction of them, there is none.
    """
    roots = term.args if term.bound & windows else (term,)
    reached: set[Term] = set()
    waiting = list(roots)
    while waiting:
        each = waiting.pop()
        if each.axes & windows and each not in reached:
            reached.add(each)
            waiting.extend(each.args)
    return [each for each in walk(roots) if each in reached]


def windowed_reads(term: Term, windows: frozenset[str]) -> list[Term]:
    """The reads among them."""
    return [each for each in windowed_terms(term, windows) if each.op == "read"]


def is_pointwise(term: Term, windows: frozenset[str]) -> bool:
    """Whether all that windows run over is read, or a function of values at the same point."""
    return not any(
        each.is_reduction or each.is_scan or each.op in ("index", "gather")
        for each in windowed_terms(term, windows)
    )


def has_windows(specification: Specification) -> bool:
    """Whether a reduction of a specification runs over windows that move with its result."""
    return any(
        slides(read, term.bound)
        for term in walk(specification.roots)
        if term.is_reduction
        for read in windowed_reads(term, term.bound)
    )


def alike(reads: Sequence[Term]) -> bool:
    """Whether reads have one index."""
    return len({read.index for read in reads}) == 1
