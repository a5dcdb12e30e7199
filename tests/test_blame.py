"""Blame: what is refused is tried again without the entries that may be wrong."""

from undecided import elementwise, undecided

from hawk_xdsl.generation.blame import Blame, compositions
from hawk_xdsl.generation.composition import Composer
from hawk_xdsl.knowledge_store import Artifact, Entry, EntryKind, Evidence, load_seed_entries
from hawk_xdsl.semantics.specification import specify

SIGMOID = "%1 = math.tanh %in : f32"


def rewrite(name: str, before: str, after: str) -> Entry:
    return Entry(name, EntryKind.REWRITE, "Learned.", artifact=Artifact(before=before, after=after))


def found(*learned: Entry, evidence: dict[str, Evidence] | None = None) -> list[tuple[str, ...]]:
    """The entries of each composition, in the order in which they are tried."""
    composer = Composer.of((*learned, *load_seed_entries()), lambda mnemonic, dtype: True)
    specification = specify(undecided(elementwise("8x16", SIGMOID)))
    names = frozenset(entry.name for entry in learned)
    return [c.entries for c in compositions(composer, specification, names, evidence or {})]


def test_a_wrong_learned_rewrite_is_done_without_at_once() -> None:
    wrong = rewrite("wrong-tanh", "tanh(x)", "x / (1 + abs(x))")
    first, second, *_ = found(wrong)
    assert "wrong-tanh" in first and "tanh-by-exp" not in first
    assert "tanh-by-exp" in second and "wrong-tanh" not in second


def test_what_never_won_comes_last() -> None:
    wrong = rewrite("wrong-tanh", "tanh(x)", "x / (1 + abs(x))")
    order = found(wrong, evidence={"wrong-tanh": Evidence(uses=3, losses=3)})
    assert "tanh-by-exp" in order[0] and "wrong-tanh" in order[-1]


def test_rewrites_that_do_not_end_leave_the_others() -> None:
    there = rewrite("there", "exp(x)", "neg(exp(neg(x)))")
    assert any("tanh-by-exp" in entries for entries in found(there))
    assert all("there" not in entries for entries in found(there))


def test_alternatives_come_once() -> None:
    order = found()
    assert len(order) == len(set(order))


def test_a_refusal_puts_off_what_is_made_from_the_same_entries() -> None:
    blame = Blame()
    blame.refuse(("whole-tiles", "bad", "exp"), "wrong-result")
    assert blame.of(("whole-tiles", "bad", "exp")) == 1
    assert blame.of(("whole-tiles", "bad", "exp", "div")) == 1
    assert blame.of(("whole-tiles", "exp")) == 0


def test_tiles_that_do_not_fit_speak_against_the_template_only_in_the_end() -> None:
    blame = Blame()
    for count in (0, 0, 1):
        blame.refuse(("whole-tiles", "exp"), "capacity")
        assert blame.of(("whole-tiles", "exp")) == count
    assert blame.of(("streamed", "exp")) == 0
