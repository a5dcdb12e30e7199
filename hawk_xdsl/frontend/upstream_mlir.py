"""``xdsl-opt -f upstream-mlir``: text that upstream MLIR reads, pretty or generic, for any passes.

xDSL knows fewer ops than upstream, and of those it knows not every pretty form. The bindings read
the text and print it in generic form; named linalg ops that xDSL lacks become ``linalg.generic``.
Nothing else is changed.
"""

from dataclasses import dataclass
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.arg_spec import ArgSpecConvertible

from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.bindings import MlirModule, load_bindings
from hawk_xdsl.frontend.child import EnterStage, in_child
from hawk_xdsl.frontend.to_xdsl import generalized_text, parsed
from hawk_xdsl.transforms.pass_error import PassError


@dataclass(frozen=True)
class UpstreamMlirFrontend(ArgSpecConvertible):
    """What xDSL from 0.75 on asks for a module; it needs no base class of that version."""

    name: ClassVar[str] = "upstream-mlir"

    def parse(self, ctx: Context, input: IO[bytes], input_name: str) -> ModuleOp:
        """The module, verified. Raises ``PassError`` with the place of what is wrong."""
        try:
            return read_upstream(input.read().decode("utf-8"), ctx, input_name)
        except UnicodeDecodeError as error:
            raise PassError("this is no text in UTF-8", file=input_name) from error
        except HawkError as error:
            raise PassError(error.message, file=error.file, line=error.line) from error


def read_upstream(text: str, context: Context, file: str) -> ModuleOp:
    """A module from upstream's text, in a context that knows its dialects.

    Raises ``HawkError`` with file and line: bad syntax, or an op that xDSL lacks.
    """
    load_bindings()

    def work(enter: EnterStage) -> str:
        enter("parsing")
        module = MlirModule.parse(text, file)
        enter("generalization")
        return generalized_text(module, file=file)

    return parsed(in_child(work, file=file), file=file, context=context)[0]
