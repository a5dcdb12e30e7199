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
FACTOR = "memref<16x16xf32, #npu.scope<l1>>"
SQUARE = "memref<16x16xf32, #npu.scope<global>>"
ACCUMULATOR = "memref<16x16xf32, #npu.scope<l0c>>"

TILES = [f"%t{i}" for i in range(4)]
COLUMNS = ["%c0", "%c1"]
GLOBALS = ["%x", "%y", "%z"]
FACTORS = ["%a", "%b"]
SQUARES = ["%p", "%q", "%r"]
ACCUMULATORS = ["%l0", "%l1"]


@dataclass(frozen=True)
class Loop:
    bounds: str
    body: tuple["Statement", ...]


@dataclass(frozen=True)
class Branch:
    then: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


Statement = str | Loop | Branch

_tile, _column, _global = st.sampled_from(TILES), st.sampled_from(COLUMNS), st.sampled_from(GLOBALS)
_factor, _square = st.sampled_from(FACTORS), st.sampled_from(SQUARES)
_accumulator = st.sampled_from(ACCUMULATORS)

_vector_instructions: st.SearchStrategy[str] = st.one_of(
    st.builds("npu.load {} into {} : ".format, _global, _tile).map(
        lambda s: s + f"{GLOBAL} into {TILE}"
    ),
    st.builds("npu.store {} into {} : ".format, _tile, _global).map(
        lambda s: s + f"{TILE} into {GLOBAL}"
    ),
    st.builds(
        "npu.vexp ins({} : {t}) outs({} : {t})".format, _tile, _tile, t=st.just(TILE)
    ),
    st.builds(
        "npu.vadd ins({}, {} : {t}, {t}) outs({} : {t})".format,
        _tile,
        _tile,
        _tile,
        t=st.just(TILE),
    ),
    st.builds(
        "npu.vreduce <max> ins({} : {t}) outs({} : {c}) axes [1]".format,
        _tile,
        _column,
        t=st.just(TILE),
        c=st.just(COLUMN),
    ),
    st.builds("npu.read {}[%zero, %zero] : ".format, _tile | _global).map(
        lambda s: f"{s}{TILE if '%t' in s else GLOBAL} -> f32"
    ),
)
_cube_instructions: st.SearchStrategy[str] = st.one_of(
    st.builds("npu.load {} into {} : ".format, _square, _factor).map(
        lambda s: s + f"{SQUARE} into {FACTOR}"
    ),
    st.builds(
        "npu.mmad ins({}, {} : {f}, {f}) outs({} : {a}) init %true : i1".format,
        _factor,
        _factor,
        _accumulator,
        f=st.just(FACTOR),
        a=st.just(ACCUMULATOR),
    ),
    st.builds("npu.fixpipe {} into {} : ".format, _accumulator, _square).map(
        lambda s: s + f"{ACCUMULATOR} into {SQUARE}"
    ),
)


def _nested(statements: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    bodies = st.lists(statements, min_size=1, max_size=4).map(tuple)
    bounds = st.sampled_from(["%zero to %two step %one", "%block to %two step %count"])
    return st.builds(Loop, bounds, bodies) | st.builds(Branch, bodies, st.just(()) | bodies)


def programs(core: str) -> st.SearchStrategy[list[Statement]]:
    instructions = _vector_instructions if core == "vector" else _cube_instructions
    statements = st.recursive(instructions, _nested, max_leaves=8)
    return st.lists(statements, min_size=1, max_size=7)


_numbers = count()


def print_statements(statements: list[Statement] | tuple[Statement, ...]) -> str:
    text = ""
    for statement in statements:
        match statement:
            case str():
                text += f"%v{next(_numbers)} = " if "npu.read" in statement else ""
                text += statement + "\n"
            case Loop(bounds, body):
                text += f"scf.for %i{next(_numbers)} = {bounds} {{\n{print_statements(body)}}}\n"
            case Branch(then, otherwise):
                text += f"scf.if %true {{\n{print_statements(then)}}}"
                text += f" else {{\n{print_statements(otherwise)}}}\n" if otherwise else "\n"
    return text


def kernel_text(core: str, statements: list[Statement], first: tuple[str, ...] = ()) -> str:
    if core == "vector":
        tiles = [(name, TILE) for name in TILES] + [(name, COLUMN) for name in COLUMNS]
        arguments = [f"{name}: {GLOBAL}" for name in GLOBALS]
    else:
        tiles = [(name, FACTOR) for name in FACTORS]
        tiles += [(name, ACCUMULATOR) for name in ACCUMULATORS]
        arguments = [f"{name}: {SQUARE}" for name in SQUARES]
    lines = [f"{name} = npu.alloc : {type_}" for name, type_ in tiles]
    lines += [f"%{name} = arith.constant {n} : index" for n, name in enumerate(["zero", "one"])]
    lines += ["%two = arith.constant 2 : index", "%true = arith.constant true"]
    lines += ["%block = npu.block_idx : index", "%count = npu.block_count : index"]
    return (
        f"npu.kernel @k ins({', '.join(arguments[:-1])}) outs({arguments[-1]}) "
        f'on <{core}> blocks 1 target "ascend910b1" {{\n'
        + "\n".join([*lines, *first, print_statements(statements)])
        + "}"
    )


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
