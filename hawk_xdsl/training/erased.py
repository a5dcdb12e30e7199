"""Specifications with shapes, dtypes, literals and names erased: what two ops have in common."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import COMMUTATIVE, Affine, Term, walk

HELD_OUT_SHARE = 8
"""Percent of the erased keys that are never trained on."""


EXCLUDED_FILE = "excluded.json"
"""For each unseen operator of the benchmark, the erased keys that no lesson may have."""


@cache
def excluded_keys() -> frozenset[str]:
    """The erased keys that no lesson may have: those of the benchmark's unseen operators."""
    text = (files("hawk_xdsl.training") / EXCLUDED_FILE).read_text(encoding="utf-8")
    return frozenset(key for keys in json.loads(text).values() for key in keys)


def is_held_out(key: str) -> bool:
    """Whether lessons of an erased key are for evaluation only."""
    return int(key, 16) % 100 < HELD_OUT_SHARE


def erased_key(specification: Specification) -> str:
    """Sixteen digits, equal for ops that differ in shapes, dtypes, literals and names only.

    Casts are dropped, the arguments of commutative functions sorted, operands and axes numbered in
    the order in which the expression comes to them.
    """
    roots = [result.term for result in specification.results]
    shapes = _shapes(roots)
    names: dict[str, str] = {}
    texts = [
        f"[{_index(result.index, names)}] = {_text(result.term, shapes, names)}"
        for result in specification.results
    ]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _shapes(roots: Iterable[Term]) -> dict[Term, str]:
    """A hash of each term without any names, by which commutative arguments are sorted."""
    found: dict[Term, str] = {}
    for term in walk(roots):
        args = [found[arg] for arg in term.args]
        if term.op == "cast":
            found[term] = args[0]
            continue
        if term.op in COMMUTATIVE:
            args.sort()
        text = f"{term.op}/{len(term.bound)}/{len(term.axes)}({','.join(args)})"
        found[term] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def _text(root: Term, shapes: Mapping[Term, str], names: dict[str, str]) -> str:
    """A term as text, shared parts by number, operands and axes renamed as they come."""
    known: dict[Term, str] = {}

    def say(term: Term) -> str:
        if term in known:
            return known[term]
        args = list(term.args)
        if term.op in COMMUTATIVE:
            args.sort(key=lambda arg: shapes[arg])
        inner = [say(arg) for arg in args]
        match term.op:
            case "cast":
                return inner[0]
            case "const":
                return "c"
            case "read":
                text = f"{_named(term.operand, names)}[{_index(term.index, names)}]"
            case "index":
                text = f"@{_index(term.index, names)}"
            case _:
                bound = ",".join(sorted(_named(axis, names) for axis in term.bound))
                place = _index(term.index, names)
                text = f"{term.op}<{bound}{place}>({', '.join(inner)})"
        known[term] = f"#{len(known)}" if term.args else text
        return text

    return say(root)


def _index(index: Iterable[Affine], names: dict[str, str]) -> str:
    """The axes of an index, without offsets and strides."""
    return ", ".join("+".join(_named(axis, names) for axis, _ in dim.terms) for dim in index)


def _named(name: str, names: dict[str, str]) -> str:
    return names.setdefault(name, f"n{len(names)}")
