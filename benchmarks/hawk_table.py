"""Hawk's table: what a local model that was not trained on kernels writes, by what it is shown.

Whole bodies of the suite's small and ragged cases, under a grammar, line by line. Conditions:

``language``     the page about the language, nothing of the knowledge base
``rules``        beside it facts, and the entries that match the op
``syntactic`` … ``random``  beside those, verified kernels, retrieved so
``fused+repair`` the next question tells what was wrong with the last answer
``…+statements``  loops, loads and stores are given; the model writes what computes each step
``copy``         no model: the nearest examples, as they are

No example has the erased key of an unseen operator. Every case is written to the state file when
it is done, and not asked again; cases come in the suite's fair order, seen and unseen in turn.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from kernel_examples import ops_of
from rich.console import Console
from rich.table import Table as RichTable

from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.sample import in_fair_order
from hawk_xdsl.bench.statistics import Estimate, mean_by_cluster, share_by_cluster
from hawk_xdsl.bench.suite import Case, Split, load_suite
from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.knowledge_store import Entry, RetrievalMode, load_seed_entries
from hawk_xdsl.knowledge_store.kernel_examples import packaged_examples
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.nearest_kernels import NearestKernels, query_of
from hawk_xdsl.language_model.prompt import instruct_format
from hawk_xdsl.language_model.skeleton import Skeleton, skeletons
from hawk_xdsl.propose.assignment import Spending
from hawk_xdsl.propose.language_model import ModelProposer
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.training.teacher import GatedOp, Teacher

CONDITIONS = (
    *("language", "rules", "syntactic", "semantic", "fused", "random"),
    *("fused+repair", "language+statements", "random+statements", "fused+statements", "copy"),
)

PAIRS = (
    *(("rules", "language"), ("fused", "rules"), ("fused", "random")),
    *(("fused", "syntactic"), ("fused", "semantic"), ("fused+repair", "fused")),
    *(("fused+statements", "fused"), ("fused+statements", "language")),
    *(("fused+statements", "language+statements"), ("fused+statements", "random+statements")),
)
"""Conditions that are compared case by case."""

_NAME = re.compile(r"\b[vb][0-9]+\b")


@dataclass
class Answered:
    """What came of one case under one condition; tokens and seconds are those of its ops."""

    model: str
    condition: str
    case: str
    operator: str
    split: str
    ops: int = 0
    right: bool = True
    first: bool = True
    copied: bool = False
    attempts: int = 0
    tokens: int = 0
    rejected_lines: int = 0
    seconds: float = 0.0
    over_bound: float = 0.0
    timed_out: bool = False
    traps: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Told:
    """A text that somebody wrote: as it was written, and as kernel text unless that failed."""

    written: str
    text: str
    failure: str = ""


@dataclass(frozen=True)
class Table:
    """The model under the conditions.

    Attributes:
        teacher: the knowledge and the target.
        model: by its name.
        attempts: complete texts of each op.
        seconds: of the model, for each op.
        seed: of the samples.
    """

    teacher: Teacher
    model: str
    attempts: int
    seconds: float
    seed: int

    @cached_property
    def loaded(self) -> LocalModel:
        """The model, loaded when it is asked first."""
        return LocalModel.load(find_model(self.model))

    def row(self, condition: str, case: Case, ops: Sequence[GatedOp]) -> Answered:
        """What comes of a case: it is right if all its ops are."""
        operator = case.operator
        model = "" if condition == "copy" else self.model
        row = Answered(model, condition, case.name, operator.name, str(operator.split))
        row.ops = len(ops)
        for op in ops:
            started, spending = time.monotonic(), Spending()
            if condition == "copy":
                self._copy(op, row)
            else:
                self._ask(condition, op, row, spending)
            row.seconds += time.monotonic() - started
            row.tokens += spending.tokens
            row.rejected_lines += spending.rejected_lines
            row.timed_out |= spending.timed_out
        return row

    def _copy(self, op: GatedOp, row: Answered) -> None:
        kernels = NearestKernels(packaged_examples(), RetrievalMode.FUSED)
        tried, right = 0, False
        for example in kernels.of(query_of(op.specification, op.target), self.attempts):
            tried += 1
            try:
                verdict = op.gate.check(op.shorthand.expanded(example.text))
            except KernelTextError:
                _count(row, "syntax")
                continue
            right = verdict.accepted
            if right:
                _right(row, op, tried, verdict.cycles, copied=True)
                break
            _count(row, verdict.trap_code)
        row.attempts += tried
        row.right &= right
        row.first &= right

    def _ask(self, condition: str, op: GatedOp, row: Answered, spending: Spending) -> None:
        author = self._author(condition)
        steps = steps_of(op.specification).names
        teacher = self.teacher

        def plan() -> list[Skeleton | None]:
            if not condition.endswith("+statements"):
                return []
            found = skeletons(
                teacher.entries, op.specification, teacher.composer, teacher.target, steps
            )
            return [found[0]] * self.attempts if found else []

        asking = ModelProposer(
            lambda: author,
            op.specification,
            op.signature,
            bound_of(op.specification, op.target).cycles,
            self.seed,
            self.attempts,
            0,
            self.seconds,
            plan,
            spending=spending,
        )
        known = {_plain(example.text) for example in author.examples}
        tried, right = 0, False
        while not right and (draft := asking.next()) is not None:
            if draft.failure is not None:
                _count(row, draft.failure.code)
                continue
            tried += 1
            verdict = op.gate.check(draft.text)
            asking.learn(draft, verdict)
            right = verdict.accepted
            if right:
                copied = _plain(draft.written) in known
                # A text that the model gave up is no right first answer.
                first = tried + sum(row.traps.get(code, 0) for code in ("syntax", "unfinished"))
                _right(row, op, first, verdict.cycles, copied=copied)
            else:
                _count(row, verdict.trap_code)
        row.attempts += tried
        row.right &= right
        row.first &= right

    def _author(self, condition: str) -> Author:
        knowledge, _, way = condition.partition("+")
        form = replace(instruct_format(), repairs=way == "repair")
        entries: Sequence[Entry] = [] if knowledge == "language" else self.teacher.entries
        examples = [] if knowledge in ("language", "rules") else None
        shown = {str(mode): mode for mode in RetrievalMode}
        mode = shown.get(knowledge, RetrievalMode.FUSED)
        model = self.loaded.asked_in(form)
        return Author.of(model, entries, self.teacher.target, mode, examples)


def _count(row: Answered, code: str | None) -> None:
    row.traps[code or ""] = row.traps.get(code or "", 0) + 1


def _right(row: Answered, op: GatedOp, tried: int, cycles: int, *, copied: bool) -> None:
    row.first &= tried == 1
    row.copied |= copied
    row.over_bound = max(row.over_bound, cycles / bound_of(op.specification, op.target).cycles)


def _plain(text: str) -> str:
    """A text whose buffers and steps are numbered in the order in which they appear."""
    names: dict[str, str] = {}
    return _NAME.sub(lambda found: names.setdefault(found[0], f"n{len(names)}"), text)


def cases_of(suite: Path, count: int) -> list[Case]:
    """Small and ragged cases in the fair order, as many seen as unseen ones, in turn."""
    chosen = [c for c in in_fair_order(load_suite(suite).cases(), 0) if c.shape != "large"]
    seen, unseen = ([c for c in chosen if c.operator.split is split] for split in Split)
    pairs = zip(unseen[:count], seen[:count], strict=True)
    return [case for pair in pairs for case in pair]


def rows(given: argparse.Namespace) -> Iterator[Answered]:
    """All rows that were asked for: what the state file lacks is asked now, case by case."""
    state: Path = given.output
    lines = state.read_text(encoding="utf-8").splitlines() if state.exists() else []
    known = {(r.model, r.condition, r.case): r for r in (Answered(**json.loads(x)) for x in lines)}
    teacher = Teacher.of(load_seed_entries(), given.target)
    table = Table(teacher, given.model, given.attempts, given.seconds, given.seed)
    imports = Imports(given.imports, given.operators)
    started = time.monotonic()
    for case in cases_of(given.operators, given.cases):
        ops: list[GatedOp] | None = None
        for condition in given.conditions:
            key = ("" if condition == "copy" else given.model, condition, case.name)
            if key not in known:
                if time.monotonic() - started > 60 * given.minutes:
                    return
                ops = list(ops_of(case, imports, teacher)) if ops is None else ops
                if not ops or any(_steps(op) > given.longest for op in ops):
                    break
                known[key] = table.row(condition, case, ops)
                with state.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(known[key])) + "\n")
                print(json.dumps(asdict(known[key])), flush=True)
            yield known[key]


def _steps(op: GatedOp) -> int:
    """The functions that an op consists of."""
    return sum(not step.is_leaf for step in steps_of(op.specification).steps.values())


def shown(estimate: Estimate | None) -> str:
    """A share in percent with its interval."""
    if estimate is None:
        return ""
    return f"{estimate.value:.0%} [{estimate.low:.0%}, {estimate.high:.0%}]"


def print_table(found: Sequence[Answered]) -> None:
    """A line for each condition and split: shares, effort and the traps."""
    columns = ("condition", "split", "cases", "first", "within", "copied", "tokens", "s", "traps")
    table = RichTable(*columns)
    for condition in dict.fromkeys(row.condition for row in found):
        for split in Split:
            own = [r for r in found if r.condition == condition and r.split == split]
            if not own:
                continue
            first, within = (
                share_by_cluster((r.operator, bool(getattr(r, name))) for r in own)
                for name in ("first", "right")
            )
            right = [r for r in own if r.right]
            traps = sum((Counter(r.traps) for r in own), Counter[str]())
            table.add_row(
                condition,
                str(split),
                str(len(own)),
                shown(first),
                shown(within),
                f"{sum(r.copied for r in right)} of {len(right)}",
                f"{sum(r.tokens for r in own) / len(own):.0f}",
                f"{sum(r.seconds for r in own) / len(own):.0f}",
                ", ".join(f"{code} {number}" for code, number in traps.most_common(4)),
            )
    Console(width=160).print(table)


def print_pairs(found: Sequence[Answered]) -> None:
    """Paired differences of the share of right cases, by case, in points."""
    by_case: dict[str, dict[str, Answered]] = {}
    for row in found:
        by_case.setdefault(row.case, {})[row.condition] = row
    for better, than in PAIRS:
        both = [rows for rows in by_case.values() if better in rows and than in rows]
        gained = mean_by_cluster(
            (rows[better].operator, float(rows[better].right) - float(rows[than].right))
            for rows in both
        )
        if gained is not None:
            low, high = 100 * gained.low, 100 * gained.high
            said = f"{100 * gained.value:+.0f} points [{low:+.0f}, {high:+.0f}]"
            print(f"{better} against {than}: {said}, {len(both)} cases")


def main() -> None:
    """Asks what is left, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the state, JSON lines")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--conditions", nargs="*", default=CONDITIONS, choices=CONDITIONS)
    parser.add_argument("--cases", type=int, default=24, help="of each split")
    parser.add_argument("--longest", type=int, default=10**6, help="steps of an op")
    parser.add_argument("--attempts", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=600.0, help="of the model, for an op")
    parser.add_argument("--minutes", type=float, default=1e6, help="no case is started after them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", default="ascend910b1")
    parser.add_argument("--operators", type=Path, default=Path(__file__).parent / "operators.py")
    parser.add_argument("--imports", type=Path, default=Path("imports"))
    found = list(rows(parser.parse_args()))
    print_table(found)
    print_pairs(found)


if __name__ == "__main__":
    main()
