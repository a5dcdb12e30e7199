"""Who is asked first, and that the last is asked within the budget."""

from dataclasses import dataclass, field

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft, DraftFailure, Proposer
from hawk_xdsl.propose.order import ProposerChain


@dataclass
class Listed:
    """Proposes what it was given."""

    drafts: list[Draft]
    learned: list[str] = field(default_factory=list[str])

    def next(self) -> Draft | None:
        return self.drafts.pop(0) if self.drafts else None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        self.learned.append(draft.text)


def listed(*texts: str) -> Listed:
    return Listed([Draft(Source.TEMPLATE, text) for text in texts])


def order(proposer: Proposer) -> str:
    found: list[str] = []
    while (draft := proposer.next()) is not None:
        found.append(draft.text)
    return "".join(found)


def test_the_last_is_asked_within_the_budget_and_the_others_go_on_after_it() -> None:
    assert order(ProposerChain((listed("a", "b", "c", "d"), listed("x", "y")), turn=3)) == "abcxyd"
    assert order(ProposerChain((listed("a"), listed("x", "y")), turn=3)) == "axy"


def test_a_failure_takes_no_turn() -> None:
    first = Listed(
        [
            Draft(Source.TEMPLATE, "!", failure=DraftFailure("unfilled", "a hole")),
            *listed("a").drafts,
        ]
    )
    assert order(ProposerChain((first, listed("x")), turn=1)) == "!ax"


def test_of_nobody_there_is_no_draft() -> None:
    assert order(ProposerChain((ProposerChain(()), ProposerChain(())), turn=1)) == ""


def test_all_learn_of_every_verdict() -> None:
    first, second = listed("a"), listed("b")
    proposer = ProposerChain((ProposerChain((first,)), second), 1)
    proposer.learn(Draft(Source.MODEL, "m"), Verdict("m", "syntax", "bad"))
    assert first.learned == second.learned == ["m"]
