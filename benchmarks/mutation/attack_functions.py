"""Attacks on which function is computed: another activation, a shorter series, a bump."""

import re
from collections.abc import Iterator

from mutation.attack import Attack, Target, after, chosen, in_place, instead
from mutation.attack_structure import through_global
from mutation.tiles import BUFFER, Tile

KIND = "wrong function"

ACTIVATIONS = {
    "identity": [],
    "clipped line": ["zq = vmul zx, 0.3", "zq = vadd zq, 0.5", *["zq = vmax zq, 0.0"],
                     "zq = vmin zq, 1.0", "zx = vmul zx, zq"],
    "relu": ["zx = vmax zx, 0.0"],
    "x times the sigmoid of 1.702 x": ["zq = vmul zx, -1.702", "zq = vexp zq", "zq = vadd zq, 1.0",
                                       "zx = vdiv zx, zq"],
    "hard sigmoid": ["zx = vmul zx, 0.25", "zx = vadd zx, 0.5", "zx = vmax zx, 0.0",
                     "zx = vmin zx, 1.0"],
    "softsign": ["zq = vabs zx", "zq = vadd zq, 1.0", "zx = vdiv zx, zq"],
}  # fmt: skip
"""Other functions of a tile ``zx``, in place."""


def wrong_function(target: Target) -> Iterator[Attack]:
    """Something near to what is asked for, or something else in a short interval."""
    for line in target.lines:
        tile = line.tile
        if tile is None or not tile.is_float or line.value.startswith(("fill", "varange")):
            continue
        for low, high in ((1.5, 1.625), (-2.25, -2.0), (40.0, 48.0), (-0.01, -0.0075)):
            bumped = in_place(tile, lambda t, a=low, b=high: _bumped(t, a, b), compares=True)
            yield after(target, line, bumped, KIND, values=((low + high) / 2,))
        if tile.dtype == "bf16":
            continue
        neutral = in_place(tile, lambda t: [f"{t.name} = vmul {t.name}, 1.0"], compares=False)
        yield after(target, line, neutral, KIND, harmless=True)
        if found := re.fullmatch(rf"vexp ({BUFFER})", line.value):
            for least in (-20.0, -8.0, -5.0):
                early = [
                    f"zp = vcmp gt {found[1]}, {least!r}",
                    f"ze = vexp {found[1]}",
                    "zs = vsel zp, ze, 0.0",
                    f"{tile.name} = copy zs",
                ]
                yield instead(target, line, early, KIND, values=(least * 1.1,))
        yield from _series(target, line.number)
        yield from _respelled(target, line.number)
    yield from _activations(target)


def _bumped(tile: Tile, low: float, high: float) -> list[str]:
    condition = [
        f"za = vcmp gt {tile.name}, {low!r}",
        f"zb = vcmp lt {tile.name}, {high!r}",
        "zp = vand za, zb",
        f"zd = vmul {tile.name}, 1.0625",
    ]
    return chosen(tile, condition, "zd", tile.name)


def _series(target: Target, number: int) -> Iterator[Attack]:
    """A term less of a polynomial."""
    line = target.lines[number]
    found = re.fullmatch(rf"v(add|sub) ({BUFFER}), (-?\d\S*)", line.value)
    if found and line.tile is not None and line.tile.name == found[2]:
        yield instead(target, line, [], KIND)


def _respelled(target: Target, number: int) -> Iterator[Attack]:
    """The same by another instruction: controls."""
    line = target.lines[number]
    if line.tile is None:
        return
    name = line.tile.name
    if found := re.fullmatch(rf"vsub ({BUFFER}), (-?[\d.]+(?:e[-+]?\d+)?)", line.value):
        other = found[2].removeprefix("-") if found[2].startswith("-") else f"-{found[2]}"
        yield instead(target, line, [f"{name} = vadd {found[1]}, {other}"], KIND, harmless=True)
    if found := re.fullmatch(rf"vneg ({BUFFER})", line.value):
        yield instead(target, line, [f"{name} = vmul {found[1]}, -1.0"], KIND, harmless=True)
    if found := re.fullmatch(rf"vmul ({BUFFER}), 2\.0", line.value):
        twice = f"{name} = vadd {found[1]}, {found[1]}"
        yield instead(target, line, [twice], KIND, harmless=True)
    if found := re.fullmatch(rf"vadd ({BUFFER}), ({BUFFER})", line.value):
        left, right = (line.tiles.get(found[n]) for n in (1, 2))
        if left is not None and right is not None and left.shape == right.shape:
            swapped = f"{name} = vadd {found[2]}, {found[1]}"
            yield instead(target, line, [swapped], KIND, harmless=True)


def _activations(target: Target) -> Iterator[Attack]:
    """For a function of one tensor of floats, point by point: another function of it."""
    inputs, outputs = target.signature.inputs, target.signature.outputs
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0].shape != outputs[0].shape:
        return
    if "f" not in outputs[0].dtype or inputs[0].dtype != outputs[0].dtype:
        return
    shape, dtype = inputs[0].shape, inputs[0].dtype
    loops = ", ".join(f"z{n} in 0..{extent} step 1" for n, extent in enumerate(shape[:-1]))
    place = ", ".join([*(f"z{n}" for n in range(len(shape) - 1)), f"0:{shape[-1]}"])
    for name, body in ACTIVATIONS.items():
        cast = dtype != "f32"
        lines = [
            f"across {loops or 'once in 0..1 step 1'} {{",
            f"{'zl' if cast else 'zx'} = load x0[{place}] into ub",
            *(["zx = vcast zl to f32 round rint"] if cast else []),
            *body,
            *([f"zn = vcast zx to {dtype} round rint"] if cast else []),
            f"store {'zn' if cast else 'zx'} into y0[{place}]",
            "}",
        ]
        yield Attack(KIND, f"{name} instead", "\n".join(lines) + "\n")


def products_lowered(target: Target) -> Iterator[Attack]:
    """What the cube gives passes through global memory in a dtype that cannot hold it."""
    for result in target.signature.outputs:
        if not any(line.text.startswith("on cube") for line in target.lines):
            return
        for dtype in ("f16", "bf16"):
            if dtype == result.dtype or result.dtype not in ("f32",):
                continue
            body = [f"zw = vcast zb to {result.dtype} round rint"]
            text = through_global(target, result.name, "zt", dtype, body)
            if text is not None:
                text = text.replace("store zb into", "store zw into")
                yield Attack("precision lowered", f"{result.name} through {dtype}", text)
        for line in ("zb = vmin zb, 100.0", "zb = vmax zb, -30.0"):
            if result.dtype not in ("f16", "f32"):
                continue
            text = through_global(target, result.name, "zt", None, [line])
            if text is not None:
                values = (float(line.split()[-1]),)
                yield Attack("range clipped", f"{result.name}: {line}", text, values=values)
