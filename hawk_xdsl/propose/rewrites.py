"""Asks the model for the rewrite of a function that nothing says how to compute, and composes.

What a model answers is short, and judged by itself within a second: the check of entries measures
it like any other rewrite. What it admits is kept in the store, and composition goes on with it.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.computable_functions import computable_functions
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.entry_check.admission import Admission, admit
from hawk_xdsl.entry_check.edits import edited
from hawk_xdsl.entry_check.meaning import FLOAT
from hawk_xdsl.entry_check.scaling import scaled
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.knowledge_store import Entry, Message, Query
from hawk_xdsl.knowledge_store.features import HardwareFeatures
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.rewrite_question import (
    AskedFunction,
    RefusedRewrite,
    RewriteQuestion,
    is_example,
    meaning_in_words,
)
from hawk_xdsl.language_model.sampling import Sampling
from hawk_xdsl.npu_target import Target
from hawk_xdsl.propose.assignment import Assignment, Spending
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft, DraftFailure, Proposer
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Term

EXAMPLES = 4
"""Rewrites of the knowledge that a question shows."""

ANSWERS = 16
"""Answers to one question: the likeliest one, and samples. They are written together."""

QUESTIONS = 2
"""Questions about one function; the second tells what was wrong with an answer to the first."""

FUNCTIONS = 3
"""Functions that are asked for, of one op."""

ANSWER_TOKENS = 56
"""Of an answer; the rewrites that are known take up to fifty."""

TEMPERATURE = 0.8
WARMER = 0.05
"""The temperature of samples, and by how much it rises from one to the next."""


@dataclass(frozen=True)
class RewriteAnswer:
    """One answer of a model about a function, and what the check said of it."""

    after: str
    admission: Admission
    prompt: tuple[Message, ...]
    tokens: int
    seconds: float


@dataclass
class RewriteSeeker:
    """Asks a model for rewrites of functions, and admits what the check finds right.

    Args:
        author: the model, and how entries are retrieved for its questions.
        entries: the knowledge in use.
        composer: its rewrites and instructions.
        target: whose instructions compute.
        seed: of the samples.
        questions: how often to ask about one function.
        answers: how many answers to each question.
    """

    author: Author
    entries: Sequence[Entry]
    composer: Composer
    target: Target
    seed: int = 0
    questions: int = QUESTIONS
    answers: int = ANSWERS
    spending: Spending = field(default_factory=Spending)

    def seek(self, function: AskedFunction, seconds: float) -> list[RewriteAnswer]:
        """Answers about a function, the last one admitted if one is right.

        Raises ``HawkError`` if the model fails.
        """
        found: list[RewriteAnswer] = []
        tried: set[str] = set()
        failure: RefusedRewrite | None = None
        deadline = time.monotonic() + seconds
        for number in range(self.questions):
            left = deadline - time.monotonic()
            if left <= 0:
                self.spending.timed_out = True
                break
            question = self._question(function, failure)
            started = time.monotonic()
            sampling = Sampling(
                self.answers,
                ANSWER_TOKENS,
                self.seed + number,
                TEMPERATURE,
                greedy=number == 0,
                warmer=WARMER,
            )
            proposals = self.author.expressions(question, sampling, seconds=left)
            each = (time.monotonic() - started) / max(1, len(proposals))
            self.spending.tokens += sum(proposal.tokens for proposal in proposals)
            for proposal in proposals:
                after = proposal.text.strip()
                if not proposal.finished or after in tried:
                    continue
                tried.add(after)
                admission = self._admit(function, after, question.available)
                found.append(
                    RewriteAnswer(after, admission, question.messages, proposal.tokens, each)
                )
                if admission.entry is not None and not admission.entry.artifact.domain:
                    return found
            partly = [each for each in found if each.admission.entry is not None]
            if partly:
                found.remove(partly[0])
                return [*found, partly[0]]
            if found:
                failure = RefusedRewrite(found[-1].after, found[-1].admission.reason)
        return found

    def _question(self, function: AskedFunction, failure: RefusedRewrite | None) -> RewriteQuestion:
        available = [
            AskedFunction(each.name, each.arity)
            for each in computable_functions(self.composer)
            if each.name != function.name and each.arity <= 2
        ]
        words = meaning_in_words(function)
        retriever = self.author.retriever_of([each for each in self.entries if is_example(each)])
        query = Query(words, (function.name,), HardwareFeatures(ops=(function.name,)))
        examples = [found.entry for found in retriever.retrieve(query, EXAMPLES)]
        return RewriteQuestion(
            function,
            [*available, AskedFunction("select", 3)],
            [each for each in examples if (each.artifact.before or "") != function.call],
            failure,
        )

    def _admit(
        self, function: AskedFunction, after: str, available: Sequence[AskedFunction]
    ) -> Admission:
        found = self._checked(function, after, "")
        if found.entry is None:
            arities = {each.name: each.arity for each in available}
            for other, how in _mended(function, after, arities):
                mended = self._checked(function, other, f"{after}, {how}: ")
                if mended.entry is not None:
                    return mended
        return found

    def _checked(self, function: AskedFunction, after: str, mended: str) -> Admission:
        digest = hashlib.sha256(after.encode()).hexdigest()[:8]
        rationale = (
            f"Nothing said how to compute {meaning_in_words(function)}; {self.author.name} wrote "
            f"{mended}this replacement, and the check of entries measured it."
        )
        name = f"{function.name}-found-{digest}"
        return admit(function.call, after, name, rationale, self.composer, self.target)


@dataclass
class RewriteProposer:
    """Composition of an op, with rewrites that the model was asked for.

    ``compose`` makes a proposer of the drafts with a wider composer; ``keep`` gets each entry that
    was admitted.
    """

    given: Assignment
    compose: Callable[[Assignment], Proposer | None]
    _inner: Proposer | None = None
    _waiting: list[Draft] = field(default_factory=list[Draft])
    _prompt: tuple[Message, ...] = ()
    _asked: bool = False

    def next(self) -> Draft | None:
        """What was wrong with answers, as drafts with a failure; then what composition makes."""
        if not self._asked:
            self._asked = True
            self._ask()
        if self._waiting:
            return self._waiting.pop(0)
        draft = None if self._inner is None else self._inner.next()
        if draft is None or draft.failure is not None:
            return draft
        prompt, self._prompt = self._prompt, ()
        return replace(draft, prompt=prompt)

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """Passed on to the composition."""
        if self._inner is not None:
            self._inner.learn(draft, verdict)

    def _ask(self) -> None:
        given = self.given
        composer, found = given.composer, list[Entry]()
        seconds = given.settings.budget.seconds
        started = time.monotonic()
        for _ in range(FUNCTIONS):
            function = missing_function(composer, given.specification)
            if function is None:
                break
            left = seconds - (time.monotonic() - started)
            entry = self._sought(function, [*given.entries, *found], composer, left)
            if entry is None:
                return
            found.append(entry)
            given.keep(entry)
            added = Composer.for_target([entry], given.target)
            composer = replace(composer, rules=(*composer.rules, *added.rules))
        if found:
            names = given.learned | {entry.name for entry in found}
            entries = [*given.entries, *found]
            self._inner = self.compose(
                replace(given, entries=entries, composer=composer, learned=names)
            )

    def _sought(
        self, function: AskedFunction, entries: Sequence[Entry], composer: Composer, seconds: float
    ) -> Entry | None:
        given = self.given
        author = given.author()
        given.progress(f"asking {author.name} for {function.call}")
        seeker = RewriteSeeker(
            author,
            entries,
            composer,
            given.target,
            given.settings.seed,
            spending=given.spending,
        )
        try:
            answers = seeker.seek(function, seconds)
        except HawkError as error:
            self._waiting.append(_refused("", "model", error.message, (), author.name))
            return None
        admitted: Entry | None = None
        for answer in answers:
            if (entry := answer.admission.entry) is not None:
                admitted, self._prompt = entry, answer.prompt
                continue
            about = f"{function.call} = {answer.after}: {answer.admission.reason}"
            refused = _refused(answer.after, "rewrite", about, answer.prompt, author.name)
            self._waiting.append(replace(refused, tokens=answer.tokens, seconds=answer.seconds))
        return admitted


def _mended(
    function: AskedFunction, after: str, available: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """An answer that lacks a constant with it, and what one edit makes right; what was done."""
    with suppress(HawkError):
        yield from (
            (text, "with a constant that it lacked") for text in scaled(function.call, after)
        )
        for text in edited(function.call, after, available):
            yield text, "edited at one place"


def missing_function(composer: Composer, specification: Specification) -> AskedFunction | None:
    """The function of float elements that keeps an op from being composed, if one does."""
    try:
        composer.compose(specification)
    except NoInstructionError as error:
        return None if error.term is None else _asked(error.term)
    except HawkError:
        return None
    return None


def _asked(term: Term) -> AskedFunction | None:
    elements = not (term.is_reduction or term.is_scan) and term.op in FLOAT
    arity = len(term.args)
    floats = all(each.dtype.is_float for each in (term, *term.args))
    if not elements or not floats or not 1 <= arity <= 2:
        return None
    return AskedFunction(term.op, arity)


def _refused(text: str, code: str, message: str, prompt: tuple[Message, ...], model: str) -> Draft:
    failure = DraftFailure(code, message)
    return Draft(Source.MODEL, text, failure=failure, prompt=prompt, model=model)


def propose_rewrites(
    compose: Callable[[Assignment], Proposer | None],
) -> Callable[[Assignment], RewriteProposer | None]:
    """Makes proposers that ask a general model for functions, where the settings ask a model."""

    def propose(given: Assignment) -> RewriteProposer | None:
        sources = given.settings.sources
        if not (sources.asks_model and sources.composes) or given.kernel_format() is not None:
            return None
        if missing_function(given.composer, given.specification) is None:
            return None
        return RewriteProposer(given, compose)

    return propose
