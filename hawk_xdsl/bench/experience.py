"""Decides the cases of an operator suite with one store, so that it has something to judge by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hawk_xdsl.bench.comparison import compare_on_fresh_inputs
from hawk_xdsl.bench.imports import Imports
from hawk_xdsl.bench.suite import Case
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import StorePlace
from hawk_xdsl.pipeline import compile_with
from hawk_xdsl.propose.settings import Budget, Settings, Sources


@dataclass(frozen=True)
class Tried:
    """What came of a case: ``right`` only if no op is on the host and fresh inputs agree."""

    case: Case
    right: bool
    wrong: bool  # accepted by the gate, and not equal on fresh inputs
    attempts: int
    cycles: float


def experience(
    cases: Sequence[Case],
    imports: Imports,
    target: str,
    store: StorePlace,
    *,
    attempts: int = 8,
    seed: int = 0,
    compare: bool = True,
) -> Iterator[Tried]:
    """Decides cases one after the other by composition; the store remembers all of it.

    Without ``compare`` only the gate says what is right. Cases that the front end cannot import
    are left out.
    """
    settings = Settings(
        Sources.COMPOSITION, Budget(attempts=attempts, tuning=0), host_fallback=True, seed=seed
    )
    for case in cases:
        try:
            program = imports.program(case)
            with open_decider(target, settings, store=store) as decider:
                compiled = compile_with(decider, program)
        except HawkError:
            continue
        hosts = sum(not placed.symbols for placed in compiled.placed)
        mistake, cycles = None, 0.0
        if compare and (hosts < len(compiled.placed) or not hosts):
            compared = compare_on_fresh_inputs(case, compiled, seed)
            mistake, cycles = compared.mistake, compared.cycles
        yield Tried(
            case,
            hosts == 0 and mistake is None,
            mistake is not None,
            sum(p.decision.effort.attempts for p in compiled.placed if not p.repeated),
            cycles,
        )
