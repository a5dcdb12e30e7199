"""The open blocks of a kernel while it is built: its names, and how operations are emitted."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.places import Places
from hawk_xdsl.dialects.kernel_text.scope import Binding, BlockFrame, Buffer, Global
from hawk_xdsl.dialects.kernel_text.text_lines import mark_line
from hawk_xdsl.dialects.npu import NamedExtent, Role, Scope

_Op = TypeVar("_Op", bound=Operation)

Objection = Callable[[Operation], str | None]
"""Why a machine cannot execute an operation; ``None`` if it can."""


def no_objection(op: Operation) -> str | None:
    """A machine that can execute everything."""
    return None


@dataclass
class Emission:
    """Everything the statements of one kernel share.

    Attributes:
        globals: the operands in scope, by name.
        frames: the open blocks, the kernel first.
        line: the line of the statement being built.
        variables: how many index variables there are so far.
        total: iterations of ``across``; 1 without.
        has_across: whether there is one.
        objection: why the target cannot execute an operation; ``None`` if it can.
        places: the memory spaces that the text can name.
        extents: lengths that are known at launch.
    """

    globals: dict[str, Global]
    frames: list[BlockFrame]
    line: int | None = None
    variables: int = 0
    total: int = 1
    has_across: bool = field(default=False)
    objection: Objection = no_objection
    places: Places = field(default_factory=Places)
    extents: tuple[NamedExtent, ...] = ()

    # Errors and operations

    def fail(self, reason: str) -> NoReturn:
        """Raise a ``KernelTextError`` at the current line."""
        raise KernelTextError(reason, line=self.line)

    def space_of(self, role: Role) -> Scope:
        """The target's memory space for a role."""
        scope = self.places.space(role.word)
        return scope if scope is not None else self.fail(f"the target has no memory for {role}")

    def named_space(self, name: str, *roles: Role) -> Scope:
        """The memory space of a name, which must play one of the roles."""
        scope = self.places.space(name)
        if scope is None or not scope.has(*roles):
            known = " or ".join(self.places.space_names(*roles))
            self.fail(f"`{name}` is no memory space for this; expected {known}")
        return scope

    @property
    def frame(self) -> BlockFrame:
        """The innermost open block."""
        return self.frames[-1]

    def emit(self, op: _Op, hint: str | None = None) -> _Op:
        """Verify an operation and append it; what its verifier says becomes an error here."""
        try:
            op.verify()
        except VerifyException as error:
            self.reject(op, str(error))
        if (reason := self.objection(op)) is not None:
            self.reject(op, reason)
        for result in op.results:
            result.name_hint = hint
        self.append(op)
        return op

    def append(self, op: Operation) -> None:
        """Append an operation as it is; its location is the line of the statement being built."""
        mark_line(op, self.line)
        self.frame.block.add_op(op)

    def reject(self, op: Operation, reason: str) -> NoReturn:
        """Raise for an operation that is not emitted, and drop its uses of values."""
        op.drop_all_references()
        self.fail(reason)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undo what was built inside if it raises."""
        depth, last = len(self.frames), self.frame.block.last_op
        saved = [(dict(frame.names), dict(frame.memo)) for frame in self.frames]
        use = {name: (entry.read, entry.written) for name, entry in self.globals.items()}
        state = (self.variables, self.total, self.has_across)
        try:
            yield
        except KernelTextError:
            del self.frames[depth:]
            for frame, (names, memo) in zip(self.frames, saved, strict=True):
                frame.names, frame.memo = names, memo
            block = self.frame.block
            while block.last_op is not None and block.last_op is not last:
                block.erase_op(block.last_op)
            for name, (read, written) in use.items():
                self.globals[name].read, self.globals[name].written = read, written
            self.variables, self.total, self.has_across = state
            raise

    # Names

    def lookup(self, name: str) -> Binding | None:
        """What a name stands for in the innermost block that defines it."""
        for frame in reversed(self.frames):
            if name in frame.names:
                return frame.names[name]
        return None

    def define(self, name: str, binding: Binding) -> None:
        """Define a name that is not visible yet in the innermost block."""
        if name in self.globals:
            self.fail(f"`{name}` is an operand in global memory; use another name")
        if self.lookup(name) is not None:
            self.fail(f"`{name}` is already defined")
        self.frame.names[name] = binding

    def redefine(self, name: str, buffer: Buffer) -> None:
        """Replace what is known about a visible buffer."""
        for frame in reversed(self.frames):
            if name in frame.names:
                frame.names[name] = buffer
                return

    def buffer(self, name: str) -> Buffer:
        """A visible buffer."""
        binding = self.lookup(name)
        if isinstance(binding, Buffer):
            return binding
        if binding is not None:
            self.fail(f"`{name}` is a scalar where a buffer is needed")
        if name in self.globals:
            self.fail(f"`{name}` is in global memory; load it first")
        self.fail(f"unknown buffer `{name}`")

    def global_operand(self, name: str) -> Global:
        """An operand in global memory."""
        if name in self.globals:
            return self.globals[name]
        known = ", ".join(self.globals)
        self.fail(f"unknown operand `{name}`; the operands are {known}")

    @property
    def guarded(self) -> bool:
        """Whether an ``if`` is open, so that the range of a variable is not known."""
        return any(frame.kind == "if" for frame in self.frames)
