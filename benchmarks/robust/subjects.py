"""What is damaged, and which commands must then say what is wrong, in what share of the trials."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from robust import damage
from robust.arguments import wrong_arguments
from robust.damage import FILE_DAMAGES, TEXT_DAMAGES, Damage
from robust.passes import damaged_ir
from robust.sound import hawk
from robust.trial import Trial

Arguments = tuple[object, ...]


@dataclass(frozen=True)
class Subject:
    """Something sound to damage.

    ``parts`` of the originals are copied for each trial; a file of ``targets`` is damaged (patterns
    below a part); ``commands`` give the arguments, relative to the trial's folder.
    """

    name: str
    share: int
    parts: tuple[str, ...]
    targets: tuple[tuple[str, tuple[Damage, ...]], ...]
    commands: tuple[Arguments, ...]


JSON = (damage.change_json,) * 6 + TEXT_DAMAGES[:4] + FILE_DAMAGES
TEXT = TEXT_DAMAGES * 2 + FILE_DAMAGES
ARRAYS = (damage.change_header,) * 8 + FILE_DAMAGES
ROWS = (*(damage.change_row,) * 24, *(damage.change_schema,) * 6, damage.write_rubbish_log)

COMPOSE = ("--sources", "composition", "-o", "new", "--attempts", "2", "--tuning", "0")

ASK = (
    *("--sources", "model", "--model", "model", "--attempts", "1", "--tuning", "0"),
    *("--seconds", "0.2", "--host-fallback", "-o", "new", "--store", "new.sqlite"),
)

SUBJECTS = (
    Subject(
        "output directory",
        26,
        ("exp", "rows"),
        (
            ("*/main.mlir", TEXT),
            ("*/report.json", JSON),
            ("*/weights.safetensors", ARRAYS),
            ("*/example.safetensors", ARRAYS),
            ("rows/target.toml", TEXT),
        ),
        (
            *(("run", "exp"), ("run", "rows"), ("trace", "rows"), ("run", "rows", "-o", "values")),
            *(("report", "exp", "--json"), ("report", "rows", "-o", "page.html")),
            *(("explain", "rows"), ("run", "exp", "--watch", "@elementwise_0:b0")),
        ),
    ),
    Subject(
        "store",
        26,
        ("store.sqlite", "exp.mlir"),
        (("store.sqlite", (*ROWS, *FILE_DAMAGES)),),
        (
            ("knowledge", "list", "--store", "store.sqlite"),
            ("knowledge", "show", "abs-of-abs", "--store", "store.sqlite"),
            ("knowledge", "log", "--store", "store.sqlite"),
            ("knowledge", "undo", "--store", "store.sqlite"),
            ("knowledge", "export", "-o", "x.jsonl", "--store", "store.sqlite"),
            ("knowledge", "export", "-f", "dpo", "-o", "x.jsonl", "--store", "store.sqlite"),
            ("knowledge", "synthesize", "--seconds", "1", "--store", "store.sqlite"),
            ("knowledge", "prune", "--seconds", "1", "--ops", "1", "--store", "store.sqlite"),
            ("compile", "exp.mlir", *COMPOSE, "--store", "store.sqlite"),
            ("compile", "exp.mlir", "--sources", "replay", "-o", "new", "--store", "store.sqlite"),
        ),
    ),
    Subject(
        "entries",
        10,
        ("entry.toml",),
        (("entry.toml", TEXT),),
        (("knowledge", "add", "entry.toml", "--store", "new.sqlite"),),
    ),
    Subject(
        "target",
        12,
        ("exp.mlir", "ascend910b1.toml", "ascend950.toml", "mine.toml"),
        (("*.toml", TEXT),),
        tuple(
            ("compile", "exp.mlir", *COMPOSE, "--store", "new.sqlite", "-t", f"{name}.toml")
            for name in ("ascend910b1", "ascend950", "mine")
        ),
    ),
    Subject(
        "module",
        12,
        ("exp.mlir", "rows.mlir"),
        (("*.mlir", (*TEXT, *(damage.change_everywhere,) * 30)),),
        tuple(
            ("compile", f"{name}.mlir", *COMPOSE, "--store", "new.sqlite")
            for name in ("exp", "rows")
        ),
    ),
    Subject(
        "language model",
        5,
        ("model", "exp.mlir"),
        (
            ("model/*.json", JSON),
            ("model/hawk_prompt.toml", TEXT),
            ("model/*.safetensors", ARRAYS),
        ),
        (("compile", "exp.mlir", *ASK),),
    ),
    Subject(
        "input array",
        3,
        ("exp", "x.npy"),
        (("x.npy", (damage.truncate, damage.change_array, damage.change_array, *FILE_DAMAGES)),),
        (("run", "exp", "-i", "x.npy"),),
    ),
)


def trials(originals: Path, place: Path, count: int, seed: int, only: str = "") -> Iterator[Trial]:
    """``count`` trials of all subjects, seeded, each in a folder of its own below ``place``."""
    chosen = [subject for subject in SUBJECTS if only in subject.name]
    makers: list[tuple[int, Callable[[Path, Random], Trial]]] = [
        (subject.share, _damaged(subject, originals)) for subject in chosen
    ]
    if only in "arguments":
        makers.append((6 if chosen else 1, _wrong(originals)))
    if only in "passes":
        makers.append((10 if chosen else 1, damaged_ir))
    weights, makes = [weight for weight, _ in makers], [make for _, make in makers]
    random = Random(seed)
    for number in range(count):
        own = Random(f"{seed}/{number}")
        folder = place / f"{number:05}"
        yield random.choices(makes, weights)[0](folder, own)


def controls(originals: Path, place: Path) -> Iterator[Trial]:
    """Every command on sound files: unless it does what it should, no trial of it says anything."""
    for subject in SUBJECTS:
        for number, arguments in enumerate(subject.commands):
            folder = place / f"{subject.name}-{number}"
            folder.mkdir(parents=True)
            parts = [part for part in subject.parts if part in _named(arguments)]

            def prepare(parts: list[str] = parts, folder: Path = folder) -> str:
                _copy(originals, parts, folder)
                return "none"

            yield Trial(subject.name, _told(arguments), folder, prepare, hawk(arguments))


def _named(arguments: Arguments) -> set[str]:
    return {Path(str(argument)).parts[0] for argument in arguments}


def _copy(originals: Path, parts: Sequence[str], folder: Path) -> None:
    for part in parts:
        copy = shutil.copytree if (originals / part).is_dir() else shutil.copy2
        copy(originals / part, folder / part)


def _damaged(subject: Subject, originals: Path) -> Callable[[Path, Random], Trial]:
    def make(folder: Path, random: Random) -> Trial:
        arguments = random.choice(subject.commands)
        folder.mkdir(parents=True)
        parts = [part for part in subject.parts if part in _named(arguments)]
        reached = [target for target in subject.targets if _matches(originals, parts, target[0])]
        pattern, damages = random.choice(reached)
        file = random.choice(_matches(originals, parts, pattern))

        def prepare() -> str:
            _copy(originals, parts, folder)
            return f"{file}: {random.choice(damages)(folder / file, random)}"

        return Trial(subject.name, _told(arguments), folder, prepare, hawk(arguments))

    return make


def _matches(originals: Path, parts: Sequence[str], pattern: str) -> list[Path]:
    found = sorted(
        path.relative_to(originals) for path in originals.glob(pattern) if path.is_file()
    )
    return [path for path in found if path.parts[0] in parts]


def _wrong(originals: Path) -> Callable[[Path, Random], Trial]:
    def make(folder: Path, random: Random) -> Trial:
        folder.mkdir(parents=True)
        own = folder / "sound"  # a wrong command may write where it should not
        arguments = wrong_arguments(own, random)

        def prepare() -> str:
            shutil.copytree(originals, own)
            return "none"

        return Trial("arguments", _told(arguments), folder, prepare, hawk(arguments))

    return make


def _told(arguments: Arguments) -> str:
    return "hawk " + " ".join(
        repr(a)[:60] if not str(a).isprintable() else str(a)[:60] for a in arguments
    )
