"""The models in the user's cache: a directory each, with a record of where its files come from."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.files.whole_file import write_whole

RECORD_FILE = "hawk_model.json"
"""In the directory of an installed model: its :class:`InstalledRecord`."""

PARTIAL = ".partial"
"""The ending of a directory that is still being filled."""

_READ_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class FileFacts:
    """What a file of a model must be: its bytes and the sha256 of them."""

    bytes: int
    sha256: str

    @staticmethod
    def of(path: Path) -> "FileFacts":
        """Of a file as it is."""
        return FileFacts(path.stat().st_size, sha256_of(path))


@dataclass(frozen=True)
class InstalledRecord:
    """Where a model comes from, and its files.

    ``origin`` is a hub's id with its revision, or a file's sha256.
    """

    origin: str
    licence: str
    files: Mapping[str, FileFacts]

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(facts.bytes for facts in self.files.values())


class DamagedModelError(HawkError):
    """Files of an installed model that are not what was installed."""


def models_directory() -> Path:
    """Where installed models are kept."""
    return platformdirs.user_cache_path("hawk-xdsl") / "coders"


def place_of(name: str) -> Path:
    """The directory of an installed model, whether or not it is there.

    Raises ``HawkError`` for a name that is no plain word.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) or name.endswith(PARTIAL):
        raise HawkError(f"a model's name is letters, digits, '.', '-' and '_': {name!r} is none")
    return models_directory() / name


def installed_models() -> Mapping[str, InstalledRecord]:
    """The models that are there, by name. Raises ``DamagedModelError`` for an unreadable record."""
    directory = models_directory()
    found = sorted(directory.iterdir()) if directory.is_dir() else []
    return {
        each.name: record_of(each)
        for each in found
        if not each.name.endswith(PARTIAL) and (each / RECORD_FILE).is_file()
    }


def interrupted_models() -> list[str]:
    """The names of the models whose download or import was interrupted."""
    directory = models_directory()
    found = directory.glob(f"*{PARTIAL}") if directory.is_dir() else []
    return sorted(each.name.removesuffix(PARTIAL) for each in found)


def record_of(directory: Path) -> InstalledRecord:
    """What was installed in a directory. Raises ``DamagedModelError``."""
    path = directory / RECORD_FILE
    todo = f"'hawk model remove {directory.name}' and get it again"
    with reading(path, "what was installed", todo=todo, kind=DamagedModelError):
        table = typed(dict[str, object], json.loads(path.read_text(encoding="utf-8")))
        files = typed(dict[str, dict[str, object]], table.get("files"), "files")
        facts = {
            name: FileFacts(typed(int, row.get("bytes")), typed(str, row.get("sha256")))
            for name, row in files.items()
        }
        origin, licence = (typed(str, table.get(key), key) for key in ("origin", "licence"))
    return InstalledRecord(origin, licence, facts)


def write_record(
    directory: Path, origin: str, licence: str, sums: Mapping[str, str] | None = None
) -> InstalledRecord:
    """Records all files of a directory as they are now; ``sums`` are sha256 that are known."""
    known = sums or {}
    files = {
        path.name: FileFacts(path.stat().st_size, known.get(path.name) or sha256_of(path))
        for path in sorted(directory.iterdir())
        if path.is_file() and path.name != RECORD_FILE
    }
    record = InstalledRecord(origin, licence, files)
    write_whole(directory / RECORD_FILE, json.dumps(asdict(record), indent=1) + "\n")
    return record


def verify(name: str, progress: Callable[[str], None] = lambda line: None) -> InstalledRecord:
    """Reads all files of an installed model again and compares them with its record.

    Raises ``DamagedModelError`` naming the files that differ or are gone.
    """
    directory = _installed(name)
    record = record_of(directory)
    wrong: list[str] = []
    for file, facts in record.files.items():
        progress(file)
        path = directory / file
        if not path.is_file() or FileFacts.of(path) != facts:
            wrong.append(file)
    if wrong:
        todo = f"'hawk model remove {name}' and get it again"
        raise DamagedModelError(f"damaged: {', '.join(wrong)}; {todo}", file=str(directory))
    return record


def remove(name: str) -> int:
    """Removes an installed or half-installed model; returns the bytes that are free again.

    Raises ``HawkError`` if there is none of that name.
    """
    place = place_of(name)
    found = [each for each in (place, place.with_name(place.name + PARTIAL)) if each.is_dir()]
    if not found:
        raise _unknown(name)
    freed = sum(path.stat().st_size for each in found for path in each.rglob("*") if path.is_file())
    for each in found:
        shutil.rmtree(each)
    return freed


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_AT_ONCE):
            digest.update(chunk)
    return digest.hexdigest()


def _installed(name: str) -> Path:
    place = place_of(name)
    if not place.is_dir():
        raise _unknown(name)
    return place


def _unknown(name: str) -> HawkError:
    known = ", ".join(installed_models()) or "none"
    return HawkError(f"no installed model {name!r}; there are: {known}")
