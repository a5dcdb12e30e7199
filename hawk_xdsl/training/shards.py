"""Sharded JSONL that survives interruption: a shard is whole, or it is named as damaged."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import LONGEST_SHOWN, member, typed
from hawk_xdsl.files.whole_file import write_whole

FORMAT = "hawk-distill-1"


class ShardError(HawkError):
    """A shard that is not whole or of another format; the message names what is wrong."""


def shard_path(directory: Path, number: int) -> Path:
    """The file of a shard."""
    return directory / f"shard-{number:05d}.jsonl"


def write_shard(path: Path, made_by: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a shard: a header, a line for each row, and an end with a checksum.

    It appears under its name only when it is complete and on the disk.
    """
    lines = [json.dumps({"format": FORMAT, "made_by": made_by}), *(json.dumps(r) for r in rows)]
    body = "".join(f"{line}\n" for line in lines)
    digest = hashlib.sha256(body.encode()).hexdigest()
    write_whole(path, body + json.dumps({"rows": len(rows), "sha256": digest}) + "\n")


def read_shard(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What made a shard, and its rows. Raises ``ShardError``."""
    with reading(path, "a damaged shard", kind=ShardError):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        parsed = [typed(dict[str, object], json.loads(line)) for line in lines]
        if not parsed or "format" not in parsed[0]:
            raise ShardError("not a shard: it has no header", file=str(path))
        if parsed[0]["format"] != FORMAT:
            found = str(parsed[0]["format"])[:LONGEST_SHOWN]
            raise ShardError(f"a shard of the format {found}, not {FORMAT}", file=str(path))
        end = parsed[-1]
        if "sha256" not in end:
            raise ShardError("a damaged shard: its end is missing", file=str(path))
        digest = hashlib.sha256("".join(lines[:-1]).encode()).hexdigest()
        if end.get("rows") != len(parsed) - 2 or end["sha256"] != digest:
            raise ShardError("a damaged shard: its checksum is wrong", file=str(path))
        return member(dict[str, object], parsed[0], "made_by"), parsed[1:-1]


def shards_of(directory: Path) -> Iterator[Path]:
    """The shards of a directory, in order. Raises ``ShardError`` if there is none."""
    found = sorted(directory.glob("shard-*.jsonl"))
    if not found:
        raise ShardError("no shards here", file=str(directory))
    yield from found
