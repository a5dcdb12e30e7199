"""The verifier's identity: a digest of the source files that a verdict depends on."""

import hashlib
from functools import cache
from pathlib import Path

from hawk_xdsl.files.digest import DIGITS

ROOMS = ("dialects", "npu_target", "semantics", "reference", "linalg", "transforms", "gate")
"""Folders of the package whose code decides a verdict; a test holds the gate's imports to them."""

FILES = ("errors.py", "files/boundary.py", "files/digest.py", "files/grammars.py")
"""Files beside the rooms that these import."""

SUFFIXES = (".py", ".lark")
"""What is code: the targets' TOML files are not, a kernel's key has a digest of its target."""

PACKAGE = Path(__file__).parents[1]


@cache
def verifier_digest() -> str:
    """The same for all processes of one installation; read once, in a few milliseconds."""
    digest = hashlib.sha256()
    for file in verifier_files():
        digest.update(f"{file.relative_to(PACKAGE).as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:DIGITS]


def verifier_files() -> list[Path]:
    """The source files, in a fixed order."""
    found = [PACKAGE / name for name in FILES]
    for room in ROOMS:
        found += [f for f in (PACKAGE / room).rglob("*") if f.suffix in SUFFIXES]
    return sorted(found)
