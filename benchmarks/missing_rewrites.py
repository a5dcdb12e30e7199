"""What composition lacks: entries of functions are hidden, a local model is asked for them.

An answer counts if the check of entries admits it, as it is or mended (``entry_check/edits.py``,
``scaling.py``); the table says which. What mending alone is worth two controls say: ``--model
copy`` answers with the replacements of the examples that it is shown, ``--model dice`` with random
texts of the grammar. ``--together`` hides all functions at once, so
that none helps with another; without it each is hidden alone. Every answer is written to a file as
it comes, and what is in the file is not asked again.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from llguidance import LLTokenizer
from rich.console import Console
from rich.table import Table

from hawk_xdsl.codegen.computable_functions import without
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.knowledge_store import Entry, Message, RetrievalMode, load_seed_entries
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.decoding import decode
from hawk_xdsl.language_model.open_model import open_model
from hawk_xdsl.language_model.prompt import Prompt, PromptFormat, PromptRequest, instruct_format
from hawk_xdsl.language_model.rewrite_question import AskedFunction
from hawk_xdsl.language_model.sampling import Judge, Logits, Proposal, Sampling, Stop
from hawk_xdsl.language_model.text_model import TextModel
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.rewrites import ANSWERS, RewriteAnswer, RewriteSeeker
from hawk_xdsl.semantics.pattern import parse_pattern

_HYPERBOLIC = ("tanh", "sinh", "cosh", "asinh", "acosh", "atanh", "sigmoid")
_EXPONENTIAL = ("expm1", "log1p", "log2", "log10", "exp2", "rsqrt", "cbrt")
_OTHERS = ("erf", "tan", "atan", "asin", "acos", "roundeven", "round", "ceil", "trunc")
FUNCTIONS = {**dict.fromkeys([*_HYPERBOLIC, *_EXPONENTIAL, *_OTHERS], 1), "rem": 2, "copysign": 2}
"""The functions that are hidden, and how many arguments they have."""


class Dice:
    """A scorer that finds every byte as likely as any other."""

    def start(self, text: Sequence[int]) -> bool:
        """There is nothing to read."""
        return True

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        """There is nothing to read."""

    def scores_after(self, text: Sequence[int]) -> Logits | None:
        """The same for all."""
        return np.zeros(LLTokenizer("byte").vocab_size, np.float32)


@dataclass(frozen=True)
class NoModel:
    """A control: answers with the examples of a question, or with random texts of its grammar."""

    name: str
    prompt_format: PromptFormat
    words: frozenset[str] | None = None

    def prompt(self, request: PromptRequest) -> Prompt:
        """It is asked for expressions only."""
        raise NotImplementedError

    def propose(
        self,
        prompt: str | Sequence[Message],
        grammar: str,
        sampling: Sampling,
        *,
        deadline_seconds: float = float("inf"),
        judge: Callable[[], Judge] | None = None,
    ) -> list[Proposal]:
        """As many answers as a model would give."""
        if self.name == "dice":
            random = replace(sampling, greedy=False)
            deadline = time.monotonic() + deadline_seconds
            return decode(Dice(), LLTokenizer("byte"), grammar, random, deadline)
        head = "    return "
        lines = [line for line in str(prompt).splitlines() if line.startswith(head)]
        return [Proposal(line[len(head) :], 0.0, 0, 0, Stop.END, 0.0) for line in lines]


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


def seeker_of(model: TextModel, given: argparse.Namespace, hidden: Iterable[str]) -> RewriteSeeker:
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
        row["written"] = found[-1].after
        row["mended"] = found[-1].after != last.artifact.after
    return row


def opened(name: str) -> TextModel:
    """A model, or a control."""
    if name in ("copy", "dice"):
        return NoModel(name, instruct_format())
    return open_model(name)


def rows(given: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Asks for every function that the state file lacks."""
    known = answered(given.output)
    hidden = "together" if given.together else "alone"
    times = f"{given.answers}x{given.questions} seed {given.seed}"
    condition = f"{given.model} {hidden} {given.retrieval} {times}"
    model: TextModel | None = None
    for function in given.functions or FUNCTIONS:
        if f"{condition} {function}" in known:
            yield known[f"{condition} {function}"]
            continue
        if model is None:
            model = opened(given.model)
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
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--questions", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the state, JSON lines")
    found = list(rows(parser.parse_args()))
    table = Table("function", "answers", "seconds", "admitted", "mended", "error", "domain")
    for row in found:
        cells = (row["function"], row["answers"], f"{row['seconds']:.0f}", row.get("admitted", ""))
        more = (row.get(name, "") for name in ("mended", "error", "domain"))
        table.add_row(*map(str, cells), *map(str, more))
    Console().print(table)
    everywhere = sum("admitted" in row and not row["domain"] for row in found)
    partly = sum(bool("admitted" in row and row["domain"]) for row in found)
    mended = sum(bool(row.get("mended")) for row in found)
    print(f"{everywhere} of {len(found)} admitted everywhere, {partly} more in a domain")
    print(f"{mended} of them mended, not as answered")


if __name__ == "__main__":
    main()
