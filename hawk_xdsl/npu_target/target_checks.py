"""What the parts of a target must agree on; what cannot be obeyed is refused when it is read."""

from collections.abc import Iterator

from hawk_xdsl.dialects.dtype import DTYPES, DType
from hawk_xdsl.dialects.npu import OpForm, Pipe, Role, Scope, names_of, rows_of
from hawk_xdsl.dialects.npu.sync import MAX_CROSS_FLAGS, MAX_EVENTS
from hawk_xdsl.npu_target.cost import BROADCAST_DTYPES, known_rows
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.toml_table import Table

_LIBRARY = tuple(
    row.mnemonic
    for row in rows_of(OpForm.REDUCE, OpForm.CUMULATE, OpForm.ARANGE, OpForm.GATHER, OpForm.SELECT)
)

Problem = tuple[str, str]
"""The key of the file that is wrong, and why."""


def check_target(target: Target, table: Table) -> None:
    """Raise ``HawkError`` for the first thing that does not fit together, in one line.

    Args:
        target: as it was read.
        table: the whole file, for the error.
    """
    for check in (_roles, _cores, _units, _paths, _sync, _sizes, _dtypes, _rows):
        for key, reason in check(target):
            raise table.error(key, reason)


def _roles(target: Target) -> Iterator[Problem]:
    """Each role is played by one memory space; staging has both sides and their costs, or none."""
    players: dict[Role, Scope] = {}
    for scope in target.scopes:
        key = f"scopes.{scope}.roles"
        if not scope.roles:
            yield key, "a memory space has at least one role"
        if scope.is_global:
            yield key, "global memory is not declared: every target has it"
        for role in scope.roles:
            if role in players:
                yield key, f"{role} is the role of {players[role]} already; one space plays it"
            players[role] = scope
        if scope.has(Role.ACCUMULATOR) and len(scope.roles) > 1:
            yield key, "an accumulator is a memory space of its own"
        if scope.has(Role.ACCUMULATOR) and not scope.by_fractals:
            yield f"scopes.{scope}.layout", "the matrix unit adds up and drains whole fractals"
        if scope.has(Role.VECTOR) and scope.by_fractals:
            yield f"scopes.{scope}.layout", "the vector unit needs its tiles by rows"
    for role in (Role.VECTOR, Role.MATRIX, Role.ACCUMULATOR):
        if role not in players:
            yield f"scopes.{role.word}", f"missing: no memory space has the role {role}"
    for role, cost in ((Role.LEFT, target.cube.l0a), (Role.RIGHT, target.cube.l0b)):
        key = f"cube.{role.word}"
        if cost is None and role in players:
            yield key, f"missing: {players[role]} has the role {role}, so staging has a cost"
        if cost is not None and role not in players:
            yield key, f"no memory space has the role {role}: declare one, or drop this cost"
    if (Role.LEFT in players) is not (Role.RIGHT in players):
        yield "scopes", "both factors are staged (roles left and right), or none"


def _cores(target: Target) -> Iterator[Problem]:
    for core in target.cores:
        if core not in target.pipes:
            yield f"pipes.{core}", "missing"
    for core, pipes in target.pipes.items():
        if core not in target.cores:
            yield f"cores.{core}", "missing"
        if Pipe.SCALAR not in pipes:
            yield f"pipes.{core}", "needs scalar, which issues the instructions of all others"
        if Pipe.ALL in pipes:
            yield f"pipes.{core}", "no pipe is called all: that is a barrier's word for all"
    for scope, spec in target.scopes.items():
        if spec.core not in target.cores:
            known = ", ".join(target.cores)
            yield f"scopes.{scope}.core", f"{spec.core!r} is none of {known}"


def _units(target: Target) -> Iterator[Problem]:
    """Each unit's pipe is on the core that has its memory; the matrix unit's is on one core."""
    matrix = target.matrix_core
    for role in (Role.ACCUMULATOR, Role.LEFT, Role.RIGHT):
        for scope, spec in target.scopes.items():
            if scope.has(role) and spec.core != matrix:
                key = f"scopes.{scope}.core"
                yield key, f"the matrix unit is on {matrix} cores, as {target.space(Role.MATRIX)}"
    for key, pipe, core in (
        ("vector.pipe", target.vector.pipe, target.vector_core),
        ("cube.pipe", target.cube.pipe, matrix),
    ):
        if pipe not in target.pipes[core] or pipe == Pipe.SCALAR:
            yield key, f"{pipe!r} is none of {', '.join(target.pipes[core])} (and not scalar)"


def _paths(target: Target) -> Iterator[Problem]:
    for (source, dest), path in target.paths.items():
        key = f"paths.{source}-{dest}"
        cores = {target.scopes[scope].core for scope in (source, dest) if not scope.is_global}
        if len(cores) != 1:
            yield key, "a path joins global memory and a memory of a core, or two of one core"
        for core in cores:
            if path.pipe not in target.pipes[core]:
                known = ", ".join(target.pipes[core])
                yield f"{key}.pipe", f"{path.pipe!r} is none of {known}, the pipes of {core} cores"
    needed = (
        (Role.GLOBAL, Role.VECTOR),
        (Role.VECTOR, Role.GLOBAL),
        (Role.GLOBAL, Role.MATRIX),
        (Role.ACCUMULATOR, Role.GLOBAL),
    )
    for ends in needed:
        source, dest = (target.space(role) for role in ends)
        if (source, dest) not in target.paths:
            yield f"paths.{source}-{dest}", "missing"


def _sync(target: Target) -> Iterator[Problem]:
    used = {pipe for pipes in target.pipes.values() for pipe in pipes}
    for pipe in used:
        if pipe not in target.sync.tail:
            yield f"sync.tail.{pipe}", "missing"
    for pipe in target.sync.tail:
        if pipe not in used:
            yield f"sync.tail.{pipe}", "no kind of core has this pipe"
    if target.sync.events > MAX_EVENTS:
        yield "sync.events", f"at most {MAX_EVENTS}, got {target.sync.events}"
    if target.cross is not None and target.cross.flags > MAX_CROSS_FLAGS:
        yield "cross.flags", f"at most {MAX_CROSS_FLAGS}, got {target.cross.flags}"
    for role in (Role.GLOBAL, Role.VECTOR):
        if target.space(role) not in target.scalar.read:
            yield f"scalar.read.{target.space(role)}", "missing"


def _sizes(target: Target) -> Iterator[Problem]:
    vector, cube = target.vector, target.cube
    if vector.block_bytes % 4:
        yield "vector.block_bytes", f"a multiple of 4 bytes, got {vector.block_bytes}"
    if vector.repeat_bytes % vector.block_bytes:
        yield "vector.repeat_bytes", f"whole blocks of {vector.block_bytes} bytes"
    for scope, spec in target.scopes.items():
        if not scope.by_fractals and spec.alignment % scope.block:
            key = f"scopes.{scope}.alignment"
            yield key, f"a multiple of vector.block_bytes, {scope.block}, got {spec.alignment}"
    fractals = [scope for scope in target.scopes if scope.by_fractals]
    if fractals and cube.rows != cube.columns:
        reason = f"as many as rows, {cube.rows}, since {names_of(fractals)} hold square fractals"
        yield "cube.columns", reason
    for dtype in cube.dtypes:
        if dtype in DTYPES and cube.depth_bytes % DType(dtype).bytes:
            yield "cube.depth_bytes", f"whole elements of {dtype}, got {cube.depth_bytes}"


def _dtypes(target: Target) -> Iterator[Problem]:
    known = ", ".join(DTYPES)
    named = [("dtypes", dtype) for dtype in target.dtypes]
    named += [
        (f"cube.casts.{key}", d) for key, row in target.cube.casts.items() for d in (key, *row)
    ]
    for row, costs in target.vector.ops.items():
        named += [(f"vector.ops.{row}.{entry}", d) for entry in costs for d in entry.split("-")]
    for key, dtype in named:
        if dtype not in DTYPES:
            yield key, f"{dtype!r} is none of {known}"


def _rows(target: Target) -> Iterator[Problem]:
    known = known_rows()
    for row in target.vector.ops:
        if row not in known:
            yield f"vector.ops.{row}", "no instruction of the dialect has this row"
    for mnemonic in target.vector.library:
        if mnemonic not in _LIBRARY:
            yield "vector.library", f"{mnemonic!r} is none of {', '.join(_LIBRARY)}"
    for dtype in BROADCAST_DTYPES:
        if dtype not in target.vector.ops.get("vbrc", {}):
            yield f"vector.ops.vbrc.{dtype}", "missing: broadcasts along a row take it"
