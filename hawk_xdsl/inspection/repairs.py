"""What a refusal means and how it is repaired: knowledge of rules, by the refusal's code."""

import tomllib
from functools import cache
from importlib.resources import files

from hawk_xdsl.files.typed import typed
from hawk_xdsl.knowledge_store import EntryKind, load_seed_entries


def repair_of(code: str) -> str:
    """A sentence or two, ``""`` for a code that nobody knows.

    It is what the entry about the code says, which a model is told too, else what is written in
    ``repairs.toml``.
    """
    for entry in load_seed_entries():
        if entry.kind is EntryKind.RULE and code in entry.trigger.traps:
            return " ".join(entry.rationale.split())
    return _written().get(code, "")


@cache
def _written() -> dict[str, str]:
    text = (files("hawk_xdsl.inspection") / "repairs.toml").read_text(encoding="utf-8")
    return typed(dict[str, str], tomllib.loads(text)["repairs"])
