"""How long a kernel model takes to write eight texts for an op: the likeliest one, then seven more.

The ops are held-out lessons, as ``hawk model generate -o DIR`` writes them. Nothing is verified:
the time is that of the model, its grammar, and the judging of lines.
"""

import argparse
import time
from pathlib import Path
from statistics import mean, median

from rich.console import Console
from rich.table import Table

from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.training.dataset import split_of
from hawk_xdsl.training.evaluate import proposer_of, still_same
from hawk_xdsl.training.generate import lessons_of
from hawk_xdsl.training.teacher import GatedOp, Teachers

TEXTS = 8


def seconds_of(model: LocalModel, case: GatedOp) -> tuple[float, float]:
    """For the first text of an op, and for the others, which are written together."""
    proposer = proposer_of(model, case, attempts=TEXTS, seed=0)
    started = time.perf_counter()
    proposer.next()
    first = time.perf_counter()
    proposer.next()
    return first - started, time.perf_counter() - first


def main() -> None:
    """Prints the seconds for the first text, for the others, and for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-d", "--data", type=Path, action="append", required=True)
    parser.add_argument("--lessons", type=int, default=40)
    parser.add_argument("--model")
    given = parser.parse_args()
    lessons = [lesson for directory in given.data for lesson in lessons_of(directory)]
    teachers = Teachers(load_seed_entries())
    model = LocalModel.load(find_model(given.model))
    held_out = still_same(split_of(lessons, 0).held_out, given.lessons, teachers)
    took = [
        seconds_of(model, GatedOp.again(lesson, teachers[lesson.target])) for lesson in held_out
    ]
    table = Table("of", "mean, s", "median, s", "most, s", title=f"{len(took)} ops, {model.name}")
    first, others = zip(*took, strict=True)
    for name, times in (
        ("first text", first),
        (f"{TEXTS - 1} others", others),
        (f"all {TEXTS}", [a + b for a, b in took]),
    ):
        table.add_row(name, *(f"{of(times):.2f}" for of in (mean, median, max)))
    Console().print(table)


if __name__ == "__main__":
    main()
