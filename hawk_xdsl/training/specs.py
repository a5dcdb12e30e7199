"""Random undecided ops, grown from what the knowledge says an NPU can compute.

An op is a random graph of scalar functions, reductions, scans, casts, broadcasts and transposes,
or a contraction with such a graph behind it, over a few axes of random extents. The functions
are the left-hand sides of the rewrites and instructions of the knowledge: nothing here knows an
operator. The same seed and number always give the same op.
"""

import random
from collections.abc import Mapping, Sequence

from hawk_xdsl.dialects.dtype import CONDITION, FLOATS, WIDE_FLOAT, WIDE_INTEGER, DType
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.linalg.scalar_ops import NEGATED
from hawk_xdsl.semantics.pattern import Pattern
from hawk_xdsl.training.productions import CONDITIONS, Production, gives_condition, takes_conditions
from hawk_xdsl.training.recipe import Recipe, weighted
from hawk_xdsl.training.region import Argument, RegionBuilder, RegionTensor

MOST_INPUTS = 4
"""Inputs of an op; a contraction's factors come on top."""

SCANS = ("sum", "prod", "max", "min")

NATIVE = 8.0
"""How much more often than others functions are drawn that are one instruction."""

LITERAL = 0.3
"""How often an argument is a literal that may be one."""


def random_op(
    seed: int, number: int, grammar: Mapping[str, Sequence[Production]], recipe: Recipe
) -> UndecidedOp:
    """The op of a number in the sequence of a seed."""
    return _Grower(random.Random(f"{seed}:{number}"), grammar, recipe).grow()


class _Grower:
    """One op in the making."""

    def __init__(
        self,
        draw: random.Random,
        grammar: Mapping[str, Sequence[Production]],
        recipe: Recipe,
    ) -> None:
        self._draw = draw
        self._recipe = recipe
        self._roots = {
            root: list(found)
            for root, found in grammar.items()
            if not root.startswith("reduce_") and not gives_condition(root)
        }
        self._integer_roots = {
            root: kept
            for root, found in self._roots.items()
            if (kept := [p for p in found if p.of_integers])
        }
        self._joins = [root for root in grammar if root in CONDITIONS]
        self._dtype = weighted(draw, recipe.dtypes)
        self._contracts = DType(self._dtype).is_float and draw.random() < recipe.contraction
        shorter = DType(self._dtype).is_narrow_float
        self._widens = shorter and not self._contracts and draw.random() < recipe.mixed
        extents = self._contraction_extents() if self._contracts else self._extents()
        self._region = RegionBuilder(extents)
        self._pool: list[RegionTensor] = []
        self._unused: list[RegionTensor] = []
        self._computed: list[RegionTensor] = []
        self._inputs = 0

    def grow(self) -> UndecidedOp:
        """The whole op."""
        draw, recipe = self._draw, self._recipe
        steps = weighted(draw, recipe.steps)
        if self._contracts:
            self._contraction()
            steps = max(0, steps - 3)
        if not self._contracts:
            self._last = self._windowed() if self._gets_window() else self._input(everything=True)
        for _ in range(steps):
            self._step()
        self._join_loose_ends()
        last = self._last
        results = [last]
        earlier = [v for v in self._computed[:-1] if v.dtype != CONDITION]
        others = [v for v in earlier if v.axes and v is not last]
        if others and draw.random() < recipe.second_result:
            results.append(draw.choice(others))
        if len(last.axes) > 1 and draw.random() < recipe.transposed:
            axes = list(last.axes)
            draw.shuffle(axes)
            results[0] = self._region.transposed(last, tuple(axes))
        if self._widens:
            results = [self._narrowed(value) for value in results]
        return self._region.finish(results, "random")

    def _narrowed(self, value: RegionTensor) -> RegionTensor:
        """A result in the dtype of the inputs, if it was computed in a wider one."""
        if value.dtype != WIDE_FLOAT:
            return value
        return self._region.apply("cast", [value], self._dtype)

    def _extents(self) -> list[int]:
        """Extents of one to three axes with at most so many elements in all."""
        draw = self._draw
        rank = draw.choices((1, 2, 3), (0.3, 0.5, 0.2))[0]
        left = float(weighted(draw, self._recipe.elements))
        extents: list[int] = []
        for _ in range(rank):
            share = left ** draw.uniform(0.2, 0.8) if len(extents) < rank - 1 else left
            extents.append(self._extent(max(2, int(share))))
            left = max(2.0, left / extents[-1])
        draw.shuffle(extents)
        return extents

    def _extent(self, limit: int) -> int:
        """One extent up to the limit: often a power of two or a multiple, else anything."""
        draw = self._draw
        most = max(2, int(limit * draw.uniform(0.3, 1.0)))
        match draw.choices(("power", "multiple", "any"), (0.4, 0.3, 0.3))[0]:
            case "power":
                return 1 << (most.bit_length() - 1)
            case "multiple":
                step = draw.choice((3, 8, 10, 16, 24, 32, 64, 96))
                return max(2, most // step * step)
            case _:
                return most

    def _contraction_extents(self) -> list[int]:
        """Extents of batch, m, n and k; without a batch the first is 1."""
        draw = self._draw
        batch = draw.choice((2, 3, 4, 8)) if draw.random() < 0.25 else 1
        sizes = [self._extent(draw.choice((16, 64, 200, 512, 1024))) for _ in range(3)]
        return [batch, *sizes]

    def _contraction(self) -> None:
        draw, region = self._draw, self._region
        outer = () if region.extents[0] == 1 else (0,)
        lhs, rhs = [(*outer, 1, 3), (*outer, 2, 3)]
        lhs, rhs = (self._swapped(axes) for axes in (lhs, rhs))
        left, right = region.input(lhs, self._dtype), region.input(rhs, self._dtype)
        product = region.contract(left, right, [3], WIDE_FLOAT)
        if self._dtype != WIDE_FLOAT and draw.random() < 0.6:
            product = region.apply("cast", [product], self._dtype)
        self._dtype = product.dtype
        self._compute(product)

    def _swapped(self, axes: tuple[int, ...]) -> tuple[int, ...]:
        """The last two axes exchanged, as often as not."""
        if self._draw.random() < 0.5:
            return axes
        return (*axes[:-2], axes[-1], axes[-2])

    def _step(self) -> None:
        """One more value: a reduction, a scan or a production."""
        draw = self._draw
        source = self._anchor()
        chance = draw.random()
        reducible = bool(source.axes) and not self._contracts and source.dtype != CONDITION
        several = len(source.axes) > 1
        if reducible and several and source.is_float and draw.random() < self._recipe.position:
            axis = source.axes[-1] if draw.random() < 0.7 else draw.choice(source.axes)
            self._compute(self._region.position(draw.choice(("max", "min")), source, axis))
            return
        if reducible and chance < self._recipe.reduction * (1.0 if several else 0.3):
            self._reduce(source)
        elif reducible and several and chance < self._recipe.reduction + self._recipe.scan:
            axis = draw.choice(source.axes)
            self._compute(self._region.scan(draw.choice(SCANS[:3]), source, axis))
        else:
            self._produce(source)

    def _gets_window(self) -> bool:
        return DType(self._dtype).is_float and self._draw.random() < self._recipe.window

    def _windowed(self) -> RegionTensor:
        """A reduction over windows of an input, at times the mean of them."""
        draw, region = self._draw, self._region
        axes = tuple(range(len(region.extents)))
        count = 2 if len(axes) > 1 and draw.random() < 0.4 else 1
        size = draw.choice((2, 3, 4, 5) if count == 1 else (2, 3))
        window = (size, draw.choice((1, 2, size)))
        windows = dict.fromkeys(sorted(draw.sample(axes, count)), window)
        kind = draw.choice(("sum", "max", "max", "min"))
        reduced = region.windowed(kind, axes, self._dtype, windows)
        if kind == "sum" and draw.random() < 0.6:
            reduced = region.apply("div", [reduced, float(size**count)], reduced.dtype)
        self._computed.append(reduced)
        return self._given(reduced, self._widens)

    def _anchor(self) -> RegionTensor:
        """What a step is about: mostly the last value."""
        if self._draw.random() < 0.85:
            if self._last in self._unused:
                self._unused.remove(self._last)
            return self._last
        return self._pick()

    def _compute(self, value: RegionTensor) -> None:
        """Keeps a computed value, which the next step goes on from."""
        self._keep(value)
        self._computed.append(value)
        self._last = value

    def _join_loose_ends(self) -> None:
        """Computed values that nothing uses mostly join the last one."""
        for loose in [v for v in self._computed if v in self._unused and v is not self._last]:
            if loose.dtype == self._last.dtype and self._draw.random() < 0.8:
                function = self._draw.choice(("add", "sub", "mul", "max"))
                self._compute(self._region.apply(function, [loose, self._last], loose.dtype))

    def _reduce(self, source: RegionTensor) -> None:
        """A reduction over one or two axes or all; often its mean, and a step of its source."""
        draw = self._draw
        count = 2 if len(source.axes) > 2 and draw.random() < 0.3 else 1
        if draw.random() < 0.15:
            count = len(source.axes)
        last = source.axes[-count:]
        axes = last if draw.random() < 0.7 else tuple(draw.sample(source.axes, count))
        kind = draw.choices(SCANS, (0.5, 0.02, 0.3, 0.1))[0]
        reduced = self._region.reduce(kind, source, axes)
        if kind == "sum" and reduced.is_float and draw.random() < 0.4:
            size = 1
            for axis in axes:
                size *= self._region.extents[axis]
            reduced = self._region.apply("div", [reduced, float(size)], reduced.dtype)
        self._compute(reduced)
        if reduced.is_float and draw.random() < 0.4:
            function = draw.choice(("sub", "sub", "div", "mul"))
            self._unused.remove(reduced)
            self._compute(self._region.apply(function, [source, reduced], reduced.dtype))

    def _produce(self, anchor: RegionTensor) -> None:
        """A production with its variables standing for values, literals and conditions."""
        draw = self._draw
        roots = self._roots if anchor.is_float else self._integer_roots
        weights = [NATIVE if any(p.native for p in found) else 1.0 for found in roots.values()]
        production = draw.choice(draw.choices(list(roots.values()), weights)[0])
        free = [name for name in production.variables if name not in production.conditions]
        known: dict[str, Argument] = {draw.choice(free): anchor} if free else {}
        self._compute(self._grown(production.pattern, production, known))

    def _grown(
        self, pattern: Pattern, production: Production, known: dict[str, Argument]
    ) -> RegionTensor:
        """The value of a pattern's node."""
        if pattern.op == "cast":
            return self._cast(self._anchor())
        dtype = next((v.dtype for v in known.values() if isinstance(v, RegionTensor)), None)
        args: list[Argument] = []
        for position, node in enumerate(pattern.args):
            condition = takes_conditions(pattern.op, position)
            args.append(self._argument(node, production, known, condition, dtype))
            if isinstance(args[-1], RegionTensor) and args[-1].dtype != CONDITION:
                dtype = args[-1].dtype
        some = any(isinstance(arg, RegionTensor) and arg.dtype != CONDITION for arg in args)
        if not some and pattern.op not in CONDITIONS:  # of nothing but literals
            free = [n for n in range(len(args)) if not takes_conditions(pattern.op, n)]
            args[free[0]] = self._pick(dtype)
        values = [arg for arg in args if isinstance(arg, RegionTensor)]
        wide = next((v.dtype for v in values if v.dtype != CONDITION), CONDITION)
        is_condition = gives_condition(pattern.op)
        return self._region.apply(pattern.op, args, CONDITION if is_condition else wide)

    def _argument(
        self,
        node: Pattern,
        production: Production,
        known: dict[str, Argument],
        condition: bool,
        dtype: str | None,
    ) -> Argument:
        if node.op == "number":
            return node.value
        if node.op != "variable":
            return self._grown(node, production, known)
        if node.name not in known:
            if condition:
                known[node.name] = self._condition(dtype)
            elif node.only_literals or self._draw.random() < LITERAL:
                known[node.name] = self._constant(dtype or self._dtype, node.only_literals)
            else:
                found = self._pick(dtype)
                if found in known.values():  # rarely the same value twice
                    found = self._pick(dtype)
                known[node.name] = found
        return known[node.name]

    def _constant(self, dtype: str, plain: bool) -> Argument:
        """A literal; unless it has to be plain, at times a function of one."""
        if plain or DType(dtype).is_integer or self._draw.random() > 0.06:
            return self._literal(dtype)
        function = self._draw.choice(("sqrt", "sqrt", "log", "rsqrt"))
        return self._region.apply(function, [float(self._draw.choice((2, 2, 3, 8, 10)))], dtype)

    def _condition(self, dtype: str | None) -> RegionTensor:
        """A comparison, sometimes joined to another one."""
        draw = self._draw
        left = self._pick(dtype)
        function = draw.choice(("lt", "le", "gt", "ge", "eq", "ne"))
        if left.is_float and draw.random() < 0.5:
            function = draw.choice(list(NEGATED))
        right: Argument
        right = self._literal(left.dtype) if draw.random() < 0.6 else self._pick(left.dtype)
        found = self._region.apply(function, [left, right], CONDITION)
        if self._joins and draw.random() < 0.15:
            join = draw.choice(self._joins)
            args = [found] if join == "not" else [found, self._condition(dtype)]
            found = self._region.apply(join, args, CONDITION)
        return found

    def _cast(self, source: RegionTensor) -> RegionTensor:
        others = [d for d in (*FLOATS, WIDE_INTEGER) if d != source.dtype]
        if self._draw.random() < 0.8:
            others = [d for d in others if d != WIDE_INTEGER]
        return self._region.apply("cast", [source], self._draw.choice(others))

    def _pick(self, dtype: str | None = None) -> RegionTensor:
        """A value of the dtype: rather one that nothing uses yet, at times a new input."""
        draw = self._draw
        fits = [v for v in self._pool if v.dtype != CONDITION and dtype in (None, v.dtype)]
        fresh = [v for v in self._unused if v in fits]
        if fresh and draw.random() < 0.75:
            found = fresh[-1]
        elif fits and (self._inputs >= MOST_INPUTS or draw.random() < 0.6):
            found = draw.choice(fits)
        else:
            found = self._input(dtype=dtype)
        if found in self._unused:
            self._unused.remove(found)
        return found

    def _input(self, *, everything: bool = False, dtype: str | None = None) -> RegionTensor:
        """A new input over all axes, or over some, as a bias or a scale is."""
        draw = self._draw
        axes = tuple(range(len(self._region.extents)))
        if self._contracts:
            axes = (2,) if draw.random() < 0.7 else self._pool[0].axes
        elif not everything and len(axes) > 1 and draw.random() < 0.45:
            count = draw.randint(1, len(axes) - 1)
            axes = axes[-count:] if draw.random() < 0.6 else tuple(sorted(draw.sample(axes, count)))
        elif len(axes) > 1 and draw.random() < self._recipe.transposed:
            axes = tuple(draw.sample(axes, len(axes)))
        if self._widens and dtype == WIDE_FLOAT:
            dtype = None  # it becomes that
        return self._given(self._source(axes, dtype or self._dtype), self._widens and not dtype)

    def _source(self, axes: tuple[int, ...], dtype: str) -> RegionTensor:
        """A whole input, or what a part of one, several or places of one make."""
        draw, recipe, region = self._draw, self._recipe, self._region
        axis = draw.choice(axes)
        extent = region.extents[axis]
        chances = (recipe.part, recipe.joined * (extent > 2), recipe.gathered)
        kinds = ("part", "joined", "gathered", "whole")
        if self._contracts:
            return region.input(axes, dtype)
        match draw.choices(kinds, (*chances, 1 - sum(chances)))[0]:
            case "part":
                offset, stride = draw.choice(((1, 1), (2, 1), (0, 2), (1, 2), (0, 3)))
                return region.part(axes, dtype, axis, offset, stride)
            case "joined":
                size = extent // 2 if draw.random() < 0.5 else draw.randint(1, extent - 1)
                return region.joined(axes, dtype, axis, (size, extent - size))
            case "gathered":
                return region.gathered(axes, dtype, axis, self._extent(4 * extent))
            case _:
                return region.input(axes, dtype)

    def _given(self, value: RegionTensor, widened: bool) -> RegionTensor:
        """What is computed with of a value that an input gives."""
        self._inputs += 1
        if widened:
            value = self._region.apply("cast", [value], WIDE_FLOAT)
        self._keep(value)
        return value

    def _keep(self, value: RegionTensor) -> None:
        self._pool.append(value)
        self._unused.append(value)

    def _literal(self, dtype: str) -> float:
        draw = self._draw
        if DType(dtype).is_integer:
            return float(draw.randint(-9, 16))
        match draw.choices(("plain", "short", "long"), (0.55, 0.33, 0.12))[0]:
            case "plain":
                plain = (0.0, 1.0, 2.0, 0.5, -1.0, 3.0, 4.0, 6.0, 10.0, 0.1)
                if draw.random() < 0.15:  # what keeps a divisor or a logarithm away from zero
                    return draw.choice((1e-5, 1e-5, 1e-6, 1e-8, 1e-3, 1e-12))
                return draw.choices(plain, (4, 6, 3, 3, 2, 1, 1, 1, 1, 1))[0]
            case "short":
                return draw.randint(-64, 64) / draw.choice((4, 8, 16))
            case _:
                return draw.uniform(0.05, 4)
