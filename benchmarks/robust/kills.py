"""Compiles that are killed at some time: the directory and the store must be the old or the new."""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import KnowledgeStore
from hawk_xdsl.pipeline import load_compiled
from hawk_xdsl.saved import KERNELS_FOLDER, MODULE_FILE
from robust.sound import hawk
from robust.trial import Trial, fork


def kill_compiles(originals: Path, place: Path, count: int, seed: int) -> list[str]:
    """Kills ``count`` compiles over a directory that is there; says what was lost.

    The times are drawn over the whole of a compile, every third in its last fifth, where the
    directory is written.
    """
    place.mkdir(parents=True)
    random = Random(f"{seed}/kills")
    seconds = _compile(originals, place / "whole", None) if count else 0.0
    if count and _same(place / "whole" / "out", originals / "exp"):
        return ["the compile that is to be killed fails by itself"]
    lost: list[str] = []
    for number in range(count):
        share = random.uniform(0.8, 1.02) if number % 3 == 0 else random.random()
        folder = place / f"{number:03}"
        _compile(originals, folder, share * seconds)
        new = place / "whole" / "out"
        if reason := _loss(originals, folder, new):
            lost.append(f"killed after {share * seconds:.3f} of {seconds:.3f} s: {reason}")
        shutil.rmtree(folder)
    return lost


def _compile(originals: Path, folder: Path, kill_after: float | None) -> float:
    """Compiles ``rows.mlir`` over a compiled ``exp.mlir``, and kills it; returns the seconds.

    What it leaves may be the directory of before; where it is not killed, it may not.
    """
    folder.mkdir()
    shutil.copytree(originals / "exp", folder / "out")
    shutil.copy2(originals / "store.sqlite", folder / "store.sqlite")
    model, target = originals / "rows.mlir", originals / "mine.toml"
    arguments = ("compile", model, "-o", "out", "-t", target, "--no-run",
                 "--sources", "composition", "--store", "store.sqlite")  # fmt: skip
    began = time.monotonic()
    child = fork(Trial("kill", "", folder, lambda: "", hawk(arguments)))
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - began


def _loss(originals: Path, folder: Path, new: Path) -> str:
    """What is not as it was before, nor as it is after a compile; empty if nothing."""
    out = folder / "out"
    if not any(_same(out, whole) for whole in (originals / "exp", new)):
        return "the directory is neither the old one nor the new one"
    for check in (lambda: load_compiled(out), lambda: _check_store(originals, folder)):
        if reason := _reason(check):
            return reason
    return ""


def _same(one: Path, other: Path) -> bool:
    """Whether two directories hold the same module and kernels; reports tell times too.

    A report that was being completed may lie beside the whole one, as ``*.partial``.
    """
    if not (one / MODULE_FILE).is_file():
        return False
    names = [
        sorted(each.relative_to(d) for each in d.rglob("*") if each.suffix != ".partial")
        for d in (one, other)
    ]
    texts = [
        [
            (d / MODULE_FILE).read_bytes(),
            *(f.read_bytes() for f in sorted((d / KERNELS_FOLDER).iterdir())),
        ]
        for d in (one, other)
    ]
    return names[0] == names[1] and texts[0] == texts[1]


def _check_store(originals: Path, folder: Path) -> None:
    """Raises ``HawkError`` unless all that was in the store is there, and it is whole."""
    file = folder / "store.sqlite"
    with KnowledgeStore(file) as after, KnowledgeStore(originals / "store.sqlite") as store:
        before = tuple(store.outcomes())
        if tuple(after.outcomes())[: len(before)] != before:
            raise HawkError("outcomes of the store are gone")
        if {k.key for k in store.kernels()} - {k.key for k in after.kernels()}:
            raise HawkError("kernels of the store are gone")
        if store.entries() != after.entries() or store.curations() != after.curations():
            raise HawkError("entries of the store are gone")
    with sqlite3.connect(file) as base:
        [(said,)] = base.execute("PRAGMA integrity_check").fetchall()
    base.close()
    if said != "ok":
        raise HawkError(f"the store is damaged: {said}")


def _reason(check: Callable[[], object]) -> str:
    try:
        check()
    except HawkError as error:
        return str(error)
    return ""
