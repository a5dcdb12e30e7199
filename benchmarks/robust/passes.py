"""Damaged IR for the passes under the stock ``xdsl-opt``: its diagnostics are what is wanted."""

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from xdsl.universe import Universe
from xdsl.utils.exceptions import DiagnosticException

from hawk_xdsl.errors import ReadError
from hawk_xdsl.ir_text import read_module
from hawk_xdsl.universe import context
from robust.damage import FILE_DAMAGES, TEXT_DAMAGES, change_everywhere
from robust.trial import Trial

IR = Path(__file__).parents[2] / "lit_tests" / "passes"
"""Sound and wrong IR for each pass, in files that begin with the pass's name."""

PASSES = sorted(Universe.get_multiverse().all_passes, key=len, reverse=True)
"""All there are, the longest names first: one may begin as another."""

OPTIONS = {
    "npu-decide": {"sources": "composition", "attempts": 1, "store": "new.sqlite"},
    "npu-bind-extents": {"names": ("n0",), "values": (7,)},
}

DAMAGES = (*TEXT_DAMAGES * 3, *(change_everywhere,) * 9, *FILE_DAMAGES[:3])


def damaged_ir(folder: Path, random: Random) -> Trial:
    """One pass over IR that it was not written for."""
    file = random.choice(sorted(IR.glob("npu-*.mlir")))
    name = next(each for each in PASSES if file.stem.startswith(each))
    folder.mkdir(parents=True)

    def prepare() -> str:
        copy = folder / file.name
        copy.write_bytes(file.read_bytes())
        return f"{file.name}: {random.choice(DAMAGES)(copy, random)}"

    return Trial("passes", f"xdsl-opt -p {name} {file.name}", folder, prepare, _opt(file, name))


def _opt(file: Path, name: str) -> Callable[[], None]:
    """What ``xdsl-opt`` does; what xDSL itself does not read is not ours to tell.

    Nor is how long it takes: its lexer needs 2^n steps for a string that does not end.
    """

    def run() -> None:
        multiverse = Universe.get_multiverse()
        chosen = multiverse.all_passes[name]()(**OPTIONS.get(name, {}))
        for chunk in Path(file.name).read_bytes().split(b"// -----"):
            try:
                module = read_module(chunk.decode(), file.name)
            except (ReadError, UnicodeDecodeError):
                continue
            try:
                chosen.apply(context(), module)
                module.verify()
            except DiagnosticException as error:
                print(f"hawk: {' '.join(str(error).split())[:500]}", file=sys.stderr)
                sys.exit(1)

    return run
