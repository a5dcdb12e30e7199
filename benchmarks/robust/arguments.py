"""Command lines that are wrong: values that no option may have, places that cannot be written."""

from pathlib import Path
from random import Random

NOT_NUMBERS = ("nan", "-1", "0", "inf", "1e400", "x", "", "9" * 400, "1.5", "-inf", "４２", "0x10")
NOT_PATHS = (
    "",
    "/",
    "/proc/nowhere/at/all",
    "a\tb",
    "x" * 5000,
    "/dev/null/x",
    "~",
    "-",
    "💥",
    "\ud800",
    ".",
)
NOT_WORDS = ("", "nonsense", "ALL", "all,all", "💥", "-", "--", "$(x)", "a b", "\n")

NUMBERS = {
    "compile": ("--attempts", "--tuning", "--seconds", "--seed"),
    "knowledge synthesize": ("--seconds",),
    "knowledge prune": ("--seconds", "--ops"),
    "bench": (
        "--cases", "--model-cases", "--seeds", "--attempts", "--tuning", "--minutes", "--jobs",
        "--model-seconds", "--case-seconds",
    ),
    "model generate": ("--count", "--seed", "--elements"),
    "model train": ("--minutes", "--steps", "--seed", "--learning-rate", "--batch-tokens"),
    "model evaluate": ("--lessons", "--attempts", "--seed"),
    "model adopt": ("--lessons", "--attempts"),
}  # fmt: skip
"""Options that take numbers."""

PATHS = {
    "compile": ("--output", "--store", "--target", "--model"),
    "run": ("--input", "--output"),
    "trace": ("--output", "--kernel"),
    "knowledge list": ("--store",),
    "knowledge show": ("--store",),
    "knowledge add": ("--store",),
    "knowledge export": ("--store", "--output"),
    "knowledge synthesize": ("--store", "--target"),
    "bench": ("--operators", "--output", "--target", "--model"),
    "model generate": ("--output", "--store", "--target"),
    "model train": ("--output", "--data", "--start"),
    "model evaluate": ("--data", "--store", "--target"),
    "model adopt": ("--data", "--store"),
    "model exclude": ("--output",),
}
"""Options that take places."""

WORDS = {
    "compile": ("--sources", "--retrieval", "--target", "--nonsense"),
    "knowledge list": ("--kind",),
    "knowledge export": ("--format", "--run", "--target"),
    "bench": ("--conditions", "--only", "--target"),
    "model train": ("--shape",),
    "knowledge": ("--nonsense",),
    "": ("--nonsense",),
}
"""Options that take names."""


def wrong_arguments(originals: Path, random: Random) -> tuple[object, ...]:
    """A command line with one thing wrong, seldom with nothing wrong at all."""
    table, values = random.choice(((NUMBERS, NOT_NUMBERS), (PATHS, NOT_PATHS), (WORDS, NOT_WORDS)))
    command = random.choice(list(table))
    option, value = random.choice(table[command]), random.choice(values)
    if table is PATHS and random.random() < 0.4:
        value = str(
            random.choice(
                (
                    originals,
                    originals / "exp.mlir",
                    originals / "exp.mlir" / "x",
                    originals / "x.npy",
                )
            )
        )
    arguments = _rest(command, originals, random)
    if option in arguments:
        at = arguments.index(option)
        arguments[at + 1] = value
    else:
        arguments += [option, value]
    return (*command.split(), *arguments)


def _rest(command: str, originals: Path, random: Random) -> list[object]:
    """What else the command wants, sound nearly always."""
    if random.random() < 0.1:
        return [random.choice(NOT_PATHS)]
    match command:
        case "compile":
            source = random.choice(
                (originals / "exp.mlir",) * 8 + NOT_PATHS + ("x.py:f", "x.mlir", "f.py")
            )
            return [source, "--sources", "composition", "--store", "new.sqlite", "--output", "new"]
        case "run" | "trace":
            return [random.choice((originals / "exp",) * 4 + NOT_PATHS)]
        case "knowledge show":
            return [random.choice(("abs-of-abs", "whole-tiles", *NOT_WORDS))]
        case "knowledge add":
            return [random.choice((originals / "entry.toml",) * 3 + NOT_PATHS)]
        case "knowledge export":
            return ["--output", "x.jsonl", "--store", "new.sqlite"]
        case "knowledge synthesize" | "knowledge prune" | "knowledge list":
            return ["--store", "new.sqlite"]
        case "bench":
            return ["--operators", originals / "exp.mlir", "--output", "new"]
        case "model generate":
            return ["--output", "new", "--count", "1", "--store", "new.sqlite"]
        case "model train":
            return ["--output", "new", "--data", "none", "--steps", "1"]
        case "model evaluate" | "model adopt":
            return [originals / "model", "--data", "none", "--store", "new.sqlite"]
        case "model exclude":
            return [originals / "exp.mlir"]
        case _:
            return []
