"""Attacks on how a kernel is put together: a wrong operand, a branch left out, all rewordings."""

import re
from collections.abc import Iterator

from mutation.attack import Attack, Target, instead
from mutation.rewording import rewordings
from mutation.tiles import BUFFER


def wrong_operand(target: Target) -> Iterator[Attack]:
    """A tile is bound to another value of its type; a commutative swap is no change."""
    kind = "wrong operand"
    for line in target.lines:
        words = re.findall(rf"(?<=[ ,]){BUFFER}\b", f" {line.value}")
        if line.tile is None or not line.value.startswith("v"):
            continue
        known = {
            earlier.tile.name
            for earlier in target.lines[: line.number]
            if earlier.tile is not None and earlier.tiles is line.tiles
        }
        used = [word for word in words if word in known]
        for word in dict.fromkeys(used):
            for other in sorted(known - {word}):
                mine, theirs = line.tiles.get(word), line.tiles.get(other)
                if mine is None or theirs is None:
                    continue
                if (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape):
                    value = re.sub(rf"\b{word}\b", other, line.value)
                    yield instead(target, line, [f"{line.tile.name} = {value}"], kind)
        found = re.fullmatch(rf"v(add|mul|max|min) ({BUFFER}), ({BUFFER})", line.value)
        if found and len(set(used)) == 2:
            shapes = [line.tiles[word].shape for word in found.groups()[1:]]
            if shapes[0] == shapes[1]:
                swapped = f"{line.tile.name} = v{found[1]} {found[3]}, {found[2]}"
                yield instead(target, line, [swapped], kind, harmless=True)


def branch_left_out(target: Target) -> Iterator[Attack]:
    """Of a choice only one side stays; the control asks for the opposite and swaps the sides."""
    kind = "branch left out"
    for line in target.lines:
        found = re.fullmatch(rf"vsel ({BUFFER}), ([^,]+), ([^,]+)", line.value)
        if found is None or line.tile is None:
            continue
        for side in (found[2], found[3]):
            tile = line.tiles.get(side)
            if tile is not None and tile.shape == line.tile.shape:
                yield instead(target, line, [f"{line.tile.name} = copy {side}"], kind)
        mask = line.tiles.get(found[1])
        if mask is not None and mask.shape == line.tile.shape:
            opposite = [
                f"zq = vnot {found[1]}",
                f"{line.tile.name} = vsel zq, {found[3]}, {found[2]}",
            ]
            yield instead(target, line, opposite, kind, harmless=True)


def reworded(target: Target) -> Iterator[Attack]:
    """Every change of a line that the damage of texts knows."""
    for rewording in rewordings(target.text, {}):
        yield Attack(rewording.kind, rewording.what, rewording.text)
