"""Attacks on what is read and reduced: the last of something left out, ties, terms, own output."""

import re
from collections.abc import Iterator, Sequence

from mutation.attack import Attack, Target, after, instead
from mutation.tiles import BUFFER, Line, Tile

REDUCTION = re.compile(rf"v(reduce|cumulate) (\w+) ({BUFFER}) axis (\d+)")
LOOP = re.compile(r"(\w+) in 0\.\.(\d+) step (\d+)")


def last_left_out(target: Target) -> Iterator[Attack]:
    """The last column, row or index is not looked at, or answered by its neighbour."""
    kind = "last left out"
    for line in target.lines:
        found = REDUCTION.fullmatch(line.value)
        if found and found[1] == "reduce" and found[2] not in ("sum", "prod"):
            yield from _fewer(target, line, found, kind)
    yield from _last_row(target, kind)
    yield from _last_index(target, kind)
    yield from _last_column(target, kind)


def fewer_terms(target: Target) -> Iterator[Attack]:
    """A sum or product leaves out terms; a contraction the last of its products."""
    kind = "fewer terms"
    for line in target.lines:
        found = REDUCTION.fullmatch(line.value)
        if found and found[1] == "reduce" and found[2] in ("sum", "prod"):
            yield from _fewer(target, line, found, kind)
        if line.text.startswith("for "):
            for loop in LOOP.finditer(line.text):
                stop, step = int(loop[2]), int(loop[3])
                if stop > step:
                    fewer = f"{loop[1]} in 0..{stop - step} step {step}"
                    yield instead(target, line, [line.text.replace(loop[0], fewer)], kind)
    yield from _fewer_products(target, kind)


def _fewer(target: Target, line: Line, found: re.Match[str], kind: str) -> Iterator[Attack]:
    source = line.tiles.get(found[3])
    axis = int(found[4])
    if line.tile is None or source is None or source.shape[axis] < 2:
        return
    extent = source.shape[axis]
    new = [f"{line.tile.name} = vreduce {found[2]} {{}} axis {axis}"]
    for length in sorted({extent - 1, max(1, extent - 3), -(-extent // 2)}):
        part = _part(source, axis, 0, length)
        yield instead(target, line, [new[0].format(part)], kind)
    whole = _part(source, axis, 0, extent)
    yield instead(target, line, [new[0].format(whole)], kind, harmless=True)


def _part(tile: Tile, axis: int, start: int, length: int) -> str:
    parts = [f"0:{extent}" for extent in tile.shape]
    parts[axis] = f"{start}:{length}"
    return f"{tile.name}[{', '.join(parts)}]"


def _last_row(target: Target, kind: str) -> Iterator[Attack]:
    """The last tile of a loop is loaded from where the first one is."""
    for line in target.lines:
        for name, stop, step in LOOP.findall(line.text):
            last = (int(stop) - 1) // int(step) * int(step)
            if not last:
                continue
            yield from _moved(target, line.number, name, f"({name} % {last})", kind)
            if last + int(step) == int(stop):  # else tiles loaded at the edge have two spellings
                same = f"({name} % {stop})"
                yield from _moved(target, line.number, name, same, kind, harmless=True)


def _moved(
    target: Target, start: int, name: str, new: str, kind: str, *, harmless: bool = False
) -> Iterator[Attack]:
    for line in target.lines[start + 1 :]:
        if line.text.startswith(("across", "on ")):
            return
        if "= load " in line.text and re.search(rf"[\[ ]{name}\b", line.text):
            value = re.sub(rf"(?<=[\[ ]){name}\b", new, line.text)
            yield instead(target, line, [value], kind, harmless=harmless)


def _last_index(target: Target, kind: str) -> Iterator[Attack]:
    """An index that was read or computed never is the last."""
    shapes = {operand.name: operand.shape for operand in target.signature.inputs}
    reads = {m[1] for line in target.lines if (m := re.match(rf"({BUFFER}) = read ", line.text))}
    for line in target.lines:
        if found := re.match(rf"{BUFFER} = load (\w+)\[({BUFFER})\b", line.text):
            rows = shapes.get(found[1], (0,))[0]
            if found[2] in reads and rows > 1:
                for modulus, harmless in ((rows - 1, False), (rows, True)):
                    new = f"{found[1]}[{found[2]} % {modulus}"
                    text = line.text.replace(f"{found[1]}[{found[2]}", new, 1)
                    yield instead(target, line, [text], kind, harmless=harmless)
        if found := re.fullmatch(rf"vgather ({BUFFER}), ({BUFFER})", line.value):
            source, index = line.tiles.get(found[1]), line.tiles.get(found[2])
            if source is None or index is None or len(source.shape) != 1 or line.tile is None:
                continue
            for most, harmless in ((source.shape[0] - 2, False), (source.shape[0] - 1, True)):
                new = [
                    f"zg = vmin {index.name}, {most}",
                    f"{line.tile.name} = vgather {source.name}, zg",
                ]
                yield instead(target, line, new, kind, harmless=harmless)


def _last_column(target: Target, kind: str) -> Iterator[Attack]:
    """The last element of what is stored is the first."""
    for line in target.lines:
        found = re.fullmatch(rf"store ({BUFFER}) into (y\d+)\[(.*?)(\w+):(\d+)\]", line.text)
        if found is None or found[4] != "0" or int(found[5]) < 2:
            continue
        tile, last = line.tiles.get(found[1]), int(found[5]) - 1
        if tile is None or tile.shape[-1] != int(found[5]):
            continue
        first = _part(tile, len(tile.shape) - 1, 0, 1)
        again = f"store {first} into {found[2]}[{found[3]}{last}:1]"
        yield after(target, line, [again], kind)
        own = f"store {first} into {found[2]}[{found[3]}0:1]"
        yield after(target, line, [own], kind, harmless=True)


def _fewer_products(target: Target, kind: str) -> Iterator[Attack]:
    """All loads of the cube's factors are shorter along an extent that both have."""
    loads = [line for line in target.lines if line.text.endswith(" into l1")]
    lengths = [set(re.findall(r" 0:(\d+)", line.text)) for line in loads]
    shared = set.intersection(*lengths) if len(lengths) > 1 else set[str]()
    for length in sorted(shared, key=int):
        for fewer in sorted({int(length) - 1, int(length) - 4, int(length) // 2}):
            if fewer < 1:
                continue
            also = {line.number: line.text.replace(f" 0:{length}", f" 0:{fewer}") for line in loads}
            first = loads[0].number
            text = target.replaced(first, [also[first]], also)
            yield Attack(kind, f"factors of {length} are loaded only to {fewer}", text)


def tie_left_out(target: Target) -> Iterator[Attack]:
    """Of equal values another one counts; halves are rounded the other way."""
    kind = "tie left out"
    for line in target.lines:
        if line.tile is None:
            continue
        found = REDUCTION.fullmatch(line.value)
        if found and found[2] in ("argmax", "argmin"):
            source = line.tiles.get(found[3])
            if source is not None and source.is_float:
                yield instead(target, line, _last_of_equals(line.tile, source, found), kind)
                negated = [
                    f"zn = vmul {source.name}, -1.0",
                    f"{line.tile.name} = vreduce {_OTHER[found[2]]} zn axis {found[4]}",
                ]
                if source.dtype in ("f16", "f32"):
                    yield instead(target, line, negated, kind, harmless=True)
        if found := re.fullmatch(r"vcmp (\w+) (.*), (.*)", line.value):
            if found[1] in _WITH_TIES:
                new = f"{line.tile.name} = vcmp {_WITH_TIES[found[1]]} {found[2]}, {found[3]}"
                yield instead(target, line, [new], kind)
            left, right = line.tiles.get(found[2]), line.tiles.get(found[3])
            if left is not None and right is not None and left.shape == right.shape:
                mirrored = f"{line.tile.name} = vcmp {_MIRRORED[found[1]]} {found[3]}, {found[2]}"
                yield instead(target, line, [mirrored], kind, harmless=True)
        if found := re.fullmatch(rf"vcast ({BUFFER}) to (i\d+) round rint", line.value):
            for mode in ("round", "trunc", "floor"):
                new = f"{line.tile.name} = vcast {found[1]} to {found[2]} round {mode}"
                yield instead(target, line, [new], kind)


_OTHER = {"argmax": "argmin", "argmin": "argmax"}
_WITH_TIES = {"gt": "ge", "lt": "le", "ge": "gt", "le": "lt"}
_MIRRORED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "eq": "eq", "ne": "ne"}


def _last_of_equals(tile: Tile, source: Tile, found: re.Match[str]) -> Sequence[str]:
    axis = found[4]
    extreme = found[2].removeprefix("arg")
    return [
        f"zm = vreduce {extreme} {source.name} axis {axis}",
        f"zp = vcmp eq {source.name}, zm",
        f"zr = varange {source.dtype}[{source.extents}] axis {axis}",
        "zk = vsel zp, zr, -1.0",
        f"zl = vreduce max zk axis {axis}",
        f"{tile.name} = vcast zl to {tile.dtype} round rint",
    ]


def own_output(target: Target) -> Iterator[Attack]:
    """Results are read back: before they are there, or by a second stage; a temp is no output."""
    kind = "own output"
    for line in target.lines:
        found = re.fullmatch(rf"store ({BUFFER}) into (y\d+)(\[.*\])", line.text)
        if found is None:
            continue
        tile = line.tiles.get(found[1])
        result = next(o for o in target.signature.outputs if o.name == found[2])
        if tile is not None and tile.dtype == result.dtype and tile.dtype in _ADDS:
            before = [
                f"zo = load {found[2]}{found[3]} into ub",
                f"{tile.name} = vadd {tile.name}, zo",
                line.text,
            ]
            yield instead(target, line, before, kind)
            twice = [
                line.text,
                f"zo = load {found[2]}{found[3]} into ub",
                "zo = vadd zo, zo",
                f"store zo into {found[2]}{found[3]}",
            ]
            yield instead(target, line, twice, kind)
    for result in target.signature.outputs:
        for name, harmless in (("zt", True), (result.name, False)):
            staged = through_global(target, result.name, name)
            if staged is not None:
                what = f"a second stage copies {result.name} from {name}"
                yield Attack(kind, what, staged, harmless)


_ADDS = ("f16", "f32", "i16", "i32")


def through_global(
    target: Target, result: str, source: str, dtype: str | None = None, body: Sequence[str] = ()
) -> str | None:
    """The kernel with a second stage that copies a result from a temp, or from itself.

    Args:
        target: the kernel.
        result: the output.
        source: where the first stages store it: a new temp, or the output.
        dtype: the temp's, if not the output's.
        body: lines between the load and the store, of the tile ``zb``.
    """
    shape = next(o.shape for o in target.signature.outputs if o.name == result)
    own = next(o.dtype for o in target.signature.outputs if o.name == result)
    if len(shape) < 1 or shape[-1] > 8192:
        return None
    texts = [re.sub(rf"\binto {result}\[", f"into {source}[", line.text) for line in target.lines]
    temps = [text for text in texts if text.startswith("temp ")]
    rest = [text for text in texts if not text.startswith("temp ")]
    if not any(text.startswith("on ") for text in rest):
        rest = ["on vector {", *rest, "}"]
    extents = ", ".join(map(str, shape))
    made = [] if source == result else [f"temp {source} {dtype or own}[{extents}]"]
    loops = ", ".join(f"z{n} in 0..{extent} step 1" for n, extent in enumerate(shape[:-1]))
    place = ", ".join([*(f"z{n}" for n in range(len(shape) - 1)), f"0:{shape[-1]}"])
    copied = [
        "on vector {",
        f"across {loops or 'once in 0..1 step 1'} {{",
        f"zb = load {source}[{place}] into ub",
        *body,
        f"store zb into {result}[{place}]",
        "}",
        "}",
    ]
    return "\n".join([*temps, *made, *rest, *copied]) + "\n"
