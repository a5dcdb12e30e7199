"""Damage to kernel text, line by line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import confusion

BUFFER = r"[A-Za-z]\w*"


@dataclass(frozen=True)
class Rewording:
    """A damaged kernel text."""

    kind: str
    what: str
    text: str


def rewordings(text: str, constants: Mapping[str, Sequence[float]]) -> Iterator[Rewording]:
    """Every damage that there is for a text.

    Args:
        text: the kernel, canonical.
        constants: numbers of the first trial, such as each input's largest; what a kernel that is
            tuned to one input would use.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for kind, new in _of_line(lines, number, line, constants):
            if new == [line]:
                continue
            shown = " ⏎ ".join(new) or "nothing"
            damaged = [*lines[:number], *new, *lines[number + 1 :]]
            yield Rewording(kind, f"{line} → {shown}", "\n".join(damaged) + "\n")
    yield from _everywhere(text)


Change = tuple[str, list[str]]


def _of_line(
    lines: Sequence[str], number: int, line: str, constants: Mapping[str, Sequence[float]]
) -> Iterator[Change]:
    yield from _sizes(line)
    if match := re.fullmatch(rf"({BUFFER}) = (.*)", line):
        name, value = match.groups()
        yield from _values(lines, number, name, value)
        yield from _literals(line)
        yield from _tuned(lines, number, name, value, constants)
    if match := re.fullmatch(rf"store (relu )?({BUFFER})(\[.*?\])? into (.*)", line):
        yield from _stores(lines, number, match[2], match[4], line, constants)


def _sizes(line: str) -> Iterator[Change]:
    """Off by one: lengths of slices, bounds and steps of loops, points and starts."""
    for match in re.finditer(r":(\d+)", line):
        for new in (int(match[1]) - 1, int(match[1]) + 1):
            if new > 0:
                yield "tile size", [f"{line[: match.start()]}:{new}{line[match.end() :]}"]
    for match in re.finditer(r"(\d+)\.\.(\d+) step (\d+)", line):
        start, stop, step = map(int, match.groups())
        for a, b, c in (
            (start, stop - 1, step), (start, stop + 1, step), (start, stop - step, step),
            (start, stop + step, step), (start + step, stop, step), (start, stop, step + 1),
            (start, stop, step - 1), (start, stop, 2 * step), (start + 1, stop, step),
            (start, stop // step * step, step),
        ):  # fmt: skip
            if c > 0:
                loop = f"{a}..{b} step {c}"
                yield "trip count", [line[: match.start()] + loop + line[match.end() :]]
    if "load" in line or "store" in line:
        for match in re.finditer(r"[\[ ](\w+)(?=:\d)", line):
            for new in (f"{match[1]}+1", f"{match[1]}+16", "0"):
                start, end = match.span(1)
                yield "offset", [line[:start] + new + line[end:]]
    if " pad " in line:
        yield "tail clamp", [line.split(" pad ")[0]]


def _values(lines: Sequence[str], number: int, name: str, value: str) -> Iterator[Change]:
    if match := re.fullmatch(r"(v\w+|mmad)( \w+)? ([^,]+), ([^,]+)(, .*)?", value):
        op, mode, left, right, rest = (part or "" for part in match.groups())
        if op == "vsel":
            yield "operands", [f"{name} = vsel {left}{rest}, {right}"]
        elif not re.match(r"-?[\d(]|-?inf", right):
            yield "operands", [f"{name} = {op}{mode} {right}, {left}{rest}"]
            yield "operands", [f"{name} = {op}{mode} {left}, {left}{rest}"]
        if other := confusion(op):
            yield "wrong op", [f"{name} = {other}{mode} {left}, {right}{rest}"]
    elif (match := re.fullmatch(r"(v\w+) ([^,]+)", value)) and (other := confusion(match[1])):
        yield "wrong op", [f"{name} = {other} {match[2]}"]
    if match := re.fullmatch(r"(.* axis )(\d)", value):
        for axis in "012":
            yield "wrong axis", [f"{name} = {match[1]}{axis}"]
    if match := re.fullmatch(r"vtranspose (\w+) perm .*", value):
        yield "wrong axis", [f"{name} = vtranspose {match[1]} perm [0, 1]"]
        yield "wrong axis", [f"{name} = copy {match[1]}"]
    for kinds in (("sum", "max", "min", "prod"), ("lt", "le", "gt", "ge", "eq", "ne")):
        for old in kinds:
            if re.match(rf"v(reduce|cumulate|cmp) {old} ", value):
                for new in kinds:
                    changed = value.replace(f" {old} ", f" {new} ", 1)
                    yield "wrong op", [f"{name} = {changed}"]
    if re.match(r"v(?!cast)", value) and re.search(rf"\b{name}\b", value):
        yield "wrong op", []
    if value.startswith("fill"):
        yield from _accumulators(lines, number, value, name)
    if match := re.fullmatch(r"vcast (\w+) to (\w+) round rint", value):
        yield "missing cast", []
        for new in {"f16", "bf16", "f32"} - {match[2]}:
            back = f"{name} = vcast {name}_ to {match[2]} round rint"
            yield "missing cast", [f"{name}_ = vcast {match[1]} to {new} round rint", back]


def _accumulators(lines: Sequence[str], number: int, value: str, name: str) -> Iterator[Change]:
    for new in ("1.0", "-1.0", "inf", "-inf", "0.0", "1e-3"):
        yield "accumulator", [f"{name} = " + re.sub(r"fill \S+", f"fill {new}", value)]
    yield "accumulator", []
    if number and lines[number - 1].endswith("{"):
        yield "accumulator", []


def _literals(line: str) -> Iterator[Change]:
    for match in re.finditer(r"(?<=[ ,])-?\d+\.?\d*(e[+-]?\d+)?(?= |,|$)", line):
        if "axis" in line[: match.start()] or "step" in line:
            continue
        value = float(match[0])
        for new in (-value, value * 1.01, value * 0.999, value * 2, value + 1, 0.0):
            if new != value:
                number = str(int(new)) if "." not in match[0] and new == int(new) else repr(new)
                yield "literal", [line[: match.start()] + number + line[match.end() :]]
    if "-inf" in line:
        for new in ("0.0", "-1e30", "-100.0", "inf"):
            yield "literal", [line.replace("-inf", new)]


def _defined(lines: Sequence[str], number: int) -> dict[str, str]:
    """Buffers that are known before a line, with what defined them last."""
    found: dict[str, str] = {}
    for line in lines[:number]:
        if match := re.fullmatch(rf"({BUFFER}) = (.*)", line):
            found[match[1]] = match[2]
    return found


def _stores(
    lines: Sequence[str], number: int, source: str, dest: str, line: str,
    constants: Mapping[str, Sequence[float]],
) -> Iterator[Change]:  # fmt: skip
    known = _defined(lines, number)
    yield "stale output", []
    shape = re.findall(r"[\[ ]\w[^,\]]*?:(\d+)", dest)
    extents = ", ".join(shape) or "1"
    if not known.get(source, "").startswith("mmad"):
        stored = line.replace(f"store {source}", "store z_", 1)
        dtype = _dtype_of(lines, number, source)
        yield "zeros", [f"z_ = fill 0.0 {dtype}[{extents}] in ub", stored]
        yield "zeros", [f"z_ = vmul {source}, 0.0", stored]
        for name, values in constants.items():
            if name.startswith("y"):
                for value in values:
                    filled = f"z_ = fill {value!r} {dtype}[{extents}] in ub"
                    yield "tuned", [filled, stored]
    for other, value in known.items():
        if other != source:
            kind = "input copied" if value.startswith("load") else "wrong buffer"
            yield kind, [line.replace(f"store {source}", f"store {other}", 1)]
    for line_ in reversed(lines[:number]):
        if match := re.match(r"(?:across|for) (\w+) in (\w+)\.\.", line_):
            for relation in ("==", ">"):
                yield "stale output", [f"if {match[1]} {relation} {match[2]} {{", line, "}"]


def _dtype_of(lines: Sequence[str], number: int, name: str) -> str:
    """The dtype of a buffer, as far as casts and fills tell; f32 else."""
    value = _defined(lines, number).get(name, "")
    found = re.search(r"\b(f16|bf16|f32|i32)\b", value)
    return found[1] if found else "f32"


def _tuned(
    lines: Sequence[str],
    number: int,
    name: str,
    value: str,
    constants: Mapping[str, Sequence[float]],
) -> Iterator[Change]:
    """What is computed from the data becomes a number of the first trial."""
    if not value.startswith("v") or name in _defined(lines, number):
        return
    known = _defined(lines, number)
    operand = re.search(rf"({BUFFER})( axis|, |$)", value)
    if operand is None or operand[1] not in known:
        return
    for values in constants.values():
        for constant in values:
            clamped = [f"{name} = v{side} {name}, {constant!r}" for side in ("max", "min")]
            yield "tuned", [f"{name} = {value}", *clamped]


def _everywhere(text: str) -> Iterator[Rewording]:
    """Changes of all lines at once: a tile length, a fill that moves out of its loop."""
    for length in sorted(set(re.findall(r":(\d+)", text))):
        for new in (int(length) - 1, int(length) + 1):
            if new < 1:
                continue
            damaged = re.sub(rf"(?<!step )(?<=[\[ ,:]){length}(?=[\],])", str(new), text)
            what = f"length {length} → {new} everywhere"
            yield Rewording("tile size", what, damaged)
    lines = text.splitlines()
    for number, line in enumerate(lines[:-1]):
        if re.fullmatch(rf"{BUFFER} = fill .*", line):
            later = lines[number + 1]
            swapped = [*lines[:number], later, line, *lines[number + 2 :]]
            what = f"{line} ⇅ {later}"
            yield Rewording("accumulator", what, "\n".join(swapped) + "\n")
            earlier = [
                *lines[: number - 1],
                line,
                *lines[number - 1 : number],
                *lines[number + 1 :],
            ]
            if number:
                what = f"{lines[number - 1]} ⇅ {line}"
                yield Rewording("accumulator", what, "\n".join(earlier) + "\n")
