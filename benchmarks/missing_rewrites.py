"""What composition lacks: entries of functions are hidden, a local model is asked for them.

An answer counts if the check of entries admits it. ``--together`` hides all functions at once, so
that none helps with another; without it each is hidden alone. Every answer is written to a file as
it comes, and what is in the file is not asked again.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hawk_xdsl.codegen.computable_functions import without
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.knowledge_store import Entry, RetrievalMode, load_seed_entries
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.rewrite_question import AskedFunction
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.rewrites import RewriteAnswer, RewriteSeeker
from hawk_xdsl.semantics.pattern import parse_pattern

_HYPERBOLIC = ("tanh", "sinh", "cosh", "asinh", "acosh", "atanh", "sigmoid")
_EXPONENTIAL = ("expm1", "log1p", "log2", "log10", "exp2", "rsqrt", "cbrt")
_OTHERS = ("erf", "tan", "atan", "asin", "acos", "roundeven", "round", "ceil", "trunc")
FUNCTIONS = {**dict.fromkeys([*_HYPERBOLIC, *_EXPONENTIAL, *_OTHERS], 1), "rem": 2, "copysign": 2}
"""The functions that are hidden, and how many arguments they have."""


def knowledge_without(entries: Iterable[Entry], names: Iterable[str]) -> list[Entry]:
    """The entries that neither say how to compute one of these functions nor use it."""
    hidden = frozenset(names)

    def uses(text: str | None) -> bool:
        return text is not None and "$" not in text and bool(parse_pattern(text).functions & hidden)

    return [e for e in entries if not (uses(e.artifact.before) or uses(e.artifact.after))]


def answered(state: Path) -> dict[str, dict[str, object]]:
    """What a state file holds, by the condition and the function."""
    if not state.exists():
        return {}
    rows = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    return {f"{row['condition']} {row['function']}": row for row in rows}


def seeker_of(model: LocalModel, given: argparse.Namespace, hidden: Iterable[str]) -> RewriteSeeker:
    """Somebody who asks for rewrites without the knowledge of hidden functions."""
    entries = knowledge_without(load_seed_entries(), hidden)
    target = load_target(given.target)
    mode = RetrievalMode(given.retrieval)
    author = Author.of(model, entries, target, mode)
    composer = without(Composer.for_target(entries, target), list(hidden))
    asked = (given.seed, given.questions, given.answers)
    return RewriteSeeker(author, entries, composer, target, *asked)


def row_of(function: str, found: list[RewriteAnswer], seconds: float) -> dict[str, object]:
    """What is kept of the answers about a function."""
    row: dict[str, object] = {"function": function, "answers": len(found), "seconds": seconds}
    row["refused"] = [[f.after, f.admission.reason] for f in found if f.admission.entry is None]
    row["tokens"] = sum(f.tokens for f in found)
    last = found[-1].admission.entry if found else None
    if last is not None:
        row["admitted"] = last.artifact.after
        row["error"] = str(last.artifact.error)
        row["domain"] = [list(limits) for _, limits in last.artifact.domain]
        row["first"] = found[0].admission.entry is not None
    return row


def rows(given: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Asks for every function that the state file lacks."""
    known = answered(given.output)
    hidden = "together" if given.together else "alone"
    times = f"{given.answers}x{given.questions} seed {given.seed}"
    condition = f"{given.model} {hidden} {given.retrieval} {times}"
    model: LocalModel | None = None
    for function in given.functions or FUNCTIONS:
        if f"{condition} {function}" in known:
            yield known[f"{condition} {function}"]
            continue
        if model is None:
            model = LocalModel.load(find_model(given.model))
        seeker = seeker_of(model, given, FUNCTIONS if given.together else [function])
        started = time.monotonic()
        found = seeker.seek(AskedFunction(function, FUNCTIONS[function]), given.seconds)
        row = {"condition": condition, **row_of(function, found, time.monotonic() - started)}
        with given.output.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps({k: v for k, v in row.items() if k != "refused"}), flush=True)
        yield row


def main() -> None:
    """Prints for each function what was admitted, and how many were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--functions", nargs="*")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--retrieval", default="fused")
    parser.add_argument("--target", default="ascend910b1")
    parser.add_argument("--answers", type=int, default=8)
    parser.add_argument("--questions", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the state, JSON lines")
    found = list(rows(parser.parse_args()))
    table = Table("function", "answers", "seconds", "admitted", "error", "domain")
    for row in found:
        cells = (row["function"], row["answers"], f"{row['seconds']:.0f}", row.get("admitted", ""))
        table.add_row(*map(str, cells), str(row.get("error", "")), str(row.get("domain", "")))
    Console().print(table)
    everywhere = sum("admitted" in row and not row["domain"] for row in found)
    partly = sum(bool("admitted" in row and row["domain"]) for row in found)
    print(f"{everywhere} of {len(found)} admitted everywhere, {partly} more in a domain")


if __name__ == "__main__":
    main()
