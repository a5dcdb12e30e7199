"""What a proposer is given: one op to write a kernel for, and everything that may help with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import Signature
from hawk_xdsl.knowledge_store import Entry, Evidence, KernelRecord
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.prompt import PromptFormat
from hawk_xdsl.npu_target import Bound, Target
from hawk_xdsl.propose.draft import Proposer
from hawk_xdsl.propose.settings import Progress, Settings
from hawk_xdsl.schedule.search import Timer
from hawk_xdsl.semantics.specification import Specification


@dataclass
class Spending:
    """What proposers have spent on an op; each adds what it spends.

    ``tokens`` are those that a language model chose, ``rejected_lines`` the lines of it that were
    taken back. ``timed_out`` says that a limit of seconds ended somebody's work, so that the
    decision may not be reproducible.
    """

    tokens: int = 0
    rejected_lines: int = 0
    timed_out: bool = False


@dataclass(frozen=True)
class Assignment:
    """One op that a kernel is wanted for.

    Attributes:
        specification: what to compute: its formula, axes and dtypes.
        signature: the names, dtypes and shapes that the kernel text's body may use.
        target: for which NPU.
        bound: the cycles that no kernel of the op can do without.
        settings: who is asked, the budget, the seed.
        entries: the knowledge in use.
        learned: the names of the entries that do not come with the package.
        composer: the rewrites and instructions of the entries.
        evidence: what each entry has brought so far, by name; read from the store when it is asked.
        older: kernels of the op that were verified with other knowledge or by another verifier.
        time: the time of a kernel text on the NPU simulator, without a run of its values.
        author: the local language model, loaded when it is asked for.
        kernel_format: the prompt format of a model that was trained to write kernels, else none.
        keep: gets an entry that was found for the op; the store keeps it for later compiles.
        progress: gets a line about what is being done.
        spending: what proposers spend beyond attempts.
    """

    specification: Specification
    signature: Signature
    target: Target
    bound: Bound
    settings: Settings
    entries: Sequence[Entry]
    learned: frozenset[str]
    composer: Composer
    evidence: Callable[[], Mapping[str, Evidence]]
    older: Sequence[KernelRecord]
    time: Timer
    author: Callable[[], Author]
    kernel_format: Callable[[], PromptFormat | None]
    keep: Callable[[Entry], None]
    progress: Progress
    spending: Spending = field(default_factory=Spending)


ProposerFactory = Callable[[Assignment], Proposer | None]
"""Makes a proposer for one op; ``None`` if it has nothing to say about it under the settings."""


@dataclass(frozen=True)
class Proposers:
    """Who may be asked for drafts, by name, in this order.

    ``first`` are asked first. Once three quarters of the attempts are spent, those in ``then`` are,
    so that they are asked within the budget.
    """

    first: Mapping[str, ProposerFactory]
    then: Mapping[str, ProposerFactory]
