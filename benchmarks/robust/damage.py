"""Ways to damage a file: its bytes, the values of a document, the rows of a database, its place."""

import json
import os
import re
import sqlite3
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np

Damage = Callable[[Path, Random], str]
"""Damages a file in place and says how."""

NUMBERS = ("0", "-1", "1e999", "nan", "inf", "-inf", "99999999999999999999", "1.5", "9" * 5000)
"""What numbers become. The last has more digits than Python reads."""

ODD_TEXTS = (
    "",
    "\x00",
    "💥",
    "../../etc/passwd",
    "a" * 20_000,
    "%s%n",
    "'''",
    '"',
    "${x}",
    "\u202e",
)
"""What texts become."""

VALUES: tuple[object, ...] = (
    None, True, -1, 0, 1 << 70, 1e308, float("nan"), float("inf"), "", "x", [], {}, [[]], {"a": {}},
    *ODD_TEXTS[1:4],
)  # fmt: skip
"""What values of a document become."""


def flip_bits(file: Path, random: Random) -> str:
    """One to eight bytes become others."""
    data = bytearray(file.read_bytes())
    count = random.choice((1, 1, 2, 8))
    for _ in range(count if data else 0):
        data[random.randrange(len(data))] = random.randrange(256)
    file.write_bytes(data)
    return f"{count} bytes changed"


def truncate(file: Path, random: Random) -> str:
    """The end is missing."""
    data = file.read_bytes()
    kept = random.choice(
        (0, 1, len(data) // 2, max(0, len(data) - 1), random.randint(0, len(data)))
    )
    file.write_bytes(data[:kept])
    return f"cut to {kept} bytes"


def lengthen(file: Path, random: Random) -> str:
    """Something is put into it: rubbish, another encoding, deep nesting."""
    data = file.read_bytes()
    place = random.choice((0, len(data), random.randint(0, len(data))))
    what = random.choice(
        (b"\xff\xfe", b"\x00" * 64, b"[" * 100_000, b"{" * 5_000, b'{"a":' * 3_000, b"(" * 3_000)
    )
    file.write_bytes(data[:place] + what + data[place:])
    return f"{what[:4]!r} × {len(what)} at {place}"


def recode(file: Path, random: Random) -> str:
    """Its text is in an encoding that is not UTF-8."""
    text = file.read_bytes().decode("utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-32"))
    file.write_bytes(text.encode(encoding, "surrogatepass"))
    return encoding


def remove(file: Path, random: Random) -> str:
    """It is not there."""
    file.unlink()
    return "missing"


def make_directory(file: Path, random: Random) -> str:
    """A directory has its name."""
    file.unlink()
    file.mkdir()
    if random.random() < 0.5:
        (file / "x").write_text("x")
    return "a directory"


def make_odd_file(file: Path, random: Random) -> str:
    """A link to nowhere, to itself, or to a device that ends at once has its name."""
    file.unlink()
    aim = random.choice(("/proc/nowhere/at/all", file.name, os.devnull))
    file.symlink_to(aim)
    return f"a link to {aim}"


def forbid(file: Path, random: Random) -> str:
    """Nobody may read it; means nothing to the superuser."""
    file.chmod(0)
    return "no right to read"


FILE_DAMAGES: tuple[Damage, ...] = (
    *(flip_bits,) * 4, *(truncate,) * 2, lengthen, lengthen, recode, remove, make_directory,
    make_odd_file, forbid,
)  # fmt: skip


def change_number(file: Path, random: Random) -> str:
    """One number of a text becomes another, or none."""
    text = file.read_text(encoding="utf-8")
    found = list(re.finditer(r"(?<![\w.])-?\d+(\.\d+)?(e-?\d+)?", text))
    if not found:
        return flip_bits(file, random)
    at, number = random.choice(found), random.choice(NUMBERS)
    file.write_text(text[: at.start()] + number + text[at.end() :], encoding="utf-8")
    return f"{at[0][:20]} → {number[:20]} at {at.start()}"


def change_word(file: Path, random: Random) -> str:
    """One word of a text is dropped, doubled, or becomes another word of the text."""
    text = file.read_text(encoding="utf-8")
    found = list(re.finditer(r"[A-Za-z_][\w.]*", text))
    if not found:
        return flip_bits(file, random)
    at = random.choice(found)
    word = random.choice(
        ("", at[0] + " " + at[0], random.choice(found)[0], random.choice(ODD_TEXTS))
    )
    text = text[: at.start()] + word + text[at.end() :]
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return f"{at[0][:20]} → {word[:20]!r} at {at.start()}"


def change_line(file: Path, random: Random) -> str:
    """A line is missing, there twice, or in another place."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if not lines:
        return flip_bits(file, random)
    at = random.randrange(len(lines))
    line = lines.pop(at)
    if (how := random.randrange(3)) == 1:
        lines[at:at] = [line, line]
    elif how == 2:
        lines.insert(random.randint(0, len(lines)), line)
    file.write_text("".join(lines), encoding="utf-8")
    return f"line {at + 1} {('missing', 'twice', 'moved')[how]}"


def change_everywhere(file: Path, random: Random) -> str:
    """One type, extent or op of a module becomes another, wherever it stands."""
    text = file.read_text(encoding="utf-8")
    # In 16x64xf32 three things stand side by side.
    found = {s: rf"(?:(?<=x)|(?<![\w.%])){re.escape(s)}(?:(?=x)|(?![\w.]))" for s in SYNONYMS}
    said = random.choice([s for s, pattern in found.items() if re.search(pattern, text)])
    other = random.choice(SYNONYMS[said])
    file.write_text(re.sub(found[said], other, text), encoding="utf-8")
    return f"{said} → {other} everywhere"


_TYPES = (
    "f64",
    "bf16",
    "f16",
    "i1",
    "i8",
    "ui8",
    "i64",
    "i128",
    "index",
    "complex<f32>",
    "f8E4M3FN",
)

_EXTENTS = ("0", "1", "?", "7", "8192", "99999999999")

SYNONYMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("f32", "f16", "i32"), _TYPES),
    **dict.fromkeys(("8", "16", "32", "64"), _EXTENTS),
    "reduction": ("parallel", "window"),
    "linalg.exp": ("linalg.log", "linalg.tanh", "linalg.erf", "linalg.softmax", "linalg.copy"),
    "linalg.add": ("linalg.sub", "linalg.div", "linalg.div_unsigned", "linalg.max", "linalg.powf"),
    "arith.addf": ("arith.mulf", "arith.remf", "arith.maximumf", "arith.addi", "arith.minnumf"),
    "math.absf": ("math.sin", "math.ctpop", "math.absi", "math.cbrt", "math.fma", "arith.negf"),
    "arith.truncf": ("arith.extf", "arith.fptosi", "arith.bitcast", "arith.fptoui"),
    "i": ("i + j", "0", "i floordiv 2", "i * 3", "j"),
    "0.0": ("1.0", "0x7F800000", "0x7FC00000", "1e60", "-0.0"),
    "tensor": ("memref", "vector", "!torch.vtensor", "tensor<2x"),
    "func.func": ("func.func private", "func.func nested"),
}
"""What stands in modules, and what may stand there instead."""


TEXT_DAMAGES: tuple[Damage, ...] = (*(change_number,) * 4, *(change_word,) * 3, *(change_line,) * 2)


def change_json(file: Path, random: Random) -> str:
    """A value of a JSON document is missing, or of another kind."""
    document = json.loads(file.read_text(encoding="utf-8"))
    places = list(_places(document, ()))
    if not places:
        return flip_bits(file, random)
    *path, key = random.choice(places)
    parent = document
    for step in path:
        parent = parent[step]
    if random.random() < 0.3:
        del parent[key]
        told = "dropped"
    else:
        parent[key] = random.choice(VALUES)
        told = repr(parent[key])[:30]
    file.write_text(json.dumps(document), encoding="utf-8")
    return f"{'.'.join(map(str, (*path, key)))}: {told}"


def _places(value: object, path: tuple[object, ...]):
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:40])
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))


def change_header(file: Path, random: Random) -> str:
    """The header of a safetensors file says something else: shapes, dtypes, offsets."""
    data = file.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = file.with_suffix(".header")
    header.write_bytes(data[8 : 8 + size])
    told = change_json(header, random)
    changed = header.read_bytes()
    header.unlink()
    file.write_bytes(struct.pack("<Q", len(changed)) + changed + data[8 + size :])
    return told


def change_row(file: Path, random: Random) -> str:
    """One cell of a database is of another type, or says something else."""
    with sqlite3.connect(file) as base:
        tables = [
            name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        filled = [t for t in tables if base.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
        table = random.choice(filled)
        column = random.choice([row[1] for row in base.execute(f"PRAGMA table_info({table})")])
        value = random.choice(
            (b"\xff\x00", "", "[", "{}", "[1]", "[[1]]", '{"a": 1}', "null", -1, 1 << 62, 1e308,
             float("inf"), "NaN", "x" * 20_000, "\ud7ff", '[{"role": 3}]', "[" * 50_000)
        )  # fmt: skip
        with suppress(sqlite3.IntegrityError):  # some columns do not take everything
            base.execute(
                f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = "
                f"(SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET ?)",
                (value, random.randrange(3)),
            )
    base.close()
    return f"{table}.{column} = {str(value)[:20]!r}"


def change_schema(file: Path, random: Random) -> str:
    """A table or a column is missing or has another name, or the version is another."""
    with sqlite3.connect(file) as base:
        tables = [
            name
            for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
            if not name.startswith("sqlite_")
        ]
        table = random.choice(tables)
        column = random.choice([row[1] for row in base.execute(f"PRAGMA table_info({table})")])
        told = random.choice(
            (
                f"DROP TABLE {table}",
                f"ALTER TABLE {table} RENAME TO other",
                f"ALTER TABLE {table} RENAME COLUMN {column} TO other",
                f"ALTER TABLE {table} ADD COLUMN more TEXT DEFAULT 'x'",
                "UPDATE meta SET value = 'new'",
                "UPDATE meta SET value = '1'",
                "UPDATE meta SET value = '-7'",
                "DELETE FROM meta",
            )
        )
        base.execute(told)
    base.close()
    return told


def write_rubbish_log(file: Path, random: Random) -> str:
    """The write-ahead log beside a database is not one."""
    log = file.with_name(f"{file.name}-wal")
    log.write_bytes(random.randbytes(4096))
    return "rubbish in the log"


def change_array(file: Path, random: Random) -> str:
    """An array of another shape or dtype, a pickled object, or an archive."""
    shapes = ((), (0, 64), (64, 16), (16, 64, 1), (16,))
    dtype = random.choice(("f2", "f8", "i8", "c8", "U3", "V7", "M8[s]", "?", "O", "npz"))
    if dtype == "npz":
        np.savez(file.with_suffix(".npz"), a=np.ones(3))
        file.with_suffix(".npz").replace(file)
        return "an archive"
    shape = (16, 64) if random.random() < 0.5 else random.choice(shapes)
    np.save(file, np.zeros(shape, dtype), allow_pickle=True)
    return f"{dtype} of shape {shape}"
