"""Proposes drafts of the local model, question after question."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hawk_xdsl.dialects.kernel_text import KernelTextError, Signature
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.finer import in_smaller_tiles
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.prompt import FailedAttempt, Prompt, PromptTooLong
from hawk_xdsl.language_model.sampling import Fork, Proposal, Sampling, Stop
from hawk_xdsl.language_model.skeleton import Skeleton, skeletons
from hawk_xdsl.npu_target import TrapCode
from hawk_xdsl.propose.assignment import Assignment, Spending
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft, DraftFailure
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.steps import steps_of

CANDIDATES = 2
"""Texts that a general model is asked for at a time: the likeliest one, and a sample."""

KERNEL_CANDIDATES = 7
"""The same for a model that was trained to write kernels, but for its first text.

They take little more than one; but the first is often right, and others only make it wait.
"""

ABANDONED = 1
"""Texts that a kernel model may abandon or write again, for each new one that it may finish.

They cost no run of the gate; a general model mostly abandons all of them, so its count as finished.
"""

TEMPERATURE = 0.7
"""Of a general model's samples."""

GENERAL_REJECTIONS = 8
"""How often a line of a general model may be rejected, and how many lines it may give up.

It has not learned what builds; to write a line again takes it less than another text.
"""

KERNEL_TEMPERATURE = 0.8
WARMER = 0.12
"""The temperature of a kernel model's samples, and by how much it rises with each text before,
forks and those of earlier questions too.

Such a model is mostly sure: at one temperature its samples are soon the same again.
"""

FORKED = 4
"""Of the texts that a kernel model is asked for at a time, how many branch off its likeliest one,
each at another of the choices that were the most doubtful."""

LIKELY = 2
"""Questions that leave a kernel model only what is likely: it copies numbers and names badly."""

SLOW = "slow"
"""Stands for a trap where a kernel is right and slow."""

_STOPPED = {
    Stop.TOKENS: "the model did not finish a kernel within its tokens",
    Stop.DEADLINE: "the model did not finish a kernel within its time",
    Stop.GRAMMAR: "the grammar became too large for the decoder",
}

_CODES = {Stop.REJECTED: "syntax"}
"""What stopped a text whose last line does not build is what the gate would say about it."""


@dataclass
class ModelProposer:
    """Question after question about one op, at most ``most`` texts and ``seconds`` in all.

    A general model is told in the next question what became of its last text. One that was trained
    to write kernels is asked the same every time, and texts that it abandons or has written before
    are counted apart.

    After the first right kernel ``tuning`` further texts may be asked for. Unless the model is
    ``alone``, it is only asked to improve on what it wrote itself, and only if it is a general one:
    of other kernels, templates know better what is faster. ``spending`` counts what all texts took,
    tried or not.

    ``bound`` are the cycles that no kernel of the op can do without: slower ones are improved on.

    The questions leave open what ``plan`` says, one after the other, ``None`` for all of the text;
    after the last one all.

    ``author`` is asked for when the first question is. A model that fails (no memory, a prompt
    that does not fit) is a draft that failed; it is asked no more if it fails with one text.
    """

    author: Callable[[], Author]
    specification: Specification
    signature: Signature
    bound: float
    seed: int
    most: int
    tuning: int
    seconds: float
    plan: Callable[[], Sequence[Skeleton | None]] = tuple
    progress: Callable[[str], None] = lambda line: None
    alone: bool = True
    spending: Spending = field(default_factory=Spending)
    _waiting: list[Draft] = field(default_factory=list[Draft])
    _failure: FailedAttempt | None = None
    _plan: Sequence[Skeleton | None] | None = None
    _leads: bool = False
    _repairs: bool = True
    _at_once: int | None = None
    _rounds: int = 0
    _finished: int = 0
    _abandoned: int = 0
    _forks: list[Fork] = field(default_factory=list[Fork])
    _texts: set[str] = field(default_factory=set[str])
    _spent: float = 0.0
    _over: bool = False
    _right: bool = False

    def next(self) -> Draft | None:
        """The likeliest text of the last answer, or of the next one."""
        while not self._waiting and not self._over and self._left > 0:
            self._ask()
        return self._waiting.pop(0) if self._waiting else None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        """What was wrong or slow is what the next question is about."""
        if not verdict.accepted:
            self._fail(_shown(draft), verdict.trap_code or "", verdict.trap_message or "")
            if verdict.trap_code == TrapCode.CAPACITY and draft.source is Source.MODEL:
                self._make_finer(draft)
            return
        if not (self._right or self.alone or (draft.source is Source.MODEL and not self._leads)):
            self._over = True
            self._waiting.clear()
        self._right = True
        if (run := verdict.performance) is not None:
            pipe = run.bottleneck
            message = (
                f"right, but it takes {verdict.cycles} cycles where {self.bound:.0f} are possible; "
                f"the {pipe} pipe works {run.occupancy.get(pipe, 0.0):.0%} of them"
            )
            self._failure = FailedAttempt(_shown(draft), SLOW, message, bottleneck=str(pipe))

    @property
    def _left(self) -> int:
        """How many texts may still be asked for."""
        limit = self.most + (self.tuning if self._right else 0)
        free = ABANDONED * limit if self._leads else 0
        return limit - self._finished - max(0, self._abandoned - free)

    def _fail(self, text: str, trap: str, message: str) -> None:
        self._failure = FailedAttempt(text, trap, message)

    def _ask(self) -> None:
        author = self.author()
        left = self.seconds - self._spent
        if left <= 0:
            self._give_up("timeout", f"the model used up its {self.seconds:g} s")
            self.spending.timed_out = True
            return
        self._leads = author.leads
        self._repairs = author.repairs
        if self._at_once is None:
            self._at_once = CANDIDATES if self._repairs else KERNEL_CANDIDATES
        wanted = 1 if not self._repairs and self._rounds == 0 else self._at_once
        skeleton = self._planned()
        sampling = self._sampling(min(wanted, self._left), free=skeleton is None)
        self.progress(f"asking {author.name}")
        started = time.monotonic()
        try:
            prompt, proposals = self._answer(author, skeleton, sampling, left)
        except HawkError as error:
            # Several texts may be too much at once where one is not.
            self._give_up(_code(error), error.message, for_good=wanted == 1)
            self._at_once = 1
            return
        finally:
            took = time.monotonic() - started
            self._spent += took
        self._forks = self._forks[len(sampling.forks) :]
        if self._leads and self._rounds == 0 and skeleton is None:
            self._forks = list(proposals[0].forks)
        self._rounds += 1
        self.spending.tokens += sum(proposal.tokens + proposal.taken_back for proposal in proposals)
        self.spending.rejected_lines += sum(each.rejected_lines for each in proposals)
        new = self._new(proposals)
        finished = sum(proposal.finished for proposal in new)
        self._finished += finished
        self._abandoned += len(proposals) - finished
        each = took / len(proposals)
        self._waiting += [self._draft(author, prompt, skeleton, p, each) for p in new]

    def _answer(
        self, author: Author, skeleton: Skeleton | None, sampling: Sampling, seconds: float
    ) -> tuple[Prompt, Sequence[Proposal]]:
        # Another sample of a kernel model's answers is right more often than its repair.
        failure = self._known_failure(author) if self._repairs else None
        prompt = author.prompt(self.specification, failure)
        likely = self._rounds < LIKELY
        proposals = author.texts(
            prompt,
            self.specification,
            self.signature,
            skeleton,
            sampling,
            seconds=seconds,
            likely=likely,
        )
        return prompt, proposals

    def _sampling(self, candidates: int, *, free: bool) -> Sampling:
        """How the next texts are written; where not all of a text is ``free``, none is a fork."""
        seed = self.seed + self._rounds
        if not self._leads:
            greedy = self._repairs or self._rounds == 0
            return Sampling(
                candidates,
                seed=seed,
                temperature=TEMPERATURE,
                greedy=greedy,
                rejections=GENERAL_REJECTIONS,
                lines_back=GENERAL_REJECTIONS,
                ends_early=True,
            )
        forked = min(FORKED, candidates) if free else 0
        return Sampling(
            candidates,
            seed=seed,
            temperature=KERNEL_TEMPERATURE + WARMER * (self._finished + self._abandoned),
            greedy=self._rounds == 0,
            warmer=WARMER,
            forks=self._forks[:forked],
        )

    def _new(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Those that the model has not written before, about this op."""
        likeliest: dict[str, Proposal] = {}
        for proposal in proposals:
            likeliest.setdefault(proposal.text, proposal)
        new = [p for text, p in likeliest.items() if text not in self._texts]
        self._texts.update(p.text for p in new if p.finished)
        return new

    def _make_finer(self, draft: Draft) -> None:
        """What needs too much of a buffer comes once more in smaller tiles, before all others."""
        shorthand = self.author().shorthand(self.specification, self.signature)
        written = in_smaller_tiles(draft.written)
        if shorthand is None or written is None or self._left <= 0:
            return
        try:
            text = shorthand.expanded(written)
        except KernelTextError:
            return
        if text in self._texts:
            return
        self._texts.add(text)
        self._finished += 1
        about = "in smaller tiles than the model wrote"
        spent = {"seconds": 0.0, "tokens": 0, "rejected_lines": 0}
        self._waiting.insert(0, replace(draft, text=text, written=written, about=about, **spent))

    def _planned(self) -> Skeleton | None:
        """What the next question leaves open."""
        if self._plan is None:
            self._plan = self.plan()
        return self._plan[self._rounds] if self._rounds < len(self._plan) else None

    def _known_failure(self, author: Author) -> FailedAttempt | None:
        """The last failure with what is known about its trap."""
        last = self._failure
        if last is None:
            return None
        return replace(last, rule=author.rule(last.trap, last.bottleneck))

    def _draft(
        self,
        author: Author,
        prompt: Prompt,
        skeleton: Skeleton | None,
        proposal: Proposal,
        seconds: float,
    ) -> Draft:
        names = [each.name for each in (*prompt.entries, *prompt.examples)]
        if skeleton is not None and skeleton.entry not in names:
            names.append(skeleton.entry)
        failure: DraftFailure | None = None
        if not proposal.finished:
            said = _STOPPED.get(proposal.stop, proposal.reason)
            failure = DraftFailure(_CODES.get(proposal.stop, "unfinished"), said)
            self._fail(proposal.written or proposal.text, failure.code, failure.message)
            self.spending.timed_out |= proposal.stop is Stop.DEADLINE
        return Draft(
            Source.MODEL,
            proposal.text,
            tuple(names),
            "" if skeleton is None else f"statements in {skeleton.about}",
            written=proposal.written,
            failure=failure,
            prompt=prompt.messages,
            model=author.name,
            seconds=seconds,
            tokens=proposal.tokens + proposal.taken_back,
            rejected_lines=proposal.rejected_lines,
        )

    def _give_up(self, code: str, message: str, *, for_good: bool = True) -> None:
        self._over = for_good or code != "model"
        self._waiting.append(
            Draft(Source.MODEL, "", failure=DraftFailure(code, message), model=self.author().name)
        )


def propose_model(given: Assignment) -> ModelProposer | None:
    """Drafts of the local language model, where the settings ask it."""
    settings = given.settings
    if not settings.sources.asks_model:
        return None
    return ModelProposer(
        given.author,
        given.specification,
        given.signature,
        given.bound.cycles,
        settings.seed,
        settings.budget.attempts,
        settings.budget.tuning,
        settings.budget.seconds,
        lambda: _plan(given),
        given.progress,
        alone=not settings.sources.composes,
        spending=given.spending,
    )


def _plan(given: Assignment) -> list[Skeleton | None]:
    """What the model's questions leave open: statements first, if templates may be used.

    A model that was trained to write kernels is asked for all of the text twice before: for its
    likeliest one, and for samples.
    """
    if not given.settings.sources.composes:
        return []
    shorthand = given.author().model.prompt_format.shorthand
    names = steps_of(given.specification).names if shorthand else {}
    found = skeletons(given.entries, given.specification, given.composer, given.target, names)
    return [*([None, None] if given.kernel_format() else []), *found]


def _shown(draft: Draft) -> str:
    """A draft as the model is shown it: in its shorthand, if that is how it wrote it."""
    return draft.written or draft.text


def _code(error: HawkError) -> str:
    """The code that a failure of the model is recorded under."""
    match error:
        case PromptTooLong():
            return "prompt-too-long"
        case ModelError():
            return "model"
        case _:
            return "grammar"
