"""The cases of a run as work for an executor: a value that opens the suite where it is sent."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property, partial

import platformdirs

from hawk_xdsl.bench.conditions import parse_condition
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.other_shapes import other_cases
from hawk_xdsl.bench.result import CaseResult, Task
from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.runner import Runner
from hawk_xdsl.bench.sample import in_fair_order
from hawk_xdsl.bench.suite import Case, load_suite
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.code_digest import code_digest
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.files.typed import typed
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.knowledge_store import (
    AnswerKey,
    AnswerRecord,
    Entry,
    KnowledgeStore,
    StorePlace,
    load_seed_entries,
    shared_store,
)
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.propose.settings import Budget


@dataclass(frozen=True)
class SuiteCases:
    """The cases of a suite in a fair order: all, those chosen, and those at other shapes."""

    of_suite: Sequence[Case]
    chosen: Sequence[Case]
    others: Sequence[Case]

    @staticmethod
    def of(options: Options) -> "SuiteCases":
        """The same everywhere. Raises ``HawkError`` for a wrong suite, and if none is chosen."""
        suite = load_suite(options.operators)
        cases = in_fair_order(suite.cases(), seed=0)
        chosen = _chosen(cases, options)
        others: list[Case] = []
        if options.other_shapes:
            names = {case.operator.name for case in chosen[: options.cases]}
            others = in_fair_order(other_cases(suite, load_seed_entries(), names), seed=0)
        return SuiteCases(cases, chosen, others)

    @cached_property
    def by_name(self) -> Mapping[str, Case]:
        """Each case by its name."""
        return {case.name: case for case in (*self.of_suite, *self.others)}


@dataclass(frozen=True)
class CaseWork:
    """Runs cases. A machine that lacks the suite's file gets it from ``suite``, its bytes."""

    options: Options
    suite: bytes
    learned: Mapping[str, Sequence[Entry]] = field(default_factory=dict[str, Sequence[Entry]])

    @staticmethod
    def of(options: Options) -> "CaseWork":
        """The work of a run, with places that mean the same wherever it is opened."""
        operators, out = options.operators.resolve(), options.out.resolve()
        placed = replace(options, operators=operators, out=out)
        return CaseWork(placed, operators.read_bytes())

    def sharing(self, options: Options) -> "CaseWork":
        """The same with a store that all processes of the open workplace can use.

        Raises ``HawkError`` if they are on several machines and the store is a file.
        """
        if options.store is None:
            return self
        store = shared_store(options.workplace, options.store)
        if store is None:
            raise HawkError(
                "several machines share no file: --store postgresql://…", file=str(options.store)
            )
        return replace(self, options=replace(self.options, store=store))

    def open(self) -> Callable[[Task], CaseResult]:
        """The function that runs a task. Raises ``HawkError``, as the suite does."""
        options = self.options
        if not options.out.is_dir():
            cache_folder = platformdirs.user_cache_path("hawk-xdsl") / "bench"
            options = replace(options, out=cache_folder)
        if not options.operators.is_file() or options.operators.read_bytes() != self.suite:
            file = options.out / "suites" / f"{self._suite_digest[:16]}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, self.suite.decode())
            options = replace(options, operators=file)
        runner = runner_of(options, SuiteCases.of(options))
        runner.learned.update(self.learned)
        return runner.run if options.store is None else self._sharing(runner, options.store)

    def _sharing(self, runner: Runner, place: StorePlace) -> Callable[[Task], CaseResult]:
        """Runs a case that no worker has run before, of this campaign or another."""
        store, target = KnowledgeStore(place), load_target(runner.target)

        def run(task: Task) -> CaseResult:
            key = self._key(runner, task, target)
            if (known := store.answer(key)) is not None:
                return typed(CaseResult, json.loads(known.answer), "answers.answer")
            result = runner.run(task)
            microseconds = target.microseconds(result.cycles) if result.right else None
            answer = json.dumps(asdict(result))
            store.put_answer(
                AnswerRecord(
                    **vars(key),
                    verdict=str(result.verdict),
                    answer=answer,
                    microseconds=microseconds,
                )
            )
            return result

        return run

    @cached_property
    def _suite_digest(self) -> str:
        return hashlib.sha256(self.suite).hexdigest()

    @cached_property
    def _model(self) -> str:
        return find_model(self.options.model).fingerprint()

    def _key(self, runner: Runner, task: Task, target: Target) -> AnswerKey:
        """A case is its suite's text and its name; who is asked is the rest."""
        asks = runner.conditions[task.condition].sources.asks_model
        model = self._model if asks else None
        learned = tuple(self.learned.get(task.condition, ()))
        asked = digest_of((task.condition, task.seed, runner.budget, model, learned))
        content = digest_of((self._suite_digest, task.case))
        return AnswerKey("case", content, target.digest, code_digest(), asked)


def runner_of(options: Options, cases: SuiteCases) -> Runner:
    """What runs the cases of a run in one process; the model is loaded when it is asked."""
    conditions = [parse_condition(text) for text in options.conditions]
    return Runner(
        cases=cases.by_name,
        conditions={condition.name: condition for condition in conditions},
        imports=Imports(options.out / "imports", options.operators),
        target=options.target,
        model=cache(partial(_loaded, options.model)),
        given=options.model,
        budget=Budget(
            options.attempts, options.tuning, options.model_seconds, patience=options.tuning
        ),
    )


def _loaded(model: str | None) -> LocalModel:
    return LocalModel.load(find_model(model))


def _chosen(cases: Sequence[Case], options: Options) -> list[Case]:
    found = [
        case
        for case in cases
        if not options.only or any(_matches(case, words.split()) for words in options.only)
    ]
    if not found:
        raise HawkError(f"no case matches {', '.join(options.only)}", file=str(options.operators))
    return found


def _matches(case: Case, words: Sequence[str]) -> bool:
    described = f"/{case.operator.family}/{case.operator.split}/{case.name}/"
    return all(word in described for word in words)
