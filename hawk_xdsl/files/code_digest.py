"""A digest of what decides: the package's code and knowledge."""

import hashlib
from functools import cache
from pathlib import Path

from hawk_xdsl.files.digest import DIGITS

PACKAGE = Path(__file__).parents[1]
SUFFIXES = (".py", ".toml", ".lark", ".json", ".jsonl", ".txt")
NOT_DECIDING = ("bench", "cli", "executors", "inspection")
"""Folders that ask and show, without a say in what is decided."""


@cache
def code_digest() -> str:
    """The same for all processes of one version; read once, in some milliseconds."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*")):
        inside = file.relative_to(PACKAGE)
        if file.suffix in SUFFIXES and inside.parts[0] not in NOT_DECIDING:
            digest.update(inside.as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:DIGITS]
