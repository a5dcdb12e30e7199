"""What a composition computes, instruction by instruction, with the simulator's own functions."""

from collections.abc import Mapping, Sequence

import numpy as np

from hawk_xdsl.codegen.instruction_pattern import InstructionPattern
from hawk_xdsl.codegen.select_instructions import Composition, stored_dtype
from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import ROWS, InstructionRow, OpForm, Reduction
from hawk_xdsl.npu_target import Target
from hawk_xdsl.npu_target.approximation import Approximation
from hawk_xdsl.npu_target.vector_compute import COMPARISONS, cast, function_of
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.terms import Term, walk

_REDUCTIONS = {
    Reduction.SUM: np.add,
    Reduction.PROD: np.multiply,
    Reduction.MAX: np.maximum,
    Reduction.MIN: np.minimum,
}


class NotElementwiseError(Exception):
    """An instruction that this module does not run; the message is its statement."""


def computed(
    composition: Composition, values: Mapping[str, Array], target: Target, taken: Approximation
) -> Array:
    """The first result of a composition whose terms all lie along the values' axes.

    Args:
        composition: every term has an instruction.
        values: for each operand its elements, in the operand's dtype.
        target: says which instructions are estimates.
        taken: how what is left open is taken.

    Raises:
        NotElementwiseError: for an instruction that moves elements.
    """
    done: dict[Term, Array] = {}
    with np.errstate(all="ignore"):
        for term in walk(composition.roots[:1]):
            if term.is_const:
                done[term] = np.asarray(term.value, _numpy(term.dtype))
            elif term.op == "read":
                done[term] = values[term.operand]
            elif term in composition.chosen:
                run = _InstructionRun(term, *composition.chosen[term], target, taken)
                done[term] = run.value(done)
            else:
                raise NotElementwiseError(term.op)
    return done[composition.roots[0]]


def _numpy(dtype: str) -> np.dtype[np.generic]:
    return DType(stored_dtype(dtype)).numpy


class _InstructionRun:
    """One instruction on whole arrays."""

    def __init__(
        self,
        term: Term,
        instruction: InstructionPattern,
        matched: Match,
        target: Target,
        taken: Approximation,
    ) -> None:
        self.term = term
        self.statement = instruction.statement
        self.operands = [matched.terms[name] for name in self.statement.operands]
        self.target = target
        self.taken = taken

    def value(self, done: Mapping[Term, Array]) -> Array:
        """The result, from the operands' values."""
        inputs = [done[operand] for operand in self.operands]
        syntax = self.statement.value
        dtype = _numpy(self.term.dtype)
        if isinstance(syntax, ast.Fill):
            return inputs[0].astype(dtype)
        if isinstance(syntax, ast.Reduce) and syntax.kind in _REDUCTIONS:
            # Of f32; sums of f16 are composed in f32.
            return _REDUCTIONS[syntax.kind].reduce(inputs[0], axis=-1, keepdims=True, dtype=dtype)
        inputs = list(np.broadcast_arrays(*inputs))
        out = np.empty(inputs[0].shape, dtype)
        row = ROWS.get(syntax.mnemonic)
        if row is not None and row.form is OpForm.SELECT:
            return np.where(inputs[0] != 0, inputs[1], inputs[2]).astype(dtype)
        if isinstance(syntax, ast.Cast):
            cast(syntax.rounding)([np.asarray(inputs[0], order="C")], out)
        elif isinstance(syntax, ast.Compare):
            COMPARISONS[syntax.predicate](*inputs, out=out)
        elif row is not None and row.form is OpForm.BINARY:
            function_of(row)(*inputs, out=out)
        elif row is not None and row.form is OpForm.UNARY:
            self._unary(row, inputs, out)
        else:
            raise NotElementwiseError(self.statement.text)
        return out

    def _unary(self, row: InstructionRow, inputs: Sequence[Array], out: Array) -> None:
        source = np.asarray(inputs[0], order="C")
        function_of(row)(source, out)
        rows = self.target.vector.accuracy.get(row.mnemonic, {})
        accuracy = rows.get(stored_dtype(self.operands[0].dtype))
        if accuracy is not None:
            self.taken.apply(None, accuracy, source, out)
