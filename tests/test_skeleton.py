"""Templates with a hole for statements: what is fixed, what may be written, what comes out."""

from pathlib import Path

import pytest
from kernel_files import read_module
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from tiny_model import save_tiny_model
from transformers import PreTrainedTokenizerFast
from undecided import NORM, SOFTMAX, elementwise, undecided
from xdsl.parser import Parser

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import Signature
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.line_judge import LineJudge, line_judges
from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.sampling import Sampling
from hawk_xdsl.language_model.skeleton import Skeleton, skeletons
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.universe import context

TARGET = load_target("ascend910b1")
ENTRIES = load_seed_entries()
COMPOSER = Composer.of(ENTRIES, lambda mnemonic, dtype: supports(TARGET, mnemonic, dtype))
ATAN = elementwise("128x64", "%1 = math.atan %in : f32")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny")
    save_tiny_model(directory)
    return directory


@pytest.fixture(scope="module")
def vocabulary(directory: Path) -> LLTokenizer:
    return from_tokenizer(PreTrainedTokenizerFast.from_pretrained(directory))


def first(text: str) -> tuple[Skeleton, Signature]:
    specification = specify(undecided(text))
    found = skeletons(ENTRIES, specification, COMPOSER, TARGET)
    return found[0], signature_of(specification, "k", TARGET.name)


def accepts(vocabulary: LLTokenizer, grammar: str, text: str) -> bool:
    matcher = LLMatcher(vocabulary, LLMatcher.grammar_from_lark(grammar))
    assert not matcher.is_error(), matcher.get_error()
    tokens = vocabulary.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


SOFTMAX_STEPS = """\
b2 = vreduce max b0 axis 1
b3 = vsub b0, b2
b3 = vexp b3
b4 = vreduce sum b3 axis 1
b1 = vdiv b3, b4
"""


def test_loops_loads_and_stores_are_fixed() -> None:
    skeleton, _ = first(SOFTMAX)
    assert skeleton.before.startswith("across i0 in 0..256 step ")
    assert "b0 = load x0[i0:" in skeleton.before
    assert skeleton.after.startswith("store b1 into y0[i0:") and skeleton.after.endswith("}\n")


def test_an_op_that_knowledge_cannot_compute_has_skeletons_too() -> None:
    skeleton, _ = first(ATAN)
    assert (skeleton.entry, "store b1" in skeleton.after) == ("whole-tiles", True)


def test_the_right_statements_make_a_kernel_that_passes(vocabulary: LLTokenizer) -> None:
    op = undecided(SOFTMAX)
    skeleton, signature = first(SOFTMAX)
    text = skeleton.before + SOFTMAX_STEPS + skeleton.after
    assert accepts(vocabulary, skeleton.grammar(signature), text)
    gate = Gate(op, specify(op), signature, TARGET, 0)
    assert gate.check(text).accepted
    assert not gate.check(text.replace("vreduce sum", "vreduce max")).accepted


@pytest.mark.parametrize(
    "line",
    ["b2 = load x0[0:8, 0:32] into ub", "store b0 into y0[0:8, 0:32]", "q = vexp b0", "}"],
)
def test_what_is_no_statement_over_tiles_is_not_in_the_grammar(
    vocabulary: LLTokenizer, line: str
) -> None:
    skeleton, signature = first(SOFTMAX)
    text = f"{skeleton.before}{line}\n{SOFTMAX_STEPS}{skeleton.after}"
    assert not accepts(vocabulary, skeleton.grammar(signature), text)


@pytest.mark.model
def test_a_model_fills_the_hole_with_lines_that_build(directory: Path) -> None:
    skeleton, signature = first(NORM)
    model = LocalModel.load(find_model(str(directory)))
    proposals = model.propose(
        "x",
        skeleton.grammar(signature),
        Sampling(candidates=4, max_tokens=400),
        judge=line_judges(signature, TARGET),
    )
    for proposal in proposals:
        assert proposal.text.startswith(skeleton.before)
        assert proposal.forced_tokens >= len(skeleton.before)
        good = proposal.text.splitlines()[: None if proposal.finished else -1]
        assert LineJudge(signature, TARGET)(good, ended=proposal.finished) is None


def test_there_is_none_where_places_to_read_have_to_be_computed() -> None:
    """Indices that count from the end where they are negative, as PyTorch has them."""
    module = Parser(context(), WRAPPED).parse_module()
    op = next(op for op in module.walk() if isinstance(op, UndecidedOp))
    assert skeletons(ENTRIES, specify(op), COMPOSER, TARGET) == []


WRAPPED = read_module("ops/gather_from_the_end")
