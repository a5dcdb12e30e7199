"""What every function of the language means for symbols, by its name in specifications.

Sums, products, quotients and exponentials follow the laws of real numbers; extrema are sets;
everything else is a *keyed* function: an unknown function of its name and its arguments, so that
only the same function of the same arguments is the same. Rounding to f16 and bf16 is keyed, that
to f32 is not modelled. Estimates (reciprocals) count as exact.
"""

from collections.abc import Sequence

from hawk_xdsl.dialects.dtype import NARROW_FLOATS
from hawk_xdsl.gate.certificate.conditions import COMPARISONS
from hawk_xdsl.gate.certificate.leaves import kind_of
from hawk_xdsl.gate.certificate.reductions import Reductions
from hawk_xdsl.gate.certificate.symbols import WIDTHS, Symbols

EXACT = frozenset(
    {"max", "min", "neg", "abs", "select", "relu", "full", "maxnum", "minnum", "cast"}
)
"""Functions of narrow floats that round nothing."""

FUNCTIONS = frozenset(
    {"add", "sub", "mul", "neg", "div", "rec", "sqrt", "rsqrt", "exp", "abs", "relu", "full", "not"}
    | {"and", "or", "xor", "select", "max", "min", "shl", "shr"}
)
"""Functions that are not keyed, or not plainly: each is a method."""


_OF_INSTRUCTIONS = {"ln": "log", "rec_estimate": "rec", "rsqrt_estimate": "rsqrt"}
"""What instructions compute that are estimates, or undefined somewhere: trials see to that."""


class Algebra(Reductions):
    """All functions, over one field and with one draw of the unknown ones."""

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
        op = _OF_INSTRUCTIONS.get(op, op)
        if op in COMPARISONS:
            return self._compare(op, args[0], args[1])
        function = getattr(self, f"_{op}", None)
        if function is not None and op in FUNCTIONS:
            return function(*args)
        prefix, _, mode = op.partition("_")
        if mode and prefix in WIDTHS:  # i32_floor and its like
            return self.cast(args[0], prefix, mode)
        return self.keyed(f"{op} {kind_of(args[0].dtype)}", args, dtype)

    def _full(self, arg: Symbols) -> Symbols:
        return arg
