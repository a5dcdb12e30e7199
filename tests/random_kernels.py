"""Random kernels for property tests: instructions of every pipe in nested loops and branches."""

from dataclasses import dataclass
from itertools import count

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.universe import Universe

from hawk_xdsl.dialects.npu import KernelOp

GLOBAL = "memref<8x128xf32, #npu.scope<global>>"
TILE = "memref<8x128xf32, #npu.scope<ub>>"
COLUMN = "memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>"
SQUARE = "memref<16x16xf32, #npu.scope<global>>"
FACTOR = "memref<16x16xf32, #npu.scope<l1>>"
ACCUMULATOR = "memref<16x16xf32, #npu.scope<l0c>>"


@dataclass(frozen=True)
class Loop:
    bounds: str
    body: tuple["Statement", ...]


@dataclass(frozen=True)
class Branch:
    then: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


Statement = str | Loop | Branch


@dataclass(frozen=True)
class Machine:
    """The buffers of a random kernel and the instructions on them.

    ``{t}``, ``{c}``, ``{g}`` and ``{o}`` stand for a tile, a column or accumulator, and a global
    argument that is read or written.
    """

    core: str
    buffers: dict[str, str]
    tiles: tuple[str, ...]
    columns: tuple[str, ...]
    arguments: tuple[str, ...]
    argument_type: str
    instructions: tuple[str, ...]
    first: tuple[str, ...]
    """Initialises every buffer and the output."""


VECTOR = Machine(
    "vector",
    {**{f"%t{i}": TILE for i in range(4)}, "%c0": COLUMN, "%c1": COLUMN},
    ("%t0", "%t1", "%t2", "%t3"),
    ("%c0", "%c1"),
    ("%x", "%y", "%z"),
    GLOBAL,
    (
        f"npu.load {{g}} into {{t}} : {GLOBAL} into {TILE}",
        f"npu.store {{t}} into {{o}} : {TILE} into {GLOBAL}",
        f"npu.vabs ins({{t}} : {TILE}) outs({{u}} : {TILE})",
        f"npu.vadd ins({{t}}, {{u}} : {TILE}, {TILE}) outs({{t}} : {TILE})",
        f"npu.vreduce <max> ins({{t}} : {TILE}) outs({{c}} : {COLUMN}) axes [1]",
        f"npu.vsub ins({{t}}, {{c}} : {TILE}, {COLUMN}) outs({{u}} : {TILE})",
        f"npu.read {{t}}[%zero, %zero] : {TILE} -> f32",
    ),
    (
        *(f"npu.load %x into %t{i} : {GLOBAL} into {TILE}" for i in range(4)),
        *(f"npu.vreduce <max> ins(%t0 : {TILE}) outs(%c{i} : {COLUMN}) axes [1]" for i in range(2)),
        f"npu.store %t0 into %z : {TILE} into {GLOBAL}",
    ),
)
CUBE = Machine(
    "cube",
    {"%a": FACTOR, "%b": FACTOR, "%l0": ACCUMULATOR, "%l1": ACCUMULATOR},
    ("%a", "%b"),
    ("%l0", "%l1"),
    ("%x", "%y", "%z"),
    SQUARE,
    (
        f"npu.load {{g}} into {{t}} : {SQUARE} into {FACTOR}",
        f"npu.mmad ins({{t}}, {{u}} : {FACTOR}, {FACTOR}) outs({{c}} : {ACCUMULATOR}) "
        "init %true : i1",
        f"npu.mmad ins({{t}}, {{u}} : {FACTOR}, {FACTOR}) outs({{c}} : {ACCUMULATOR}) "
        "init %false : i1",
        f"npu.fixpipe {{c}} into {{o}} : {ACCUMULATOR} into {SQUARE}",
    ),
    (
        *(f"npu.load %x into {t} : {SQUARE} into {FACTOR}" for t in ("%a", "%b")),
        *(
            f"npu.mmad ins(%a, %b : {FACTOR}, {FACTOR}) outs(%l{i} : {ACCUMULATOR}) init %true : i1"
            for i in range(2)
        ),
        f"npu.fixpipe %l0 into %z : {ACCUMULATOR} into {SQUARE}",
    ),
)


def _instructions(machine: Machine, runnable: bool) -> st.SearchStrategy[str]:
    """One instruction; a runnable kernel reads its inputs and writes its output only."""
    reads = machine.arguments[:-1] if runnable else machine.arguments
    writes = machine.arguments[-1:] if runnable else machine.arguments
    return st.builds(
        lambda pattern, t, u, c, g, o: pattern.format(t=t, u=u, c=c, g=g, o=o),
        st.sampled_from(machine.instructions),
        st.sampled_from(machine.tiles),
        st.sampled_from(machine.tiles),
        st.sampled_from(machine.columns),
        st.sampled_from(reads),
        st.sampled_from(writes),
    )


def _nested(statements: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    bodies = st.lists(statements, min_size=1, max_size=4).map(tuple)
    bounds = st.sampled_from(
        ["%zero to %two step %one", "%block to %two step %count", "%two to %zero step %one"]
    )
    return st.builds(Loop, bounds, bodies) | st.builds(Branch, bodies, st.just(()) | bodies)


@st.composite
def kernels(
    draw: st.DrawFn, machine: Machine | None = None, *, runnable: bool = False
) -> tuple[Machine, str]:
    """The text of a kernel without addresses and synchronisation."""
    machine = machine or draw(st.sampled_from([VECTOR, CUBE]))
    statements = st.recursive(_instructions(machine, runnable), _nested, max_leaves=8)
    program = tuple(draw(st.lists(statements, min_size=1, max_size=7)))
    return machine, kernel_text(machine, machine.first * runnable + program)


def kernel_text(machine: Machine, program: tuple[Statement, ...]) -> str:
    arguments = [f"{name}: {machine.argument_type}" for name in machine.arguments]
    buffers = [f"{name} = npu.alloc : {type_}" for name, type_ in machine.buffers.items()]
    numbers = count()
    return "\n".join(
        [
            f"npu.kernel @k ins({', '.join(arguments[:-1])}) outs({arguments[-1]}) "
            f'on <{machine.core}> blocks 1 target "ascend910b1" {{',
            *buffers,
            "%zero = arith.constant 0 : index",
            "%one = arith.constant 1 : index",
            "%two = arith.constant 2 : index",
            "%true = arith.constant true",
            "%false = arith.constant false",
            "%block = npu.block_idx : index",
            "%count = npu.block_count : index",
            *_lines(program, numbers),
            "}",
        ]
    )


def _lines(program: tuple[Statement, ...], numbers: "count[int]") -> list[str]:
    lines: list[str] = []
    for statement in program:
        match statement:
            case str():
                result = f"%v{next(numbers)} = " if "npu.read" in statement else ""
                lines.append(result + statement)
            case Loop(bounds, body):
                lines += [f"scf.for %i{next(numbers)} = {bounds} {{", *_lines(body, numbers), "}"]
            case Branch(then, otherwise):
                condition = "%true" if len(then) > 1 else "%false"
                lines += [f"scf.if {condition} {{", *_lines(then, numbers)]
                lines += ["} else {", *_lines(otherwise, numbers)] if otherwise else []
                lines.append("}")
    return lines


def parse_kernel(text: str) -> KernelOp:
    context = Context()
    for name, dialect in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    module = Parser(context, text).parse_module()
    assert isinstance(module, ModuleOp)
    module.verify()
    kernel = module.body.block.first_op
    assert isinstance(kernel, KernelOp)
    return kernel
