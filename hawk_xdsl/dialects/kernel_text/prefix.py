"""Building a kernel text line by line, so that the first line that is wrong is known at once."""

from collections.abc import Callable

from xdsl.ir import Operation

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.build import StageBuilder, core_of, temps_of
from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.kernel_text.signature import Signature
from hawk_xdsl.dialects.npu import Core

_STATEMENT = "x = copy x"
"""Completes a line that cannot stand alone; it is parsed and not built."""


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
        self._depth = 0
        self._written: set[str] = set()

    def append(self, line: str) -> None:
        """One more line, without its end.

        Raises:
            KernelTextError: if the grammar, a rule, a verifier or the target rejects it; the text
                is then as it was.
        """
        if line == "}":
            self._close()
        elif line.startswith("temp "):
            (temp,) = parse(f"{line}\n{_STATEMENT}\n").temps
            temps_of([*self._temps, temp], self._signature)
            self._temps.append(temp)
        elif line.startswith("on "):
            (stage,) = parse(f"{line}\n{_STATEMENT}\n}}\n").stages
            self._stage = self._opened(core_of(stage.core, self._signature, None))
        elif line.endswith("{"):
            block = parse(f"{line}\n{_STATEMENT}\n}}\n").stages[0].body[0]
            assert isinstance(block, ast.Across | ast.For | ast.If)
            self._current().open(block)
            self._depth += 1
        else:
            self._current().append(parse(f"{line}\n").stages[0].body[0])

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
        stage = self._current()
        if self._depth:
            stage.close()
            self._depth -= 1
            return
        written = stage.written()
        stage.finish()
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
