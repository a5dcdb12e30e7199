"""Modules from text that somebody may have changed: parsed and verified, or one line of why not."""

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, PyRDLError, VerifyException

from hawk_xdsl.boundary import FOREIGN_ERRORS, LONGEST_REASON, reading
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import ReadError
from hawk_xdsl.universe import context


def read_module(text: str, file: str, what: str = "the module") -> ModuleOp:
    """A module of any dialects of the environment.

    Args:
        text: MLIR, pretty or generic.
        file: where it is from, for messages.
        what: what it is, for messages.

    Raises:
        ReadError: with the line where the syntax is wrong, or what the verifier says.
    """
    # xDSL's parser asserts and looks up what damaged text does not have.
    with reading(file, what, errors=FOREIGN_ERRORS), _diagnostics(file, what):
        module = Parser(context(), text, file).parse_module()
        module.verify()
    return module


def read_op(text: str, file: str = "<op>") -> UndecidedOp:
    """The undecided op of a module's text. Raises ``ReadError`` if it holds none, or several."""
    module = read_module(text, file, "the text of an op")
    found = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    if len(found) != 1:
        raise ReadError(f"expected the text of one undecided op, got {len(found)}", file=file)
    return found[0]


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
