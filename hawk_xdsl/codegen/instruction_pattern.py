"""An instruction entry as a pattern: the expression it computes, and the statement that does."""

from dataclasses import dataclass

from hawk_xdsl.codegen.statement_pattern import StatementPattern
from hawk_xdsl.dialects.npu import VECTOR_OPS
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.pattern import Pattern

_MNEMONICS = frozenset(op.name.removeprefix("npu.") for op in VECTOR_OPS)


@dataclass(frozen=True)
class InstructionPattern:
    """An instruction entry: what it computes, its statement, the result dtypes it is for.

    ``works_in`` are the dtypes that a statement which is no vector instruction takes; all without.
    """

    name: str
    before: Pattern
    statement: StatementPattern
    dtypes: tuple[str, ...]
    works_in: tuple[str, ...] = ()

    @property
    def mnemonic(self) -> str:
        """The instruction's name in kernel text."""
        return self.statement.mnemonic

    @property
    def is_vector(self) -> bool:
        """Whether its statement is an instruction of the vector unit."""
        return self.mnemonic in _MNEMONICS

    def takes(self, matched: Match) -> bool:
        """Whether its operands may be these: the first one of a vector instruction is a tile.

        Those of a statement that works in some dtypes only are all tiles.
        """
        if self.works_in and any(value.is_const for value in matched.terms.values()):
            return False
        value = matched.terms.get(next(iter(self.statement.operands), ""))
        return value is None or not value.is_const or not self.is_vector

    @property
    def row(self) -> str:
        """The instruction in a target's tables: ``vreduce_sum`` of a ``vreduce sum``."""
        return self.statement.row
