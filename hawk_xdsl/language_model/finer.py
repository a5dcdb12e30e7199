"""A kernel in shorthand that needs too much of a buffer, with its blocks in smaller tiles."""

from collections.abc import Iterator

from lark import Token

from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.dialects.kernel_text.read_tree import trees
from hawk_xdsl.language_model.shorthand_tree import ShorthandTree, rules, tokens


def in_smaller_tiles(short: str) -> str | None:
    """The text with each first axis of its blocks in twice the parts, or at half the step.

    What is kept of each part grows with their number: ``temp t0 f32[48, 8]`` and ``across i0 parts
    48 {`` become ``temp t0 f32[96, 8]`` and ``across i0 parts 96 {``. ``None`` if there is nothing
    that can be smaller, or the text is none in shorthand.
    """
    try:
        tree = ShorthandTree.of(short)
    except KernelTextError:
        return None
    text = tree.with_words(_finer(tree))
    return text if text != tree.text else None


def _finer(tree: ShorthandTree) -> Iterator[tuple[Token, str]]:
    parts: set[str] = set()
    for block in rules(tree.root, "across"):
        loop = trees(block)[0]
        *_, count = tokens(loop, "INT")
        if any(tokens(loop, "PARTS")):
            parts.add(str(count))
            yield count, str(2 * int(count))
        else:
            yield count, str(max(1, int(count) // 2))
    for temp in rules(tree.root, "temp"):
        for length in tokens(temp, "LENGTH"):
            if length in parts:
                yield length, str(2 * int(length))
