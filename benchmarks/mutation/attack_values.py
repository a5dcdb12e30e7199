"""Attacks on the values of tiles: their range, rare and special ones, precision and width."""

from collections.abc import Iterator

from mutation.attack import Attack, Target, after, chosen, in_place, instead
from mutation.tiles import Line, Tile


def _numeric(target: Target) -> Iterator[tuple[Line, Tile]]:
    """The lines that define a tile of numbers that values can be changed of."""
    for line in target.lines:
        if line.tile is not None and not line.value.startswith(("vcmp", "fill", "varange")):
            yield line, line.tile


def range_clipped(target: Target) -> Iterator[Attack]:
    """Large values are cut off, small ones become zero."""
    kind = "range clipped"
    for line, tile in _numeric(target):
        if tile.is_float:
            for bound in ("129.0", "1000.0", "20000.0"):
                for side, sign in (("min", ""), ("max", "-")):
                    cut = in_place(
                        tile,
                        lambda t, s=side, v=sign + bound: [f"{t.name} = v{s} {t.name}, {v}"],
                        compares=False,
                    )
                    yield after(target, line, cut, kind, values=(float(sign + bound),))
            for bound in ("0.00001", "0.001"):
                flushed = in_place(tile, lambda t, b=bound: _flushed(t, b), compares=True)
                yield after(target, line, flushed, kind, values=(float(bound) / 2,))
            for side, end in (("min", "inf"), ("max", "-inf")):
                kept = in_place(
                    tile,
                    lambda t, s=side, e=end: [f"{t.name} = v{s} {t.name}, {e}"],
                    compares=False,
                )
                yield after(target, line, kept, kind, harmless=True)
            continue
        for bound in _steps(tile, (100, 600, 20000, 16777216)):
            for side, value in (("min", bound), ("max", -bound)):
                cut = in_place(
                    tile,
                    lambda t, s=side, v=value: [f"{t.name} = v{s} {t.name}, {_as(t, v)}"],
                    compares=False,
                )
                yield after(target, line, cut, kind, values=(float(value),))
        yield after(target, line, _at_its_ends(tile), kind, harmless=True)


def _steps(tile: Tile, values: tuple[int, ...]) -> list[int]:
    return [value for value in values if value < 2 ** (int(tile.dtype[1:]) - 1)]


def _as(tile: Tile, value: int) -> str:
    return f"{value}.0" if tile.is_float else str(value)


def _at_its_ends(tile: Tile) -> list[str]:
    high = 2 ** (int(tile.dtype[1:]) - 1) - 1
    return in_place(
        tile,
        lambda t: [
            f"{t.name} = vmin {t.name}, {_as(t, high)}",
            f"{t.name} = vmax {t.name}, {_as(t, -high - 1)}",
        ],
        compares=False,
    )


def _flushed(tile: Tile, bound: str) -> list[str]:
    condition = [f"za = vabs {tile.name}", f"zp = vcmp lt za, {bound}"]
    return chosen(tile, condition, "0.0", tile.name)


def rare_constant(target: Target) -> Iterator[Attack]:
    """One value is answered by another, or what is nearly always so by a constant."""
    kind = "constant for rare values"
    for line in target.lines:
        tile = line.tile
        if tile is None:
            continue
        if line.value.startswith("vcmp") or (tile.dtype == "i8" and "vreduce" not in line.value):
            for constant in (0, 1):
                filled = f"{tile.name} = fill {constant} i8[{tile.extents}] in ub"
                yield instead(target, line, [filled], kind)
        if line.value.startswith(("vreduce max", "vreduce min", "vreduce prod")):
            for constant in ("0", "1"):
                number = f"{constant}.0" if tile.is_float else constant
                filled = f"{tile.name} = fill {number} {tile.dtype}[{tile.extents}] in ub"
                yield instead(target, line, [filled], kind)
    for line, tile in _numeric(target):
        rare = ("7.25", "-3.5", "2048.0") if tile.is_float else ("77", "-100", "4097")
        for value in rare:
            number = float(value)
            if tile.dtype == "i8" and abs(number) > 127:
                continue

            def answered(t: Tile, v: float = number, plus: float = 1.0) -> list[str]:
                asked, other = (repr(n) if t.is_float else str(int(n)) for n in (v, v + plus))
                return chosen(t, [f"zp = vcmp eq {t.name}, {asked}"], other, t.name)

            wrong = in_place(tile, answered, compares=True)
            yield after(target, line, wrong, kind, values=(number,))
            right = in_place(tile, lambda t, f=answered: f(t, plus=0.0), compares=True)
            yield after(target, line, right, kind, harmless=True)


def nan_path(target: Target) -> Iterator[Attack]:
    """A NaN becomes a number."""
    for line, tile in _numeric(target):
        if not tile.is_float:
            continue
        for number in ("0.0", "1.0", "-inf"):
            lost = in_place(tile, lambda t, n=number: _nan(t, n), compares=True)
            yield after(target, line, lost, "NaN path")
        kept = in_place(tile, lambda t: _nan(t, t.name), compares=True)
        yield after(target, line, kept, "NaN path", harmless=True)


def _nan(tile: Tile, instead_of_it: str) -> list[str]:
    return chosen(tile, [f"zp = vcmp eq {tile.name}, {tile.name}"], tile.name, instead_of_it)


LARGEST = {"f32": "3.4028234663852886e38", "f16": "65504.0", "bf16": "3.3895313892515355e38"}


def infinity_path(target: Target) -> Iterator[Attack]:
    """An infinity becomes the largest number, or zero."""
    kind = "infinity path"
    for line, tile in _numeric(target):
        if not tile.is_float:
            continue
        largest = LARGEST[tile.dtype]
        for side, number in (("min", largest), ("max", "-" + largest)):
            cut = in_place(
                tile,
                lambda t, s=side, n=number: [f"{t.name} = v{s} {t.name}, {n}"],
                compares=False,
            )
            yield after(target, line, cut, kind)
        for which in ("inf", "-inf"):
            lost = in_place(
                tile,
                lambda t, w=which: chosen(t, [f"zp = vcmp eq {t.name}, {w}"], "0.0", t.name),
                compares=True,
            )
            yield after(target, line, lost, kind)
            kept = in_place(
                tile,
                lambda t, w=which: chosen(t, [f"zp = vcmp eq {t.name}, {w}"], w, t.name),
                compares=True,
            )
            yield after(target, line, kept, kind, harmless=True)


def precision_lowered(target: Target) -> Iterator[Attack]:
    """Values pass through a dtype that cannot hold them."""
    kind = "precision lowered"
    for line, tile in _numeric(target):
        for path in _LOSSY.get(tile.dtype, ()):
            yield after(target, line, _through(tile, path), kind)
        for path in _LOSSLESS.get(tile.dtype, ()):
            yield after(target, line, _through(tile, path), kind, harmless=True)


_LOSSY = {
    "f32": (("f16",), ("bf16",)),
    "f16": (("f32", "bf16", "f32"),),
    "bf16": (),
    "i32": (("f32",), ("f16",)),
    "i16": (("f16",),),
}

_LOSSLESS = {
    "f16": (("f32",),),
    "bf16": (("f32",),),
    "i16": (("f32",),),
    "i8": (("f16",),),
}


def _through(tile: Tile, path: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    name = tile.name
    for number, dtype in enumerate(path):
        lines.append(f"z{number} = vcast {name} to {dtype} round rint")
        name = f"z{number}"
    return [*lines, f"{tile.name} = vcast {name} to {tile.dtype} round rint"]


def width_lowered(target: Target) -> Iterator[Attack]:
    """Integers are kept in fewer bits, and saturate or wrap there."""
    kind = "integer width lowered"
    for line, tile in _numeric(target):
        if tile.is_float:
            continue
        for bits in _steps(tile, (7, 8, 15, 16, 24)):
            half = 2 ** (bits - 1)
            if half >= 2 ** (int(tile.dtype[1:]) - 1):
                continue

            def narrow(t: Tile, h: int = half) -> list[str]:
                ends = ((f"vmin {t.name}, {_as(t, h - 1)}"), (f"vmax {t.name}, {_as(t, -h)}"))
                return [f"{t.name} = {end}" for end in ends]

            yield after(
                target, line, in_place(tile, narrow, compares=False), kind,
                values=(float(half), float(-half - 1)),
            )  # fmt: skip
        if tile.dtype == "i32":
            for shift in (65536, 256):
                wrapped = [
                    f"{tile.name} = vmul {tile.name}, {shift}",
                    f"zf = vcast {tile.name} to f32 round rint",
                    f"zf = vmul zf, {1 / shift!r}",
                    f"{tile.name} = vcast zf to i32 round rint",
                ]
                yield after(target, line, wrapped, kind)
        if tile.dtype != "i8":
            there_and_back = [f"{tile.name} = v{way} {tile.name}, 30000" for way in ("add", "sub")]
            yield after(target, line, there_and_back, kind, harmless=True)
    yield from _saturated(target)


def _saturated(target: Target) -> Iterator[Attack]:
    """Sums and products in floats: at the end of the width they saturate instead of wrapping."""
    for line in target.lines:
        tile, words = line.tile, line.value.replace(",", "").split()
        if tile is None or tile.is_float or words[0] not in ("vadd", "vsub", "vmul"):
            continue
        if not all(
            word in line.tiles and line.tiles[word].dtype == tile.dtype for word in words[1:]
        ):
            continue
        new = [f"z{n} = vcast {word} to f32 round rint" for n, word in enumerate(words[1:])]
        wide = max((line.tiles[word].shape for word in words[1:]), key=len)
        if wide != tile.shape or line.tiles[words[1]].shape != tile.shape:
            continue
        new += [f"z0 = {words[0]} z0, z1", f"{tile.name} = vcast z0 to {tile.dtype} round rint"]
        yield instead(target, line, new, "integer width lowered")
