"""The grammar of the kernel text: the file, with words from the dialect's tables.

``grammar.lark`` says how statements are written. Which instructions, kinds and dtypes there are,
the tables say: where the file has ``!binary: "vadd"`` the grammar has every binary instruction.
``blanks.lark`` says where people may write other blanks than the printer does.
"""

import json
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
    text = _file("grammar.lark")
    for rule, words in _words().items():
        shown = [word.strip('"') for word in alternatives(text, rule)]
        text = with_rule(text, rule, literal_words([*words, *shown]))
    return text


@cache
def canonical_blanks() -> dict[str, str]:
    """Terminal → how canonical text writes it, of those that may have more blanks.

    ``_COMMA`` is a comma and a space, ``_MARGIN``, which stands before the first line, is nothing.
    """
    written = definitions(grammar())
    terminals = (name for name in definitions(_file("blanks.lark")) if name.startswith("_"))
    return {name: json.loads(written.get(name, '""')) for name in terminals}


def with_blanks(text: str) -> str:
    """A grammar that lets people write blanks, empty lines and comments; for lark alone.

    llguidance is given the grammar without: it would let a model choose among blanks.
    """
    for name, body in definitions(_file("blanks.lark")).items():
        if any(line.startswith(f"{name}: ") for line in text.splitlines()):
            text = with_rule(text, name, body)
        else:
            text += f"\n{name}: {body}\n"
    return text


def definitions(text: str) -> dict[str, str]:
    """Rule or terminal → its definition, of a file with one a line."""
    lines = (line for line in text.splitlines() if line and not line.startswith("//"))
    return {name: body for name, _, body in (line.partition(": ") for line in lines)}


def _file(name: str) -> str:
    return files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")


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
