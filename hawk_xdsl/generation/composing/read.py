"""Brings what a tile reads into ub: slices, every so many elements, gathers, and numbers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import prod

from hawk_xdsl.generation.composing.block import Axes, Statement, Value
from hawk_xdsl.generation.composing.composition import stored_dtype
from hawk_xdsl.generation.composing.scope import Frame, Scope
from hawk_xdsl.generation.composing.tiling import UntileableError
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.semantics.terms import Affine, Term


class Reader:
    """Writes loads, and the statements that put their tiles into the form that terms have."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.shapes = frame.shapes

    def load(self, term: Term, scope: Scope) -> Value:
        """The tile of a read, in the order of the tile's axes."""
        shape, tiling = self.shapes[term.operand], scope.tiling
        covered = [tiling.covered(dim) for dim in term.index]
        if any(len(dim) > 1 or any(c < 0 for _, c in dim) for dim in covered):
            return self._picked(term, (), scope)
        text, axes = tiling.slice_of(term.operand, term.index, shape, rows=True)
        if covered and covered[-1] and covered[-1][0][1] > 1:
            out = self._every(text, axes, covered[-1][0][1], term, scope)
        else:
            out = self._moved_in(text, axes, term, scope, ())
        present = [axis for axis in axes if axis is not None]
        return self.frame.arranged(out, self.frame.aligned(present, term), scope)

    def _every(self, text: str, axes: Axes, stride: int, term: Term, scope: Scope) -> Value:
        """Every so many elements of a row: the row is loaded as it lies and thinned out in ub."""
        out = self.frame.tile(term.dtype, axes, scope)
        count = out.shape[-1]
        span = (count - 1) * stride + 1
        whole = Value(out.dtype, (*axes[:-1], None), (*out.shape[:-1], span))
        text = text.removesuffix(f":{count}:{stride}]") + f":{span}]"
        pad = self._pad(term)
        scope.block.items.append(
            Statement(f"load {text} into ub{pad}", (), whole, run=self.frame.run(whole, term))
        )
        parts = [f"0:{n}" for n in out.shape[:-1]] + [f"0:{count}:{stride}"]
        wide = {"bf16": "f32", "i8": "f16"}.get(out.dtype)
        source = f"{{0}}[{', '.join(parts)}]"
        if wide is None:
            one = "1.0" if "f" in out.dtype else "1"
            return scope.add(f"vmul {source}, {one}", (whole,), out)
        middle = self.frame.tile(wide, axes, scope)
        scope.add(f"vcast {source} to {wide} round rint", (whole,), middle)
        rounding = "rint" if "f" in out.dtype else "trunc"
        return scope.add(f"vcast {{0}} to {out.dtype} round {rounding}", (middle,), out)

    def _pad(self, term: Term) -> str:
        if not self.frame.padded:
            return ""
        return " pad 0.0" if "f" in stored_dtype(term.dtype) else " pad 0"

    def _moved_in(
        self, text: str, axes: Axes, term: Term, scope: Scope, scalars: tuple[Value, ...]
    ) -> Value:
        out = self.frame.tile(term.dtype, axes, scope)
        item = Statement(
            f"load {text} into ub{self._pad(term)}", scalars, out, run=self.frame.run(out, term)
        )
        scope.block.items.append(item)
        return out

    def number(self, index: Affine, term: Term, scope: Scope) -> Value:
        """An index as a tile of numbers: the positions within the tile, moved to where it is."""
        axes = [axis for axis, _ in scope.tiling.covered(index)]
        dims = self.frame.aligned(axes, term)
        dtype = stored_dtype(term.dtype) if term.op == "index" else "i32"
        total: Value | None = None
        for axis, factor in scope.tiling.covered(index):
            own = self.frame.aligned([axis], term)
            part = self.frame.tile(dtype, own, scope)
            shape = ", ".join(map(str, part.shape))
            scope.add(f"varange {dtype}[{shape}] axis {own.index(axis)}", (), part)
            if axis in self.frame.tiling.sizes:
                start = scope.tiling.start(Affine.axis(axis))
                if start != "0":
                    part = self.frame.made(f"vadd {{0}}, {start}", (part,), dtype, own, scope)
            if factor != 1:
                part = self.frame.made(f"vmul {{0}}, {factor}", (part,), dtype, own, scope)
            if total is None:
                total = part
            else:
                merged = dims[-max(len(total.axes), len(own)) :]
                total = self.frame.made("vadd {0}, {1}", (total, part), dtype, merged, scope)
        if total is None:
            shape = ", ".join("1" for _ in dims)
            total = self.frame.made(f"fill 0 {dtype}[{shape}] in ub", (), dtype, dims, scope)
        points = [(a, c) for a, c in index.terms if not scope.tiling.in_tile(a)]
        for axis, factor in points:
            word = scope.tiling.start(Affine.axis(axis))
            if factor != 1:
                scalar = self.frame.made("fill 0 i32[1] in ub", (), dtype, (None,), scope)
                scalar = self.frame.made(f"vadd {{0}}, {word}", (scalar,), dtype, (None,), scope)
                scalar = self.frame.made(f"vmul {{0}}, {factor}", (scalar,), dtype, (None,), scope)
                total = self.frame.made("vadd {0}, {1}", (total, scalar), dtype, total.axes, scope)
            else:
                total = self.frame.made(f"vadd {{0}}, {word}", (total,), dtype, total.axes, scope)
        if index.constant:
            total = self.frame.made(
                f"vadd {{0}}, {index.constant}", (total,), dtype, total.axes, scope
            )
        return total

    def gather(self, term: Term, args: Sequence[Value], scope: Scope) -> Value:
        """Elements at indices that are values: points of global memory, or picked from a tile."""
        if any(any(arg.axes) for arg in args):
            return self._picked(term, args, scope)
        scalars: list[Value] = []
        for arg in args:
            places = ", ".join("0" for _ in arg.shape)
            scalars.append(scope.add(f"read {{0}}[{places}]", (arg,), Value(arg.dtype, (), ())))
        text, axes = scope.tiling.slice_of(
            term.operand, term.index, self.shapes[term.operand], rows=True
        )
        text = re.sub(r"@(\d+)", r"{\1}", text)
        out = self._moved_in(text, axes, term, scope, tuple(scalars))
        present = [axis for axis in axes if axis is not None]
        return self.frame.arranged(out, self.frame.aligned(present, term), scope)

    def _picked(self, term: Term, args: Sequence[Value], scope: Scope) -> Value:
        """Elements picked by ``vgather`` from the part of an operand that a tile can touch."""
        shape, tiling = self.shapes[term.operand], scope.tiling
        varies = [
            any(n.startswith("@") for n in dim.axes) or bool(tiling.covered(dim))
            for dim in term.index
        ]
        first = varies.index(True)
        starts: list[int] = []
        lengths: list[int] = []
        parts: list[str] = []
        for position, (dim, extent) in enumerate(zip(term.index, shape, strict=True)):
            if position < first:
                parts.append(tiling.start(dim))
                continue
            fixed = replace(dim, terms=tuple(t for t in dim.terms if t in tiling.covered(dim)))
            rest = [t for t in dim.terms if t not in tiling.covered(dim)]
            loops = any(axis in tiling.sizes for axis, _ in tiling.covered(dim))
            if position == first and not rest and not loops and varies[position]:
                low = fixed.constant + sum(
                    c * (tiling.covers(a) - 1) for a, c in fixed.terms if c < 0
                )
                high = fixed.constant + sum(
                    c * (tiling.covers(a) - 1) for a, c in fixed.terms if c > 0
                )
            else:
                low, high = 0, extent - 1
            starts.append(low)
            lengths.append(high - low + 1)
            parts.append(f"{low}:{high - low + 1}")
        width = NUMPY_DTYPES[stored_dtype(term.dtype)].itemsize
        if len(lengths) > 1 and lengths[-1] * width % 32:
            raise UntileableError("rows that are no whole blocks cannot be picked from")
        source = Value(stored_dtype(term.dtype), tuple(None for _ in lengths), tuple(lengths))
        text = f"load {term.operand}[{', '.join(parts)}] into ub"
        scope.block.items.append(Statement(text, (), source, run=source.bytes))
        if len(lengths) > 1:
            size = 1
            for length in lengths:
                size *= length
            flat = Value(source.dtype, (None,), (size,), base=source)
            source = scope.add(f"view {{0}} as [{size}]", (source,), flat)
        dims = self.frame.aligned(
            [a for dim in term.index for a, _ in tiling.covered(dim)]
            + [a for arg in args for a in arg.axes if a is not None],
            term,
        )
        total = self._linear(term, args, starts, lengths, first, dims, scope)
        if self.frame.padded:
            last = prod(lengths) - 1
            total = self.frame.made("vmax {0}, 0", (total,), "i32", dims, scope)
            total = self.frame.made(f"vmin {{0}}, {last}", (total,), "i32", dims, scope)
        return self.frame.made("vgather {0}, {1}", (source, total), term.dtype, dims, scope)

    def _linear(
        self,
        term: Term,
        args: Sequence[Value],
        starts: Sequence[int],
        lengths: Sequence[int],
        first: int,
        dims: Axes,
        scope: Scope,
    ) -> Value:
        """The positions of the picked elements in the flat tile."""
        plain, stride = Affine(), 1
        values: list[tuple[Value, int]] = []
        for dim, low, length in zip(
            reversed(term.index[first:]), reversed(starts), reversed(lengths), strict=True
        ):
            kept = tuple(t for t in dim.terms if not t[0].startswith("@"))
            plain += Affine(dim.constant - low, kept).scaled(stride)
            values += [
                (args[int(name[1:])], factor * stride)
                for name, factor in dim.terms
                if name.startswith("@")
            ]
            stride *= length
        total = self.number(plain, term, scope) if plain.terms or plain.constant else None
        for value, factor in values:
            if factor != 1:
                value = self.frame.made(f"vmul {{0}}, {factor}", (value,), "i32", value.axes, scope)
            if total is None:
                total = value
            else:
                rank = max(len(total.axes), len(value.axes))
                merged = tuple(dims[-rank:]) if rank <= len(dims) else dims
                total = self.frame.made("vadd {0}, {1}", (total, value), "i32", merged, scope)
        assert total is not None
        if total.axes != dims:
            out = self.frame.tile("i32", dims, scope)
            shape = ", ".join(map(str, out.shape))
            total = scope.add(f"vbrc {{0}} to [{shape}]", (total,), out)
        return total
