"""The grammar of the kernel text: the file, with words from the dialect's tables.

``grammar.lark`` says how statements are written. Which instructions, kinds and dtypes there are,
the tables say: where the file has ``!binary: "vadd"`` the grammar has every binary instruction.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES
from hawk_xdsl.dialects.npu import KINDS, OpForm, rows_of

KIND_RULES: Mapping[str, OpForm] = {
    "comparison": OpForm.COMPARE,
    "rounding": OpForm.CAST,
    "reduction": OpForm.REDUCE,
    "accumulation": OpForm.CUMULATE,
}
"""The rules whose words a form chooses from."""


def _words() -> dict[str, tuple[str, ...]]:
    """Rule → the words that the tables have for it."""
    rules = {rule: tuple(map(str, KINDS[form])) for rule, form in KIND_RULES.items()}
    return rules | {
        "unary": tuple(row.mnemonic for row in rows_of(OpForm.UNARY)),
        "binary": tuple(row.mnemonic for row in rows_of(OpForm.BINARY)),
        "dtype": BUFFER_DTYPES,
    }


@cache
def grammar() -> str:
    """The whole grammar: Lark syntax that both lark and llguidance read."""
    file = files(__name__.rpartition(".")[0]).joinpath("grammar.lark")
    text = file.read_text(encoding="utf-8")
    for rule, words in _words().items():
        shown = [word.strip('"') for word in alternatives(text, rule)]
        text = with_rule(text, rule, literal_words([*words, *shown]))
    return text


def with_rule(text: str, rule: str, body: str) -> str:
    """Replace the one-line definition of a rule or terminal."""
    result, count = re.subn(
        rf"^([!?]?{rule}): .*$", lambda found: f"{found[1]}: {body}", text, flags=re.MULTILINE
    )
    assert count == 1, f"the grammar defines {rule} {count} times"
    return result


def alternatives(text: str, rule: str) -> list[str]:
    """The alternatives of a rule, as they are written."""
    found = re.search(rf"^[!?]?{rule}: (.*)$", text, flags=re.MULTILINE)
    assert found is not None, f"the grammar has no {rule}"
    return [word.strip() for word in found[1].split("|")]


def literal_words(words: Iterable[str]) -> str:
    """Alternatives of literal words, each once. Raises ``ValueError`` if there is none."""
    chosen = list(dict.fromkeys(words))
    if not chosen:
        raise ValueError("a narrowed rule has no word left")
    return " | ".join(f'"{word}"' for word in chosen)
