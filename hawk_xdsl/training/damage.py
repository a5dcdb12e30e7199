"""Small damage to a right kernel, so that there are wrong ones to learn repairing from."""

import random
from collections.abc import Iterator

from lark import Token

from hawk_xdsl.dialects.kernel_text.read_tree import Node
from hawk_xdsl.dialects.npu import interchangeable
from hawk_xdsl.language_model.shorthand_tree import WHOLE, ShorthandTree, is_buffer, rules, tokens


def damaged(short: str, draw: random.Random) -> str:
    """A text in shorthand with one word replaced or one statement left out.

    Raises ``KernelTextError`` for a text that is none.
    """
    tree = ShorthandTree.of(short)
    statement = draw.choice(rules(tree.root, "assign", "store", "store_relu"))
    match draw.choice(("leave out", "mnemonic", "buffer", "number")):
        case "mnemonic" if named := rules(statement, "unary", "binary"):
            [place] = tokens(named[0])
            return tree.with_words([(place, draw.choice(interchangeable(place)))])
        case "buffer":
            used = list(_buffers(statement))
            if used:
                place = draw.choice(used)
                return tree.with_words([(place, draw.choice(sorted({*_buffers(tree.root)})))])
        case "number":
            used = list(tokens(tree.root, *WHOLE))
            if used:
                place = draw.choice(used)
                return tree.with_words([(place, str(draw.choice(_others(int(place)))))])
        case _:
            lines = tree.text.splitlines(keepends=True)
            del lines[statement.meta.line - 1]
            return "".join(lines)
    return tree.text


def _buffers(node: Node) -> Iterator[Token]:
    return (name for name in tokens(node, "NAME") if is_buffer(name))


def _others(number: int) -> tuple[int, int, int]:
    return number * 2, number + 1, number // 2
