"""Who is asked first: templates and the model in turn, or a kernel model that is sure."""

from dataclasses import dataclass, field

import pytest

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.draft import Draft, Proposer, Trouble
from hawk_xdsl.propose.order import InTurn, SureFirst


@dataclass
class Listed:
    """Proposes what it was given."""

    drafts: list[Draft]
    learned: list[str] = field(default_factory=list[str])

    def next(self) -> Draft | None:
        return self.drafts.pop(0) if self.drafts else None

    def learn(self, draft: Draft, verdict: Verdict) -> None:
        self.learned.append(draft.text)


def listed(*texts: str, likelihood: float = 0.0) -> Listed:
    return Listed([Draft(Source.TEMPLATE, text, likelihood=likelihood) for text in texts])


def order(proposer: Proposer) -> str:
    found: list[str] = []
    while (draft := proposer.next()) is not None:
        found.append(draft.text)
    return "".join(found)


def sure_first(model: Listed, templates: Listed, threshold: float) -> SureFirst:
    return SureFirst(model, templates, threshold)


def test_the_last_is_asked_within_the_budget_and_the_others_go_on_after_it() -> None:
    assert order(InTurn((listed("a", "b", "c", "d"), listed("x", "y")), turn=3)) == "abcxyd"
    assert order(InTurn((listed("a"), listed("x", "y")), turn=3)) == "axy"


def test_trouble_takes_no_turn() -> None:
    first = Listed(
        [Draft(Source.TEMPLATE, "!", trouble=Trouble("unfilled", "a hole")), *listed("a").drafts]
    )
    assert order(InTurn((first, listed("x")), turn=1)) == "!ax"


def test_a_sure_model_goes_first_then_both_take_turns() -> None:
    model = listed("1", "2", "3", likelihood=-0.1)
    assert order(sure_first(model, listed("a", "c", "b"), threshold=-0.5)) == "1a2c3b"


def test_an_unsure_model_comes_after_the_first_of_the_templates() -> None:
    model = listed("1", "2", likelihood=-0.9)
    assert order(sure_first(model, listed("a", "b"), threshold=-0.5)) == "a1b2"


def test_without_templates_the_models_texts_remain() -> None:
    assert order(sure_first(listed("1", "2", likelihood=-0.9), listed(), threshold=-0.5)) == "12"


@pytest.mark.parametrize("make", [InTurn, SureFirst])
def test_all_learn_of_every_verdict(make: type) -> None:
    first, second = listed("a"), listed("b")
    proposer: Proposer
    proposer = InTurn((first, second), 1) if make is InTurn else sure_first(first, second, 0.0)
    draft = Draft(Source.MODEL, "m")
    proposer.learn(draft, Verdict("m", "syntax", "bad"))
    assert first.learned == second.learned == ["m"]
