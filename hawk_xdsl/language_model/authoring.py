"""A local model with the knowledge it is given: retrieved entries in, constrained texts out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import KernelTextError, Signature, narrowed_grammar
from hawk_xdsl.knowledge_store import Entry, EntryKind, Query, RetrievalMode, Retriever
from hawk_xdsl.knowledge_store.kernel_examples import KernelExample, packaged_examples
from hawk_xdsl.knowledge_store.retrieval import Retrieved
from hawk_xdsl.language_model.composites import Composite, Composites, composites_of, for_results
from hawk_xdsl.language_model.facts import facts_of, said_of
from hawk_xdsl.language_model.language_page import language_page
from hawk_xdsl.language_model.line_judge import line_judges, shorthand_judges
from hawk_xdsl.language_model.literals import known_floats, likely_literals
from hawk_xdsl.language_model.nearest_kernels import NearestKernels, query_of
from hawk_xdsl.language_model.open_model import open_model
from hawk_xdsl.language_model.prompt import FailedAttempt, Prompt, PromptRequest
from hawk_xdsl.language_model.remarks import (
    remark_judges,
    said_steps,
    with_remarks,
    without_remarks,
)
from hawk_xdsl.language_model.rewrite_question import RewriteQuestion
from hawk_xdsl.language_model.sampling import Proposal, Sampling
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.language_model.skeleton import Skeleton
from hawk_xdsl.language_model.step_judge import step_judges
from hawk_xdsl.language_model.text_model import TextModel
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.steps import steps_of

ENTRIES = 4
"""Knowledge entries offered to a prompt; what does not fit its budget is left out."""

STARTS = ("0.0", "1.0")
"""Numbers beside the op's own that a general model may write: what accumulators start from."""

EXAMPLES = 3
"""Verified kernels of the nearest specifications that are offered to a prompt."""


@dataclass(frozen=True)
class Author:
    """A local model, the knowledge it is given, and the target it writes for.

    ``shown`` are the entries that may stand in a prompt: none where nothing is retrieved.
    ``composites`` are the functions that the model's shorthand has, if it writes in shorthand, and
    ``floats`` those that it needs though no specification has them.
    """

    model: TextModel
    retriever: Retriever
    shown: Sequence[Entry]
    target: Target
    composites: Composites = field(default_factory=dict[str, Mapping[str, Composite]])
    floats: Sequence[str] = ()
    retrieval: RetrievalMode = RetrievalMode.FUSED
    examples: Sequence[KernelExample] = ()

    @cached_property
    def kernels(self) -> NearestKernels:
        """The verified kernels that may stand in a prompt."""
        return NearestKernels(self.examples, self.retrieval)

    @cached_property
    def _page(self) -> str:
        return language_page(self.target)

    @staticmethod
    def load(
        given: str | None,
        entries: Sequence[Entry],
        target: Target,
        retrieval: RetrievalMode = RetrievalMode.FUSED,
        progress: Callable[[str], None] = lambda line: None,
    ) -> "Author":
        """Loads the model (a directory, an id, or ``None`` for the default).

        Raises ``HawkError`` if it is missing or not a causal language model.
        """
        model = open_model(given, progress=progress)
        return Author.of(model, entries, target, retrieval)

    @staticmethod
    def of(
        model: TextModel,
        entries: Sequence[Entry],
        target: Target,
        retrieval: RetrievalMode,
        examples: Sequence[KernelExample] | None = None,
    ) -> "Author":
        """An author with a model that is loaded already.

        ``examples`` are what its prompts may show, those of the package that were verified on the
        target without them.
        """
        nothing = retrieval is RetrievalMode.NONE
        shown = () if nothing else tuple(entries)
        if examples is None:
            examples = [each for each in packaged_examples() if each.target == target.name]
        composites: Composites = {}
        floats: Sequence[str] = ()
        if model.prompt_format.shorthand:
            composer = Composer.for_target(entries, target)
            composites = composites_of(entries, composer, target)
            floats = known_floats(entries) if model.prompt_format.leads else STARTS
        retriever = Retriever(entries, retrieval)
        shown_kernels = () if nothing or not model.prompt_format.shows_examples else examples
        return Author(
            model, retriever, shown, target, composites, floats, retrieval, tuple(shown_kernels)
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def leads(self) -> bool:
        """Whether the model was trained to write kernels."""
        return self.model.prompt_format.leads

    @property
    def _says_steps(self) -> bool:
        form = self.model.prompt_format
        return form.shorthand and form.remarks

    @property
    def repairs(self) -> bool:
        """Whether the model is told in the next question what was refused."""
        form = self.model.prompt_format
        return form.repairs and not form.leads

    def prompt(self, specification: Specification, failure: FailedAttempt | None) -> Prompt:
        """What the model is asked about an op, after its last failure if there was one.

        Entries are retrieved, and count as used, only if its prompt has a place for them.

        Raises ``PromptTooLong``.
        """
        form = self.model.prompt_format
        slow = failure.bottleneck if failure is not None else ""
        trap = failure.trap if failure is not None and not slow else ""
        functions = self._functions(specification)
        found: Sequence[Retrieved] = ()
        examples: Sequence[KernelExample] = ()
        if form.shows_entries or self.examples:
            plain = query_of(specification, self.target)
            if form.shows_entries:
                query = replace(plain, trap=trap or None, bottleneck=slow or None)
                found = self._said(specification, functions, query)
            examples = self.kernels.of(plain, EXAMPLES)
        request = PromptRequest(
            spec=specification.text,
            target=self.target.name,
            steps=steps_of(specification).text,
            language=self._page,
            facts=facts_of(specification, self.shown, self.target, functions),
            entries=tuple(item.entry for item in found),
            examples=tuple(examples),
            attempt=failure,
        )
        return self.model.prompt(request)

    def _said(
        self, specification: Specification, functions: Mapping[str, Composite], query: Query
    ) -> Sequence[Retrieved]:
        """Entries that may matter to the op; beside examples, only those that say something."""
        if not self.model.prompt_format.shows_examples:
            return self.retriever.retrieve(query, ENTRIES)
        said = said_of(specification, self.shown, functions)
        return self.retriever_of(said).retrieve(query, ENTRIES) if said else ()

    def _functions(self, specification: Specification) -> Mapping[str, Composite]:
        """The functions that the model's shorthand has for an op."""
        return for_results(self.composites, (result.dtype for result in specification.outputs))

    def texts(
        self,
        prompt: Prompt,
        specification: Specification,
        signature: Signature,
        skeleton: Skeleton | None,
        sampling: Sampling,
        *,
        seconds: float,
        likely: bool = False,
    ) -> list[Proposal]:
        """Kernel bodies for a signature, the likeliest first; each line of them builds.

        A kernel model writes only words that it was taught. With a skeleton it writes only the
        statements in the skeleton's holes. With ``likely``, a model that writes shorthand is
        confined to numbers of the op or the knowledge, and to statements that read what their steps
        read.

        Raises:
            HawkError: the model fails.
        """
        shorthand = self.shorthand(specification, signature)
        judge = line_judges(signature, self.target)
        if shorthand is not None:
            skeleton = None if skeleton is None else skeleton.shortened(shorthand)
            judge = shorthand_judges(shorthand, judge)
        words = self.model.words
        in_steps = steps_of(specification)
        said = said_steps(in_steps.text) if self._says_steps else {}
        if skeleton is None:
            grammar = with_remarks(narrowed_grammar(signature, words=words), said)
        else:
            grammar = skeleton.with_steps(said).grammar(signature, words)
        if shorthand is not None:
            literals = likely_literals(specification, self.floats) if likely else None
            # A model that was taught has learned which steps there are.
            steps = in_steps.steps if likely and not self.leads else None
            grammar = shorthand.grammar(grammar, literals, steps)
        if shorthand is not None and likely:
            judge = step_judges(in_steps.steps, judge)
        if said:
            judge = remark_judges(said, judge, likely=likely and not self.leads)
        proposals = self.model.propose(
            prompt.messages,
            grammar,
            replace(sampling, max_tokens=self.model.prompt_format.answer_tokens),
            deadline_seconds=seconds,
            judge=judge,
        )
        if shorthand is not None:
            proposals = [_expanded(_plain(proposal), shorthand) for proposal in proposals]
        return sorted(proposals, key=lambda p: -p.log_likelihood)

    def expressions(
        self, question: RewriteQuestion, sampling: Sampling, *, seconds: float
    ) -> list[Proposal]:
        """Answers to a question about a function, the greedy one first.

        Raises ``HawkError`` if the model fails.
        """
        return self.model.propose(
            question.text, question.grammar, sampling, deadline_seconds=seconds
        )

    def retriever_of(self, entries: Sequence[Entry]) -> Retriever:
        """Finds among some entries as this author finds among all."""
        return Retriever(entries, self.retrieval)

    def shorthand(self, specification: Specification, signature: Signature) -> Shorthand | None:
        """The shorthand that the model writes the kernels of an op in, if it does."""
        if not self.model.prompt_format.shorthand:
            return None
        return Shorthand.of(signature, specification.axes, self.composites)

    def rule(self, trap: str, bottleneck: str) -> str:
        """What is known about a trap, or about a pipe that a right kernel waits for."""
        for entry in self.shown:
            if entry.kind is EntryKind.RULE and (
                trap in entry.trigger.traps
                or (bottleneck and bottleneck == entry.trigger.bottleneck)
            ):
                return entry.rationale
        return ""


def _plain(proposal: Proposal) -> Proposal:
    """What a model wrote without the steps that it said."""
    return replace(proposal, text=without_remarks(proposal.text))


def _expanded(proposal: Proposal, shorthand: Shorthand) -> Proposal:
    """What a model wrote in shorthand as kernel text; as it is where it cannot be expanded."""
    try:
        text = shorthand.expanded(proposal.text)
    except KernelTextError:
        text = proposal.text
    return replace(proposal, text=text, written=proposal.text)
