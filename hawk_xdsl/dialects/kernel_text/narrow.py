"""The grammar narrowed to one op, to constrain decoding: its operands, dtypes, ops and lengths."""

import json
from collections.abc import Collection, Sequence
from math import prod

from hawk_xdsl.dialects.kernel_text.grammar import (
    KIND_RULES,
    alternatives,
    grammar,
    literal_words,
    with_rule,
)
from hawk_xdsl.dialects.kernel_text.parse import keywords
from hawk_xdsl.dialects.kernel_text.signature import Signature
from hawk_xdsl.dialects.npu import Role

LARGEST_LENGTH = 1 << 20
"""No buffer on a core of any target has more elements along a dimension (1 MiB of L1)."""

_FIRST = "".join(chr(c) for c in (*range(65, 91), *range(97, 123)))
_REST = "".join(sorted(f"{_FIRST}0123456789_"))


def narrowed_grammar(
    signature: Signature,
    *,
    dtypes: Collection[str] | None = None,
    mnemonics: Collection[str] | None = None,
    temps: Sequence[str] = ("t0", "t1", "t2", "t3"),
    largest: int = LARGEST_LENGTH,
    words: Collection[str] | None = None,
) -> str:
    """The grammar of the kernels that can be written for one op, in llguidance's Lark dialect.

    It accepts every kernel that the builder accepts for the signature, up to the names of its
    temps; and no name in it can be a keyword or an operand. The name terminal is a complement,
    which lark's LALR lexer cannot read (it takes the first alternative that matches, not the
    longest); its Earley parser can.

    Args:
        signature: whose operands can be loaded and stored.
        dtypes: of temps, fills, ranges and casts; None for all.
        mnemonics: the instructions to the right of ``=`` that the kernel may use, ``vexp``,
            ``mmad``, ``copy`` and so on; None for all. Loads, fills and views are always there.
        temps: the names that scratch in global memory may have.
        largest: no length in the text has more digits than this number, and neither than the
            elements of the largest operand.
        words: those that whoever writes the text knows; instructions, kinds and dtypes of other
            names are left out. None for all.

    Raises:
        ValueError: if nothing is left to choose from.
    """
    operands = [operand.name for operand in (*signature.inputs, *signature.outputs)]
    outputs = [operand.name for operand in signature.outputs]
    everywhere = [*operands, *temps]
    elements = [prod(o.shape) for o in (*signature.inputs, *signature.outputs)]
    digits = len(str(max(largest, *elements)))
    text = grammar()
    places = signature.places
    text = with_rule(text, "core", literal_words(places.core_names()))
    spaces = places.space_names
    text = with_rule(text, "memory", literal_words(spaces(Role.VECTOR, Role.MATRIX)))
    text = with_rule(text, "fillable", literal_words(spaces(Role.VECTOR, Role.ACCUMULATOR)))
    text = with_rule(text, "source", literal_words(everywhere))
    text = with_rule(text, "sink", literal_words([*outputs, *temps]))
    text = with_rule(text, "readable", f"{literal_words(everywhere)} | NAME")
    text = with_rule(text, "scratch", literal_words(temps))
    if dtypes is not None:
        text = with_rule(text, "dtype", literal_words(dtypes))
    if mnemonics is not None:
        text = _only(text, frozenset(mnemonics))
    if words is not None:
        text = _known(text, frozenset(words))
    text = with_rule(text, "LENGTH", f"/0|[1-9][0-9]{{0,{digits - 1}}}/")
    return with_rule(text, "NAME", f"/{name_pattern({*keywords(), *everywhere})}/")


def statement_grammar(
    signature: Signature,
    before: str,
    after: str,
    tiles: Collection[str],
    words: Collection[str] | None = None,
    statements: str = "assign+",
) -> str:
    """The grammar of a kernel text of which only vector statements in one place are open.

    They are over whole tiles: those that there are, and new ones named ``b0``, ``b1``, …

    Args:
        signature: of the kernel.
        before: the fixed lines before the statements.
        after: the fixed lines after them.
        tiles: the names of those that ``before`` defines.
        words: as :func:`narrowed_grammar` takes them.
        statements: the open place as a rule over ``assign``.
    """
    text = narrowed_grammar(signature, words=words)
    fixed = [f"{json.dumps(part)} " if part else "" for part in (before, after)]
    text = with_rule(text, "start", f"{fixed[0]}{statements} {fixed[1]}".rstrip())
    text = with_rule(text, "tile", "name")
    closed = {"load", "load_pad", "read", "mmad"}
    kept = [rule for rule in alternatives(text, "value") if rule not in closed]
    text = with_rule(text, "value", " | ".join(kept))
    text = with_rule(text, "fillable", literal_words(signature.places.space_names(Role.VECTOR)))
    others = (name for name in tiles if not name.removeprefix("b").isdigit())
    names = [*sorted({*others}), "b[0-9]{1,2}"]
    return with_rule(text, "NAME", f"/{'|'.join(names)}/")


def _only(text: str, mnemonics: frozenset[str]) -> str:
    """Leave only some instructions among the values."""
    kept = alternatives(text, "value")
    for rule in ("unary", "binary"):
        words = [word.strip('"') for word in alternatives(text, rule)]
        words = [word for word in words if word in mnemonics]
        if words:
            text = with_rule(text, rule, literal_words(words))
        else:
            kept.remove(f"{rule}_op")
    optional = {rule for rule in kept if rule.startswith("v") and rule != "view"} | {"mmad"}
    kept = [rule for rule in kept if rule not in optional or rule in mnemonics]
    return with_rule(text, "value", " | ".join(kept))


def _known(text: str, words: frozenset[str]) -> str:
    """Leave only instructions, kinds and dtypes that are among some words."""
    for rule in ("dtype", *KIND_RULES):
        known = [word for word in alternatives(text, rule) if word.strip('"') in words]
        if known:
            text = with_rule(text, rule, " | ".join(known))
    return _only(text, words)


def name_pattern(reserved: Collection[str]) -> str:
    """A regular expression without lookahead for all names but the reserved ones."""
    return _node("", frozenset(reserved))


def _node(prefix: str, words: frozenset[str]) -> str:
    """What may follow a prefix: letters that lead away from all words, or on towards one."""
    following = sorted({word[len(prefix)] for word in words if len(word) > len(prefix)})
    alternatives: list[str] = []
    letters = _REST if prefix else _FIRST
    away = "".join(letter for letter in letters if letter not in following)
    if away:
        alternatives.append(f"[{away}][A-Za-z0-9_]*")
    for letter in following:
        longer = prefix + letter
        below = frozenset(word for word in words if word.startswith(longer))
        alternatives.append(f"{letter}{_node(longer, below)}")
    may_end = bool(prefix) and prefix not in words
    return f"(?:{'|'.join(alternatives)}){'?' if may_end else ''}"
