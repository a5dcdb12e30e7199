"""Modules as text: printed with their places, and read back, verified, or one line of why not."""

import io
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError, PyRDLError, VerifyException

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import ReadError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, LONGEST_REASON, reading
from hawk_xdsl.universe import context


def read_module(
    text: str,
    file: str,
    what: str = "the module",
    completed: Callable[[ModuleOp], None] = lambda module: None,
) -> ModuleOp:
    """A module of any dialects of the environment.

    Args:
        text: MLIR, pretty or generic.
        file: where it is from, for messages.
        what: what it is, for messages.
        completed: adds what the text lacks, before the module is verified.

    Raises:
        ReadError: with the line where the syntax is wrong, or what the verifier says.
    """
    _check_strings(text, file, what)
    # xDSL's parser asserts and looks up what damaged text does not have.
    with reading(file, what, errors=FOREIGN_ERRORS), _diagnostics(file, what):
        module = Parser(context(), text, file).parse_module()
        _check_order(module)
        completed(module)
        module.verify()
    return module


def generic_text(module: ModuleOp) -> str:
    """A module as every MLIR reads it."""
    stream = io.StringIO()
    Printer(stream, print_generic_format=True).print_op(module)
    return stream.getvalue() + "\n"


def _check_order(module: ModuleOp) -> None:
    """Raises ``VerifyException`` for a value that is used before the op that makes it."""
    seen: set[Operation] = set()
    for op in module.walk():
        seen.add(op)
        for operand in op.operands:
            if isinstance(operand.owner, Operation) and operand.owner not in seen:
                raise VerifyException(f"{op.name}: it uses a value that is made after it")


class _PlacedPrinter(Printer):
    """Prints ``loc("model.py":12:0)`` behind each op whose place is known, and no other location.

    With xDSL's own switch every op and argument has a location, most of them ``loc(unknown)``.
    """

    def print_op(self, op: Operation) -> None:
        around = self.print_debuginfo
        self.print_debuginfo = isinstance(op.location, FileLineColLoc) and not op.regions
        super().print_op(op)
        self.print_debuginfo = around


def placed_text(op: Operation) -> str:
    """An op, and all in it, as text; places in files are kept."""
    stream = io.StringIO()
    _PlacedPrinter(stream).print_op(op)
    return stream.getvalue() + "\n"


def place_of(op: Operation) -> tuple[str, int] | None:
    """The file and the line that an op is from, if they are known."""
    if isinstance(op.location, FileLineColLoc):
        return op.location.filename.data, op.location.line.data
    return None


def read_op(text: str) -> UndecidedOp:
    """The undecided op of a module's text. Raises ``ReadError`` if it holds none, or several."""
    module = read_module(text, "<op>", "the text of an op")
    found = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    if len(found) != 1:
        raise ReadError(f"expected the text of one undecided op, got {len(found)}", file="<op>")
    return found[0]


_STRINGS = re.compile(r'//[^\n]*|"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"|(")')
"""Comments, string literals, and a quotation mark that begins none."""


def _check_strings(text: str, file: str, what: str) -> None:
    """Raises ``ReadError`` for a literal that does not end: xDSL's lexer takes ages over it.

    Its pattern has a repetition inside of a repetition: n characters take 2^n steps to fail.
    """
    for match in _STRINGS.finditer(text):
        if match[1]:
            line = text.count("\n", 0, match.start()) + 1
            raise ReadError(f"cannot read {what}: a string does not end", file=file, line=line)


@contextmanager
def _diagnostics(file: str, what: str) -> Generator[None]:
    """xDSL's own errors: their text is a page, with the source or the module."""
    try:
        yield
    except ParseError as error:
        line = error.span.get_location().line
        message = f"cannot read {what}: {_in_one_line(error.msg)}"
        raise ReadError(message, file=file, line=line) from error
    except (VerifyException, PyRDLError) as error:
        message = f"cannot read {what}: {_in_one_line(str(error))}"
        raise ReadError(message, file=file) from error


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_REASON]
