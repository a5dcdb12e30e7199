"""Parsers of the package's grammars, kept in the user's cache: read in 8 ms, made in 0.3 s."""

from contextlib import suppress
from pathlib import Path

import platformdirs
from lark import Lark


def parser_of_grammar(text: str, name: str, *, positions: bool = False) -> Lark:
    """The LALR parser of a grammar in Lark's syntax.

    Args:
        text: the grammar.
        name: of its file in the cache, one for each grammar of the package. Lark writes it anew
            where it is of another grammar or version, and does without one it cannot use.
        positions: whether nodes of a tree know their lines.
    """
    file = platformdirs.user_cache_path("hawk-xdsl") / "grammars" / f"{name}.lark"
    return Lark(
        text,
        parser="lalr",
        propagate_positions=positions,
        cache=str(file) if _made(file) else False,
    )


def _made(file: Path) -> bool:
    """Whether the folder of a file is there, now."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return file.parent.is_dir()
