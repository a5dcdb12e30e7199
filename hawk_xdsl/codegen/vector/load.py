"""Brings what a tile reads into ub: slices, every so many elements, and numbers."""

from hawk_xdsl.codegen.vector.buffers import Axes, Statement, Value
from hawk_xdsl.codegen.vector.frame import Frame, Scope
from hawk_xdsl.codegen.vector.widths import stored_dtype
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
        text, axes = tiling.slice_of(term.operand, term.index, shape, rows=True)
        if covered and covered[-1] and covered[-1][0][1] > 1:
            out = self._every(text, axes, covered[-1][0][1], term, scope)
        else:
            out = self.moved_in(text, axes, term, scope, ())
        present = [axis for axis in axes if axis is not None]
        return self.frame.arranged(out, self.frame.aligned(present, term), scope)

    def _every(self, text: str, axes: Axes, stride: int, term: Term, scope: Scope) -> Value:
        """Every so many elements of a row: the row is loaded as it lies and thinned out in ub."""
        out = self.frame.tile(term.dtype, axes, scope)
        count = out.shape[-1]
        span = (count - 1) * stride + 1
        whole = Value(out.dtype, (*axes[:-1], None), (*out.shape[:-1], span))
        text = text.removesuffix(f":{count}:{stride}]") + f":{span}]"
        pad = self.pad(term)
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

    def pad(self, term: Term) -> str:
        """How a load says what stands in a tile beyond the edge, where that matters."""
        if not self.frame.padded:
            return ""
        return " pad 0.0" if "f" in stored_dtype(term.dtype) else " pad 0"

    def moved_in(
        self, text: str, axes: Axes, term: Term, scope: Scope, scalars: tuple[Value, ...]
    ) -> Value:
        """A load of a slice as a tile of these axes."""
        out = self.frame.tile(term.dtype, axes, scope)
        item = Statement(
            f"load {text} into ub{self.pad(term)}", scalars, out, run=self.frame.run(out, term)
        )
        scope.block.items.append(item)
        return out

    def number(self, index: Affine, term: Term, scope: Scope, *, local: bool = False) -> Value:
        """An index as a tile of numbers: the positions within the tile, moved to where it is.

        ``local``: they stay where they are within the tile.
        """
        axes = [axis for axis, _ in scope.tiling.covered(index)]
        dims = self.frame.aligned(axes, term)
        dtype = stored_dtype(term.dtype) if term.op == "index" else "i32"
        total: Value | None = None
        for axis, factor in scope.tiling.covered(index):
            own = self.frame.aligned([axis], term)
            part = self.frame.tile(dtype, own, scope)
            shape = ", ".join(map(str, part.shape))
            scope.add(f"varange {dtype}[{shape}] axis {own.index(axis)}", (), part)
            if axis in self.frame.tiling.sizes and not local:
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
