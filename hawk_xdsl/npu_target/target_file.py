"""Reads targets from TOML files and refuses what is missing, unknown or of the wrong kind."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, cast

from xdsl.utils.str_enum import StrEnum

from hawk_xdsl.dialects.npu import Comparison, Core, Pipe, Role, Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.npu_target.accuracy import Accuracy, Domain
from hawk_xdsl.npu_target.banks import BankSpec
from hawk_xdsl.npu_target.cost import known_rows
from hawk_xdsl.npu_target.cost_lines import Cost
from hawk_xdsl.npu_target.cross_spec import CrossSpec
from hawk_xdsl.npu_target.cube_spec import BiasSpec, CubeSpec, MatmulSpec
from hawk_xdsl.npu_target.target import (
    AdviceSpec,
    L2Spec,
    LaunchSpec,
    PathSpec,
    ScalarSpec,
    ScopeSpec,
    SyncSpec,
    Target,
    VectorSpec,
)
from hawk_xdsl.npu_target.target_checks import check_target
from hawk_xdsl.npu_target.temporary import A_BLOCK_A_REPEAT, REDUCTIONS, Temporary
from hawk_xdsl.npu_target.toml_table import Table

_Enum = TypeVar("_Enum", bound=StrEnum)


class Layout(StrEnum):
    """How tiles lie in a memory space: by rows on blocks, or as matrices cut in fractals."""

    ROWS = "rows"
    FRACTALS = "fractals"


def available_targets() -> tuple[str, ...]:
    """The names of the targets that come with the package, sorted."""
    return tuple(sorted(Path(entry.name).stem for entry in _folder().iterdir()))


def load_target(name_or_path: str | Path) -> Target:
    """Load a target by name, or from a user's TOML file.

    Raises:
        HawkError: no such target, or the file is not a valid target; names the file and the key.
    """
    text = str(name_or_path)
    if text in available_targets():
        return _load_packaged(text)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise HawkError(
            f"unknown target {text!r}; known: {', '.join(available_targets())}, or a .toml file"
        )
    with reading(text, "the target"):
        content = path.read_bytes()
    return parse_target(content, text)


@lru_cache
def _load_packaged(name: str) -> Target:
    entry = _folder() / f"{name}.toml"
    return parse_target(entry.read_bytes(), f"{name}.toml")


def _folder() -> Traversable:
    return resources.files("hawk_xdsl.npu_target") / "targets"


def parse_target(content: bytes, file: str) -> Target:
    """Build a target from the bytes of a TOML file; ``file`` is for error messages only.

    With ``base = "NAME"`` the file only says what differs from a target of the package.
    """
    table = Table(_document(content, file), file, "")
    vector, cube = _vector(table.table("vector")), _cube(table.table("cube"))
    cores, pipes = table.table("cores"), table.table("pipes")
    scopes = _scopes(table.table("scopes"), vector, cube)
    target = Target(
        name=table.text("name"),
        summary=table.text("summary"),
        calibrated=table.flag("calibrated"),
        clock_ghz=table.positive("clock_ghz"),
        cores={Core(name): cores.count(name) for name in cores.unread()},
        pipes={Core(name): _pipes(pipes, name) for name in pipes.unread()},
        scopes=scopes,
        dtypes=table.texts("dtypes"),
        global_bandwidth=table.positive("global_bandwidth"),
        paths=_paths(table.table("paths"), scopes),
        scalar=_scalar(table.table("scalar"), scopes),
        sync=_sync(table.table("sync")),
        vector=vector,
        cube=cube,
        launch=_launch(table),
        l2=_l2(table),
        cross=_cross(table),
        advice=_advice(table),
        document=content,
    )
    table.finish()
    check_target(target, table)
    return target


def _document(content: bytes, file: str) -> dict[str, object]:
    with reading(file, "the target"):
        document: dict[str, object] = tomllib.loads(content.decode())
    base = document.pop("base", None)
    if base is None:
        return document
    if base not in available_targets():
        known = ", ".join(available_targets())
        raise HawkError(f"base: {base!r} is none of {known}", file=file)
    entry = _folder() / f"{base}.toml"
    return _merged(_document(entry.read_bytes(), entry.name), document)


def _merged(base: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """A document with changes: tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            tables = cast(dict[str, object], old), cast(dict[str, object], value)
            merged[key] = _merged(*tables)
        else:
            merged[key] = value
    return merged


def _enum(table: Table, key: str, kind: type[_Enum], text: str) -> _Enum:
    if text not in [member.value for member in kind]:
        raise table.error(key, f"{text!r} is none of {', '.join(kind)}")
    return kind(text)


def _pipes(table: Table, key: str) -> tuple[Pipe, ...]:
    return tuple(Pipe(text) for text in table.texts(key))


def _scopes(table: Table, vector: VectorSpec, cube: CubeSpec) -> dict[Scope, ScopeSpec]:
    """The memory spaces; their blocks and fractals are those of the units that use them."""
    scopes: dict[Scope, ScopeSpec] = {}
    for name in table.unread():
        entry = table.table(name)
        roles = tuple(_enum(entry, "roles", Role, text) for text in entry.texts("roles"))
        layout = _enum(entry, "layout", Layout, entry.text("layout"))
        scope = _space(name, roles, layout, vector, cube)
        core = Core(entry.text("core"))
        scopes[scope] = ScopeSpec(core, entry.count("bytes"), entry.count("alignment"))
        entry.finish()
    return scopes


def _space(
    name: str, roles: tuple[Role, ...], layout: Layout, vector: VectorSpec, cube: CubeSpec
) -> Scope:
    ordered = tuple(sorted(set(roles), key=list(Role).index))
    if layout is Layout.ROWS:
        return Scope(name, ordered, vector.block_bytes)
    width = cube.depth_bytes
    if Role.ACCUMULATOR in roles:
        width = cube.columns * cube.accumulator_bytes
    return Scope(name, ordered, width, cube.rows)


def _paths(table: Table, scopes: Iterable[Scope]) -> dict[tuple[Scope, Scope], PathSpec]:
    known = {scope.name: scope for scope in (Scope.GLOBAL, *scopes)}
    paths: dict[tuple[Scope, Scope], PathSpec] = {}
    for key in table.unread():
        ends = key.split("-")
        if len(ends) != 2:
            raise table.error(key, "expected a name like global-ub")
        for end in ends:
            if end not in known:
                raise table.error(key, f"{end!r} is none of {', '.join(known)}")
        entry = table.table(key)
        paths[known[ends[0]], known[ends[1]]] = PathSpec(
            pipe=Pipe(entry.text("pipe")),
            cost=entry.chunked("cost"),
            granule=entry.count("granule"),
            burst_cycles=entry.number("burst_cycles"),
            max_bursts=entry.count("max_bursts"),
            max_burst_bytes=entry.count("max_burst_bytes"),
        )
        entry.finish()
    return paths


def _scalar(table: Table, scopes: Iterable[Scope]) -> ScalarSpec:
    known = {scope.name: scope for scope in (Scope.GLOBAL, *scopes)}
    rows = table.table("read")
    for name in rows.unread():
        if name not in known:
            raise rows.error(name, f"{name!r} is none of {', '.join(known)}")
    read = {known[name]: rows.number(name) for name in rows.unread()}
    spec = ScalarSpec(table.number("issue"), table.number("operation"), read)
    table.finish()
    return spec


def _sync(table: Table) -> SyncSpec:
    rows = table.table("tail")
    tail = {Pipe(name): rows.number(name) for name in rows.unread()}
    spec = SyncSpec(table.count("events"), table.number("flag"), table.number("barrier"), tail)
    table.finish()
    return spec


def _vector(table: Table) -> VectorSpec:
    ops: dict[str, dict[str, Cost]] = {}
    rows = table.table("ops")
    for mnemonic in rows.unread():
        row = rows.table(mnemonic)
        ops[mnemonic] = {dtype: row.floored(dtype) for dtype in row.unread()}
    spec = VectorSpec(
        pipe=Pipe(table.text("pipe")),
        repeat_bytes=table.count("repeat_bytes"),
        block_bytes=table.count("block_bytes"),
        max_repeats=table.count("max_repeats"),
        ops=ops,
        mask_write=table.floored("mask_write"),
        mask_read=table.floored("mask_read"),
        banks=_banks(table),
        accuracy=_accuracy(table, ops),
        relations=_relations(table),
        library=table.texts("library") if "library" in table.unread() else (),
        temporaries=_temporaries(table),
    )
    table.finish()
    return spec


def _temporaries(table: Table) -> Mapping[str, Temporary]:
    """The table ``temporaries``, ``vsel = { blocks = 1 }``: what bytes are counted by."""
    rows = table.optional_table("temporaries")
    if rows is None:
        return A_BLOCK_A_REPEAT
    terms = [term.name for term in fields(Temporary)]
    found: dict[str, Temporary] = {}
    for name in rows.unread():
        if name not in (*REDUCTIONS, "broadcast", *known_rows()):
            raise rows.error(name, "no instruction has this row")
        row = rows.table(name)
        found[name] = Temporary(**{term: row.count(term) for term in row.unread() if term in terms})
        row.finish()
    return found


def _accuracy(
    table: Table, ops: Mapping[str, Mapping[str, Cost]]
) -> dict[str, dict[str, Accuracy]]:
    """The table ``accuracy``: ``vrec = { f16 = 8, f32 = 8, domain = "x != 0" }``.

    A row without a number for a dtype says that its results are correctly rounded in the domain.
    """
    found: dict[str, dict[str, Accuracy]] = {}
    rows = table.optional_table("accuracy")
    for mnemonic in rows.unread() if rows is not None else ():
        assert rows is not None
        if mnemonic not in ops:
            raise rows.error(mnemonic, "no such row among the ops")
        row = rows.table(mnemonic)
        keys = row.unread()
        domain = _enum(row, "domain", Domain, row.text("domain")) if "domain" in keys else None
        found[mnemonic] = {dtype: Accuracy(None, domain) for dtype in ops[mnemonic]}
        for dtype in row.unread():
            if dtype not in ops[mnemonic]:
                raise row.error(dtype, f"{mnemonic} has no such dtype")
            found[mnemonic][dtype] = Accuracy(row.number(dtype), domain)
    return found


def _relations(table: Table) -> dict[str, tuple[Comparison, ...]]:
    """The table ``relations``, ``i32 = ["eq"]``; a dtype that it does not name has all."""
    rows = table.optional_table("relations")
    found: dict[str, tuple[Comparison, ...]] = {}
    for dtype in rows.unread() if rows is not None else ():
        assert rows is not None
        found[dtype] = tuple(_enum(rows, dtype, Comparison, text) for text in rows.texts(dtype))
    return found


def _banks(table: Table) -> BankSpec | None:
    """The table ``banks``; ``banks = false``, or nothing, for a target whose banks are unknown."""
    entry = table.optional_table("banks")
    if entry is None:
        return None
    counts = (entry.count(key) for key in ("groups", "depth", "bytes", "row_bytes"))
    spec = BankSpec(*counts)
    entry.finish()
    return spec


def _advice(table: Table) -> AdviceSpec | None:
    """The table ``advice``; ``advice = false``, or nothing, where nothing is published."""
    entry = table.optional_table("advice")
    if entry is None:
        return None
    spec = AdviceSpec(entry.count("move_bytes"), entry.count("global_alignment"))
    entry.finish()
    return spec


def _launch(table: Table) -> LaunchSpec:
    """The table ``launch``; nothing where launches are not known to cost anything."""
    entry = table.optional_table("launch")
    if entry is None:
        return LaunchSpec(0.0, 0.0)
    spec = LaunchSpec(
        entry.number("floor"),
        entry.number("chain"),
        entry.optional_number("mixed"),
        entry.optional_number("barrier"),
    )
    entry.finish()
    return spec


def _cross(table: Table) -> CrossSpec | None:
    """The table ``cross``; ``cross = false``, or nothing, where cores have no flags for another."""
    entry = table.optional_table("cross")
    if entry is None:
        return None
    spec = CrossSpec(entry.count("flags"), entry.count("counter"), entry.number("hand_over"))
    entry.finish()
    return spec


def _l2(table: Table) -> L2Spec | None:
    """The table ``l2``; ``l2 = false``, or nothing, for a target without one."""
    entry = table.optional_table("l2")
    if entry is None:
        return None
    spec = L2Spec(entry.steps("hits"), entry.positive("past"))
    entry.finish()
    return spec


def _matmul(table: Table, key: str) -> MatmulSpec:
    entry = table.table(key)
    spec = MatmulSpec(entry.text("accumulator"), entry.number("cycles"))
    entry.finish()
    return spec


def _bias(table: Table) -> BiasSpec | None:
    """The table ``bias``; ``bias = false``, or nothing, where accumulations start from 0."""
    entry = table.optional_table("bias")
    if entry is None:
        return None
    dtypes = entry.table("dtypes")
    spec = BiasSpec(entry.count("bytes"), {each: dtypes.texts(each) for each in dtypes.unread()})
    entry.finish()
    return spec


def _cube(table: Table) -> CubeSpec:
    dtypes, casts = table.table("dtypes"), table.table("casts")
    spec = CubeSpec(
        pipe=Pipe(table.text("pipe")),
        rows=table.count("rows"),
        columns=table.count("columns"),
        depth_bytes=table.count("depth_bytes"),
        fixed=table.number("fixed"),
        max_extent=table.count("max_extent"),
        dtypes={dtype: _matmul(dtypes, dtype) for dtype in dtypes.unread()},
        casts={dtype: casts.texts(dtype) for dtype in casts.unread()},
        l0a=table.lines("l0a") if "l0a" in table.unread() else None,
        l0b=table.lines("l0b") if "l0b" in table.unread() else None,
        bias=_bias(table),
    )
    table.finish()
    return spec
