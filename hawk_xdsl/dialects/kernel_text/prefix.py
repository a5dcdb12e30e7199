"""Building a kernel text line by line, so that the first line that is wrong is known at once."""

from collections.abc import Callable

from xdsl.ir import Operation

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build import StageBuilder, core_of, temps_of
from hawk_xdsl.dialects.kernel_text.build_mixed import BuiltPart, joined
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.lines import parse_line
from hawk_xdsl.dialects.kernel_text.places import MIXED_WORD
from hawk_xdsl.dialects.kernel_text.signature import Signature
from hawk_xdsl.dialects.npu import Core


class PrefixBuilder:
    """The start of a kernel text, built as far as it goes.

    Args:
        signature: what the names of global operands stand for.
        max_blocks: how many blocks the target runs at once on a kind of core.
        objection: why a kind of core cannot execute an operation; ``None`` if it can.
    """

    def __init__(
        self,
        signature: Signature,
        max_blocks: Callable[[Core], int],
        objection: Callable[[Operation, Core], str | None],
    ) -> None:
        self._signature = signature
        self._max_blocks = max_blocks
        self._objection = objection
        self._temps: list[ast.Temp] = []
        self._stage: StageBuilder | None = None
        self._parts: list[BuiltPart] | None = None
        self._depth = 0
        self._written: set[str] = set()

    def append(self, line: str) -> None:
        """One more line, without its end.

        Raises:
            KernelTextError: if the grammar, a rule, a verifier or the target rejects it; the text
                is then as it was.
        """
        match parse_line(line):
            case None:
                self._close()
            case ast.Temp() as temp:
                temps_of([*self._temps, temp], self._signature)
                self._temps.append(temp)
            case ast.Stage(core) if core == MIXED_WORD:
                self._parts = []
            case ast.Stage(core):
                self._stage = self._opened(core_of(core, self._signature, None))
            case (ast.Across() | ast.For() | ast.If()) as block:
                self._current().open(block)
                self._depth += 1
            case statement:
                self._current().append(statement)

    def finish(self) -> None:
        """The end of the text.

        Raises:
            KernelTextError: if it cannot end here: a stage stores nothing, or an output is never
                written; the text is then as it was, and can go on.
        """
        written = set(self._written)
        if self._stage is not None:
            written |= self._stage.written()
        missing = [o.name for o in self._signature.outputs if o.name not in written]
        if missing:
            raise KernelTextError(f"nothing is ever written to the output {missing[0]}")

    def _close(self) -> None:
        if self._stage is None and self._parts is not None:
            joined(self._signature.name, self._parts, self._signature, None)
            self._parts = None
            return
        stage = self._current()
        if self._depth:
            stage.close()
            self._depth -= 1
            return
        written = stage.written()
        if self._parts is None:
            stage.finish()
        else:
            self._parts.append(stage.part())
        self._written |= written
        self._stage = None

    def _current(self) -> StageBuilder:
        if self._stage is None:
            self._stage = self._opened(self._signature.places.vector_core)
        return self._stage

    def _opened(self, core: Core) -> StageBuilder:
        return StageBuilder(
            self._signature.name,
            core,
            self._signature,
            temps_of(self._temps, self._signature),
            self._max_blocks(core),
            lambda op: self._objection(op, core),
        )
