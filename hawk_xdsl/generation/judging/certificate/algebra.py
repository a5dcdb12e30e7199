"""What every function of the language means for symbols.

Sums, products, quotients and exponentials follow the laws of real numbers; extrema are sets;
everything else is a *keyed* function: an unknown function of its name and its arguments, so that
only the same function of the same arguments is the same. Rounding to f16 and bf16 is keyed, that
to f32 is not modelled. Estimates (reciprocals) count as exact.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from hawk_xdsl.generation.judging.certificate.field import Field, Planes, Specials, Words, mixed
from hawk_xdsl.generation.judging.certificate.groups import NOBODY, Pool, Sets, sorted_sets
from hawk_xdsl.generation.judging.certificate.symbols import (
    BIT,
    GROUP,
    HELD,
    HELD_BF16,
    HELD_BY,
    HELD_F16,
    HELD_I8,
    HELD_I16,
    KNOWN,
    NARROW_FLOATS,
    WIDTHS,
    Flags,
    Reals,
    Symbols,
    UnprovableError,
    is_float,
    rounded_reals,
)

EXACT = frozenset(
    {"max", "min", "neg", "abs", "select", "relu", "full", "maxnum", "minnum", "cast"}
)
"""Functions of narrow floats that round nothing."""

EXTREMA = {"max": np.fmax, "min": np.fmin, "or": np.fmax, "and": np.fmin}

Bools = npt.NDArray[np.bool_]


@cache
def key_of(name: str) -> int:
    """The key of a function."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


class Algebra:
    """The functions, over one field and with one draw of all unknown functions.

    Args:
        field: what floats are.
        seed: of the draw: of inputs, and of which conditions hold.
    """

    def __init__(self, field: Field, seed: int) -> None:
        self.field = field
        self.pool = Pool()
        self._specials = Specials(field)
        self._mask = np.uint64(key_of(f"conditions {seed}") | 1)
        self._seed = key_of(f"inputs {seed}")
        self._literals: dict[tuple[str, str], Symbols] = {}
        self.coins = 0  # conditions that were decided by one

    # --- leaves

    def literal(self, value: float, dtype: str) -> Symbols:
        """A number."""
        key = (repr(float(value)), dtype)
        if key not in self._literals:
            self._literals[key] = self.reals(np.array(float(value)), dtype)
        return self._literals[key]

    def reals(self, values: Reals, dtype: str) -> Symbols:
        """An array of numbers, rounded to the dtype."""
        if not is_float(dtype):
            return self._integers(values.astype(np.int64), dtype)
        values = rounded_reals(values, dtype)
        finite = np.isfinite(values)
        planes = self.field.of_reals(np.where(finite, values, 0.0))
        flags = np.full(values.shape, KNOWN | HELD_BY[dtype], np.uint8)
        for name in NARROW_FLOATS:
            same = rounded_reals(values, name) == values
            flags |= np.where(same | ~finite, BIT[name], np.uint8(0))
        found = Symbols(dtype, planes, flags, values)
        return found if finite.all() else self._with_specials(found)

    def _integers(self, values: npt.NDArray[np.int64], dtype: str) -> Symbols:
        width = WIDTHS[dtype]
        if 1 < width < 64:
            half = 1 << (width - 1)
            values = ((values + half) & ((1 << width) - 1)) - half
        flags = np.full(values.shape, KNOWN | HELD_BY.get(dtype, np.uint8(0)), np.uint8)
        for name in ("i8", "i16", "i32"):
            half = 1 << (WIDTHS[name] - 1)
            held = (values >= -half) & (values < half)
            flags |= np.where(held, BIT[name], np.uint8(0))
        return Symbols(dtype, values.astype(np.uint64)[None], flags, values.astype(np.float64))

    def input(self, name: str, places: npt.NDArray[np.int64], dtype: str) -> Symbols:
        """The elements of an operand at flat places."""
        words = mixed(mixed(places.astype(np.uint64), key_of(name)), self._seed)
        return self.drawn(words, dtype)

    def drawn(self, words: Words, dtype: str) -> Symbols:
        """Symbols that nothing is known of but their dtype."""
        planes = self.field.residues(words) if is_float(dtype) else words[None]
        return Symbols(dtype, planes, np.full(words.shape, HELD_BY[dtype], np.uint8))

    # --- helpers

    def words(self, symbols: Symbols) -> Words:
        """One word for each symbol: equal for equal values."""
        if is_float(symbols.dtype):
            return self.field.digest(symbols.planes)
        ring: Words = symbols.planes[0]
        held = symbols.held_by(symbols.dtype)
        if held.all():
            return ring
        return np.where(held, ring, mixed(ring, key_of(f"wrap {symbols.dtype}")))

    def _with_specials(self, symbols: Symbols) -> Symbols:
        """The planes of what is no number set to what stands for it."""
        assert symbols.value is not None
        known, value, planes = symbols.known, symbols.value, symbols.planes
        for mask, special in (
            (known & np.isposinf(value), self._specials.infinity),
            (known & np.isneginf(value), self.field.neg(self._specials.infinity)),
            (known & np.isnan(value), self._specials.nan),
        ):
            if mask.any():
                shaped = special.reshape(-1, *[1] * value.ndim)
                planes = np.where(mask, shaped, planes)
        return Symbols(symbols.dtype, planes, symbols.flags, value, symbols.groups)

    def _float(
        self, planes: Planes, known: tuple[Bools, Reals] | None = None, dtype: str = "f32"
    ) -> Symbols:
        flags = np.zeros(planes.shape[1:], np.uint8)
        if known is None or not known[0].any():
            return Symbols(dtype, planes, flags)
        mask, value = known
        flags[mask] = KNOWN
        return self._with_specials(
            Symbols(dtype, planes, flags, np.broadcast_to(value, flags.shape))
        )

    def keyed(self, name: str, args: Sequence[Symbols], dtype: str) -> Symbols:
        """An unknown function of symbols."""
        shape = np.broadcast_shapes(*(arg.shape for arg in args))
        total = np.zeros(shape, np.uint64)
        for position, arg in enumerate(args):
            words = self.words(arg.of_rank(len(shape)))
            total = total * np.uint64(0x9E3779B97F4A7C15) + mixed(words, key_of(f"{position}"))
        return self.drawn(mixed(total, key_of(name)), dtype)

    # --- functions of the same point

    def apply(self, op: str, args: Sequence[Symbols], dtype: str) -> Symbols:
        """A function by its name in specifications; a narrow float result is rounded to it."""
        if op == "cast":
            return self.cast(args[0], dtype)
        found = self._unrounded(op, args, dtype)
        if dtype in NARROW_FLOATS and op not in EXACT:
            found = self.rounded(found, dtype)
        return Symbols(dtype, found.planes, found.flags, found.value, found.groups)

    def _unrounded(self, op: str, args: Sequence[Symbols], dtype: str) -> Symbols:
        rank = max(len(arg.shape) for arg in args)
        args = [arg.of_rank(rank) for arg in args]
        if op in _COMPARISONS:
            return self._compare(op, args[0], args[1])
        function = getattr(self, f"_{op}", None)
        if function is not None and op in _FUNCTIONS:
            return function(*args)
        prefix, _, mode = op.partition("_")
        if mode and prefix in WIDTHS:  # i32_floor and its like
            return self.cast(args[0], prefix, mode)
        return self.keyed(f"{op} {_kind_of(args[0].dtype)}", args, dtype)

    def _ring(
        self,
        left: Symbols,
        right: Symbols,
        of_planes: Callable[[Planes, Planes], Planes],
        of_words: Callable[[Words, Words], Words],
        of_reals: Callable[[Reals, Reals], Reals],
        absorbs: bool,
    ) -> Symbols:
        if is_float(left.dtype):
            known = self._known(left, right, of_reals, absorbs)
            return self._float(of_planes(left.planes, right.planes), known)
        words = of_words(left.planes, right.planes)
        found = Symbols(left.dtype, words, np.zeros(words.shape[1:], np.uint8))
        if left.has_known and right.has_known:
            mask = left.known & right.known
            if mask.any():
                return self._where(
                    mask, self._integers(words[0].astype(np.int64), left.dtype), found
                )
        return found

    def _known(
        self,
        left: Symbols,
        right: Symbols,
        function: Callable[[Reals, Reals], Reals],
        absorbs: bool,
    ) -> tuple[Bools, Reals] | None:
        """Where the result is a known number, and which; infinities absorb what is unknown."""
        if not left.has_known and not right.has_known:
            return None
        knows, others = left.known, right.known
        first = np.where(knows, left.value if left.value is not None else 0.0, 0.0)
        second = np.where(others, right.value if right.value is not None else 0.0, 0.0)
        mask = knows & others
        if absorbs:
            mask = mask | (knows & ~np.isfinite(first)) | (others & ~np.isfinite(second))
        if not mask.any():
            return None
        with np.errstate(all="ignore"):
            return mask, function(first, second)

    def _add(self, left: Symbols, right: Symbols) -> Symbols:
        found = self._ring(left, right, self.field.add, np.add, np.add, True)
        return self._unchanged_by(0.0, left, right, found)

    def _sub(self, left: Symbols, right: Symbols) -> Symbols:
        return self._ring(left, right, self.field.sub, np.subtract, np.subtract, True)

    def _mul(self, left: Symbols, right: Symbols) -> Symbols:
        found = self._ring(left, right, self.field.mul, np.multiply, np.multiply, False)
        return self._unchanged_by(1.0, left, right, found)

    def _unchanged_by(
        self, neutral: float, left: Symbols, right: Symbols, found: Symbols
    ) -> Symbols:
        """The result, but where one side is a number that changes nothing, the other side."""
        for number, other in ((left, right), (right, left)):
            if number.value is not None:
                mask = number.known & (number.value == neutral)
                if mask.any():
                    found = self._where(mask, other, found)
        return found

    def _neg(self, arg: Symbols) -> Symbols:
        if not is_float(arg.dtype):
            zero = self._integers(np.zeros((), np.int64), arg.dtype).of_rank(len(arg.shape))
            return self._sub(zero, arg)
        known = None if arg.value is None else (arg.known, -arg.value)
        found = self._float(self.field.neg(arg.planes), known)
        found.flags |= arg.flags & (HELD_F16 | HELD_BF16)
        return found

    def _div(self, left: Symbols, right: Symbols) -> Symbols:
        if not is_float(left.dtype):
            return self.keyed(f"div {_merged(left.dtype)}", [left, right], left.dtype)
        known = self._known(left, right, np.divide, False)
        inverse = self.field.inverse(right.planes)
        found = self._float(self.field.mul(left.planes, inverse), known)
        zero = right.known & (right.numbers() == 0.0) & ~left.known if right.has_known else None
        if zero is None or not zero.any():
            return found
        return self._where(zero, self.keyed("over zero", [left, right], "f32"), found)

    def _rec(self, arg: Symbols) -> Symbols:
        return self._div(self.literal(1.0, "f32").of_rank(len(arg.shape)), arg)

    def _sqrt(self, arg: Symbols) -> Symbols:
        return self.keyed("sqrt", [arg], "f32")

    def _rsqrt(self, arg: Symbols) -> Symbols:
        return self._rec(self._sqrt(arg))

    def _exp(self, arg: Symbols) -> Symbols:
        found = self._float(self.field.exp(arg.planes))
        if arg.value is None:
            return found
        with np.errstate(over="ignore"):
            value = np.exp(arg.value)
        special = arg.known & (~np.isfinite(arg.value) | (arg.value == 0.0))
        return self._where(special, self.reals(np.where(special, value, 0.0), "f32"), found)

    def _abs(self, arg: Symbols) -> Symbols:
        if not is_float(arg.dtype):
            return self.keyed(f"abs {_merged(arg.dtype)}", [arg], arg.dtype)
        both = np.minimum(self.words(arg), self.words(self._neg(arg)))
        found = self.drawn(mixed(both, key_of("abs")), "f32")
        found.flags |= arg.flags & (HELD_F16 | HELD_BF16)
        if arg.value is None:
            return found
        return self._where(
            arg.known, self.reals(np.abs(np.where(arg.known, arg.value, 0.0)), arg.dtype), found
        )

    def _relu(self, arg: Symbols) -> Symbols:
        return self._max(arg, self.literal(0.0, arg.dtype).of_rank(len(arg.shape)))

    def _full(self, arg: Symbols) -> Symbols:
        return arg

    def _not(self, arg: Symbols) -> Symbols:
        flip = np.uint64(1) if WIDTHS[arg.dtype] <= 8 else NOBODY
        found = Symbols(arg.dtype, arg.planes ^ flip, arg.flags.copy(), None)
        if arg.value is None:
            return found
        values = np.where(arg.known, arg.value, 0).astype(np.int64)
        flipped = values ^ 1 if WIDTHS[arg.dtype] <= 8 else ~values
        found.flags &= ~KNOWN
        return self._where(arg.known, self._integers(flipped, arg.dtype), found)

    def holds(self, condition: Symbols) -> Bools:
        """Which conditions hold: the known ones as they do, each other one by a coin of its own."""
        coin = (np.bitwise_count(self.words(condition) & self._mask) & 1).astype(np.bool_)
        known = condition.known
        self.coins += condition.size - int(np.count_nonzero(known))
        if condition.value is None:
            return coin
        return np.where(known, condition.value != 0, coin)

    def _both(self, op: str, left: Symbols, right: Symbols, wanted: Bools) -> Symbols:
        """A symmetric function of two conditions that holds as ``wanted`` says."""
        total = mixed(self.words(left), 0xB) + mixed(self.words(right), 0xB)
        words = mixed(total, key_of(op))
        coin = (np.bitwise_count(words & self._mask) & 1).astype(np.bool_)
        return self.drawn(np.where(coin == wanted, words, words ^ np.uint64(1)), "i8")

    def _logic(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        if WIDTHS[left.dtype] > 8:
            return self._bitwise(op, left, right)
        held, other = np.broadcast_arrays(self.holds(left), self.holds(right))
        wanted = {"and": held & other, "or": held | other, "xor": held ^ other}[op]
        found = self._both(op, left, right, wanted)
        same = np.broadcast_to(self.words(left) == self.words(right), found.shape)
        if op != "xor":
            found = self._where(same, left.broadcast(found.shape), found)
        for first, second in ((left, right), (right, left)):
            if first.value is None:
                continue
            first, second = first.broadcast(found.shape), second.broadcast(found.shape)
            assert first.value is not None
            true = first.known & (first.value != 0)
            false = first.known & (first.value == 0)
            neutral, absorbing = (true, false) if op == "and" else (false, true)
            found = self._where(neutral, second, found)
            if op == "xor":
                found = self._where(absorbing, self._not(second), found)
            else:
                found = self._where(absorbing, first, found)
        return found

    def _bitwise(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        total = mixed(self.words(left), 0xB) + mixed(self.words(right), 0xB)
        return self.drawn(mixed(total, key_of(f"{op} {left.dtype}")), left.dtype)

    def _and(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("and", left, right)

    def _or(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("or", left, right)

    def _xor(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("xor", left, right)

    def _compare(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        relation, swapped, negated = _COMPARISONS[op]
        if swapped:
            left, right = right, left
        first, second = self.words(left), self.words(right)
        kind = _kind_of(left.dtype)
        if relation == "eq":
            total = mixed(first, 0xE) + mixed(second, 0xE)
        else:
            total = mixed(first, 0xA) + second * np.uint64(0x9E3779B97F4A7C15)
        words = mixed(total, key_of(f"{relation} {kind}"))
        found = self.drawn(words ^ np.uint64(negated), "i8")
        if not (left.has_known and right.has_known):
            return found
        mask = left.known & right.known
        values = _RELATIONS[relation](left.numbers(), right.numbers()) ^ negated
        return self._where(mask, self._integers(values.astype(np.int64), "i8"), found)

    def _select(self, condition: Symbols, on_true: Symbols, on_false: Symbols) -> Symbols:
        return self._where(self.holds(condition), on_true, on_false)

    def _where(self, mask: Bools, on_true: Symbols, on_false: Symbols) -> Symbols:
        shape = np.broadcast_shapes(mask.shape, on_true.shape, on_false.shape)
        first, second = on_true.broadcast(shape), on_false.broadcast(shape)
        value = groups = None
        if first.value is not None or second.value is not None:
            value = np.where(mask, _or_zero(first.value), _or_zero(second.value))
        if first.groups is not None or second.groups is not None:
            groups = np.where(mask, _or_zero(first.groups), _or_zero(second.groups))
            groups = groups.astype(np.int64)
        return Symbols(
            second.dtype,
            np.where(mask, first.planes, second.planes),
            np.where(mask, first.flags, second.flags),
            value,
            groups,
        ).settled()

    # --- extrema

    def _max(self, left: Symbols, right: Symbols) -> Symbols:
        return self._extremum("max", left, right)

    def _min(self, left: Symbols, right: Symbols) -> Symbols:
        return self._extremum("min", left, right)

    def _extremum(self, kind: str, left: Symbols, right: Symbols) -> Symbols:
        shape = np.broadcast_shapes(left.shape, right.shape)
        pair = [side.broadcast(shape) for side in (left, right)]
        stacked = _stacked(pair)
        found = self._extreme_of_rows(kind, stacked.reshaped((-1, 2)))
        return found.reshaped(shape)

    def extreme(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        """The fold of axes by max, min, or, and; they are kept as 1."""
        rows, shape = _rows(arg, axes)
        if rows.shape[1] == 1:
            return arg
        return self._extreme_of_rows(kind, rows).reshaped(shape)

    def _extreme_of_rows(self, kind: str, rows: Symbols) -> Symbols:
        count = rows.shape[0]
        members, literal, neutral = self._members(kind, rows)
        sets = sorted_sets(members.reshape(count, -1), literal)
        alone = (sets.members[:, 0] != NOBODY) & np.isnan(literal)
        if sets.members.shape[1] > 1:
            alone &= sets.members[:, 1] == NOBODY
        place = np.argmin(neutral, axis=1)  # the first that is a member
        picked = _picked(rows, place)
        group = self._group(kind, rows, sets, neutral)
        found = self._where(alone, picked, group) if alone.any() else group
        nobody = sets.members[:, 0] == NOBODY
        if nobody.any():
            values = np.where(np.isnan(literal), _neutral(kind, rows.dtype), literal)
            found = self._where(
                nobody, self.reals(np.where(nobody, values, 0.0), rows.dtype), found
            )
        return found

    def _members(self, kind: str, rows: Symbols) -> tuple[Words, Reals, Bools]:
        """Members [rows · length, most], the literal of each row, and which elements are none."""
        count, length = rows.shape
        flat = rows.reshaped((count * length,))
        numbers = np.zeros(flat.size, np.int64) if flat.groups is None else flat.groups
        numbers = np.where((flat.flags & GROUP) != 0, numbers, 0)
        members, literals = self.pool.rows(key_of(kind), numbers, self.words(flat))
        neutral = np.zeros(flat.size, np.bool_)
        if flat.value is not None:
            known = flat.known
            if np.isnan(flat.value[known]).any():
                raise UnprovableError(f"a {kind} of what is not a number")
            neutral = known
            members[known] = NOBODY
            is_nothing = known & (flat.value == _neutral(kind, rows.dtype))
            literals[known & ~is_nothing] = flat.value[known & ~is_nothing]
        by_row = literals.reshape(count, length)
        with np.errstate(invalid="ignore"):
            literal = EXTREMA[kind].reduce(by_row, axis=1)
        return members, literal, neutral.reshape(count, length)

    def _group(self, kind: str, rows: Symbols, sets: Sets, neutral: Bools) -> Symbols:
        words = sets.words(key_of(kind))
        held = np.where(neutral & (rows.flags & HELD == 0), HELD, rows.flags & HELD)
        found = self.drawn(words, rows.dtype)
        found.flags = np.bitwise_and.reduce(held, axis=1) | GROUP
        found.groups = self.pool.add(key_of(kind), sets)
        return found

    # --- folds

    def reduce(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        """A fold over axes, which are kept as 1."""
        if kind in EXTREMA:
            return self.extreme(kind, arg, axes)
        if kind in ("argmax", "argmin"):
            return self._position(kind, arg, axes)
        if kind == "sum":
            return self._sum(arg, axes)
        if kind == "prod":
            return self._product(arg, axes)
        raise UnprovableError(f"a reduction by {kind}")

    def _sum(self, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        if not is_float(arg.dtype):
            words = arg.planes.sum(tuple(a + 1 for a in axes), keepdims=True, dtype=np.uint64)
            found = Symbols(arg.dtype, words, np.zeros(words.shape[1:], np.uint8))
            mask = np.asarray(arg.known.all(axes, keepdims=True))
            if arg.value is None or not mask.any():
                return found
            return self._where(mask, self._integers(words[0].astype(np.int64), arg.dtype), found)
        if arg.dtype in NARROW_FLOATS:
            raise UnprovableError(f"a sum in {arg.dtype}: its roundings depend on the order")
        planes = self.field.sum(arg.planes, axes)
        if arg.value is None:
            return self._float(planes)
        value = np.where(arg.known, arg.value, 0.0)
        mask = np.asarray(arg.known.all(axes, keepdims=True))
        mask = mask | (~np.isfinite(value)).any(axes, keepdims=True)
        with np.errstate(invalid="ignore"):
            return self._float(planes, (mask, value.sum(axes, keepdims=True)))

    def _product(self, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        if arg.dtype in NARROW_FLOATS:
            raise UnprovableError(f"a product in {arg.dtype}: its roundings depend on the order")
        rows, shape = _rows(arg, axes)
        while rows.shape[1] > 1:
            length = rows.shape[1]
            half = length // 2
            pairs = self._mul(rows.at((slice(None), slice(0, half))),
                              rows.at((slice(None), slice(half, 2 * half))))  # fmt: skip
            if length % 2:
                last = rows.at((slice(None), slice(length - 1, length)))
                first = self._mul(pairs.at((slice(None), slice(0, 1))), last)
                rows = _joined(first, pairs.at((slice(None), slice(1, half))))
            else:
                rows = pairs
        return rows.reshaped(shape)

    def _position(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        rows, shape = _rows(arg, axes)
        words = self.words(rows)
        places = mixed(np.arange(rows.shape[1], dtype=np.uint64), 0x70)
        terms = mixed(words ^ places, key_of(kind))
        if rows.value is not None:
            nothing = rows.known & (rows.value == _neutral(kind[3:], rows.dtype))
            terms = np.where(nothing, np.uint64(0), terms)
        total = terms.sum(axis=1, dtype=np.uint64)
        found = self.drawn(mixed(total, key_of(f"{kind} {_kind_of(arg.dtype)}")), "i32")
        return found.reshaped(shape)

    def scan(self, kind: str, arg: Symbols, axis: int) -> Symbols:
        """A running fold along an axis."""
        if arg.dtype in NARROW_FLOATS and kind in ("sum", "prod"):
            raise UnprovableError(f"a running {kind} in {arg.dtype}")
        if kind == "sum":
            total = np.cumsum(arg.planes, axis=axis + 1, dtype=arg.planes.dtype)
            if is_float(arg.dtype):
                return self._float(self.field.reduced(total))
            return Symbols(arg.dtype, total, np.zeros(arg.shape, np.uint8))
        pieces = [arg.at((*[slice(None)] * axis, slice(0, 1)))]
        if arg.shape[axis] > 256 and kind != "prod":
            raise UnprovableError(f"a running {kind} over more than 256 elements")
        for place in range(1, arg.shape[axis]):
            part = arg.at((*[slice(None)] * axis, slice(place, place + 1)))
            combined = self._unrounded(
                "mul" if kind == "prod" else kind, [pieces[-1], part], arg.dtype
            )
            pieces.append(combined)
        return _concatenated(pieces, axis)

    def matmul(self, left: Symbols, right: Symbols) -> Symbols:
        """[…, m, k] · [… , k, n], without any rounding; f32 of floats, i32 of integers."""
        if is_float(left.dtype):
            return self._float(self.field.matmul(left.planes, right.planes))
        words = np.matmul(left.planes, right.planes)
        return Symbols("i32", words, np.zeros(words.shape[1:], np.uint8))

    # --- conversions

    def rounded(self, symbols: Symbols, dtype: str, mode: str = "rint") -> Symbols:
        """Rounded to a float dtype: what the dtype holds stays, of the rest a keyed function."""
        if dtype not in NARROW_FLOATS:
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        if mode != "rint":
            return self.keyed(f"round {dtype} {mode}", [symbols], dtype)
        held = symbols.held_by(dtype)
        if held.all():
            return Symbols(dtype, symbols.planes, symbols.flags, symbols.value, symbols.groups)
        found = self.keyed(f"round {dtype}", [symbols], dtype)
        if symbols.value is not None:
            values = np.where(symbols.known, symbols.value, 0.0)
            found = self._where(symbols.known, self.reals(values, dtype), found)
        found = self._where(held, symbols, found)
        return Symbols(dtype, found.planes, found.flags, found.value, found.groups)

    def cast(self, arg: Symbols, dtype: str, mode: str | None = None) -> Symbols:
        """A conversion; to an integer it truncates, to a float it rounds to the nearest."""
        if arg.dtype == dtype:
            return arg
        if is_float(arg.dtype) and is_float(dtype):
            return self.rounded(arg, dtype, mode or "rint")
        if is_float(arg.dtype):
            return self._to_integer(arg, dtype, mode or "trunc")
        if is_float(dtype):
            return self._to_float(arg, dtype)
        return self._to_width(arg, dtype)

    def _to_integer(self, arg: Symbols, dtype: str, mode: str) -> Symbols:
        found = self.keyed(f"to {dtype} {mode}", [arg], dtype)
        if arg.value is None:
            return found
        values = np.where(arg.known & np.isfinite(arg.value), arg.value, 0.0)
        rounds = _TO_WHOLE.get(mode)
        mask = arg.known & np.isfinite(arg.value) & (np.abs(values) < 2.0 ** (WIDTHS[dtype] - 1))
        if rounds is None or not mask.any():
            return found
        return self._where(mask, self._integers(rounds(values).astype(np.int64), dtype), found)

    def _to_float(self, arg: Symbols, dtype: str) -> Symbols:
        found = self.drawn(mixed(self.words(arg), key_of("to float")), "f32")
        found.flags = np.zeros(arg.shape, np.uint8)
        found.flags[(arg.flags & HELD_I8) != 0] = HELD_F16 | HELD_BF16
        wide = (arg.flags & HELD_I16) == 0  # f32 holds every i16
        if wide.any():
            found = self._where(wide, self.keyed("integer to f32", [found], "f32"), found)
        if arg.value is not None:
            values = np.where(arg.known, arg.value, 0.0)
            found = self._where(arg.known, self.reals(values, "f32"), found)
        return self.rounded(found, dtype)

    def _to_width(self, arg: Symbols, dtype: str) -> Symbols:
        if WIDTHS[dtype] < WIDTHS[arg.dtype]:
            found = Symbols(dtype, arg.planes, arg.flags & ~KNOWN)
        else:
            ring: Words = arg.planes[0]
            held = arg.held_by(arg.dtype)
            words = np.where(held, ring, mixed(ring, key_of(f"wrap {arg.dtype}")))
            flags = np.where(held, arg.flags & ~KNOWN, HELD_BY[arg.dtype])
            found = Symbols(dtype, words[None], flags.astype(np.uint8), None, arg.groups)
        if arg.value is None:
            return found
        values = np.where(arg.known, arg.value, 0.0).astype(np.int64)
        return self._where(arg.known, self._integers(values, dtype), found)


_FUNCTIONS = frozenset(
    {"add", "sub", "mul", "neg", "div", "rec", "sqrt", "rsqrt", "exp", "abs", "relu", "full", "not"}
    | {"and", "or", "xor", "select", "max", "min"}
)

_COMPARISONS = {
    "eq": ("eq", False, False),
    "ne": ("eq", False, True),
    "lt": ("lt", False, False),
    "gt": ("lt", True, False),
    "le": ("le", False, False),
    "ge": ("le", True, False),
}
"""A comparison as a relation, whether of exchanged arguments, and whether negated."""

_RELATIONS: dict[str, Callable[[Reals, Reals], Bools]] = {
    "eq": np.equal,
    "lt": np.less,
    "le": np.less_equal,
}

_TO_WHOLE: dict[str, Callable[[Reals], Reals]] = {
    "trunc": np.trunc,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
}


def _kind_of(dtype: str) -> str:
    """What tells functions of one name apart: widths of integers; conditions are bytes."""
    return "" if is_float(dtype) else _merged(dtype)


def _merged(dtype: str) -> str:
    return "i8" if dtype == "i1" else dtype


def _neutral(kind: str, dtype: str) -> float:
    """What changes no extremum of a dtype."""
    if kind in ("or", "and"):
        return 0.0 if kind == "or" else 1.0
    lowest = -np.inf if is_float(dtype) else -(2.0 ** (WIDTHS[dtype] - 1))
    return lowest if kind == "max" else -lowest - (0.0 if is_float(dtype) else 1.0)


def _or_zero(array: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic]:
    return np.zeros((), np.int64) if array is None else array


def _stacked(pair: Sequence[Symbols]) -> Symbols:
    """Two arrays of one shape as one, along a new last axis."""
    value = groups = None
    if any(side.value is not None for side in pair):
        value = np.stack(
            np.broadcast_arrays(*[np.broadcast_to(_or_zero(s.value), s.shape) for s in pair]), -1
        )
        value = value.astype(np.float64)
    if any(side.groups is not None for side in pair):
        groups = np.stack([np.broadcast_to(_or_zero(s.groups), s.shape) for s in pair], -1)
        groups = groups.astype(np.int64)
    return Symbols(
        pair[0].dtype,
        np.stack([side.planes for side in pair], -1),
        np.stack([side.flags for side in pair], -1),
        value,
        groups,
    )


def _rows(arg: Symbols, axes: tuple[int, ...]) -> tuple[Symbols, tuple[int, ...]]:
    """As [everything else, the axes], and the shape with the axes as 1."""
    rank = len(arg.shape)
    kept = [axis for axis in range(rank) if axis not in axes]
    shape = tuple(1 if axis in axes else arg.shape[axis] for axis in range(rank))
    length = int(np.prod([arg.shape[axis] for axis in axes], dtype=np.int64))
    moved = arg.transposed((*kept, *sorted(axes)))
    return moved.reshaped((arg.size // max(length, 1), length)), shape


def _picked(rows: Symbols, place: npt.NDArray[np.int64]) -> Symbols:
    """One element of each row."""
    row = np.arange(rows.shape[0])
    return Symbols(
        rows.dtype,
        rows.planes[:, row, place],
        rows.flags[row, place],
        None if rows.value is None else rows.value[row, place],
        None if rows.groups is None else rows.groups[row, place],
    ).settled()


def _joined(first: Symbols, second: Symbols) -> Symbols:
    return _concatenated([first, second], 1)


def _concatenated(pieces: Sequence[Symbols], axis: int) -> Symbols:
    value = groups = None
    if any(piece.value is not None for piece in pieces):
        value = np.concatenate([np.broadcast_to(_or_zero(p.value), p.shape) for p in pieces], axis)
        value = value.astype(np.float64)
    if any(piece.groups is not None for piece in pieces):
        groups = np.concatenate(
            [np.broadcast_to(_or_zero(p.groups), p.shape) for p in pieces], axis
        )
        groups = groups.astype(np.int64)
    return Symbols(
        pieces[0].dtype,
        np.concatenate([piece.planes for piece in pieces], axis + 1),
        np.concatenate([piece.flags for piece in pieces], axis),
        value,
        groups,
    )


__all__ = ["Algebra", "Flags", "key_of"]
