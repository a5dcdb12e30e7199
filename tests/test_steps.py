"""Specifications in steps, and kernels whose buffers have the names of steps."""

import re

import pytest
from undecided import SOFTMAX, elementwise, undecided

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.abbreviation import Abbreviation
from hawk_xdsl.language_model.composites import composites_of
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.propose.templates import TemplateProposer
from hawk_xdsl.semantics.specification import ResultRegion, Specification, specify
from hawk_xdsl.semantics.steps import steps_of
from hawk_xdsl.semantics.terms import Affine, Terms

HALF = elementwise("96x64", "%0 = math.exp %in : f16\n%1 = arith.addf %0, %0 : f16", dtype="f16")


def test_softmax_in_steps() -> None:
    specification = specify(undecided(SOFTMAX))
    lines = steps_of(specification).text.splitlines()
    assert lines[:3] == specification.text.splitlines()[:3]
    assert [line.split(" = ")[1] for line in lines[3:]] == [
        "x0[i0, i1]",
        "max(i1) v0",
        "sub v0, v1",
        "exp v2",
        "sum(i1) v3",
        "div v3, v4",
        "v5",
    ]
    assert lines[4].startswith("v1[i0] = ")


def test_gathers_indices_and_literals_in_steps() -> None:
    terms = Terms()
    i0, i1 = Affine.axis("i0"), Affine.axis("i1")
    row = terms.read("x1", (i0.scaled(2) + Affine(1),), "i32")
    taken = terms.gather("x0", (Affine.axis("@0"), i1), (row,), "f32")
    place = terms.cast(terms.index(i1 + Affine(3), "i32"), "f32")
    total = terms.apply(
        "add", (taken, terms.apply("mul", (place, terms.const(0.5, "f32")), "f32")), "f32"
    )
    result = ResultRegion("y0", "f32", (4, 8), (i0, i1), total)
    lines = steps_of(Specification((), (result,), {"i0": 4, "i1": 8})).text.splitlines()
    assert lines[2:] == [
        "v0 = x1[2*i0+1]",
        "v1 = x0[v0, i1]",
        "v2 = index i1+3",
        "v3 = f32 v2",
        "v4 = mul v3, 0.5",
        "v5 = add v1, v4",
        "y0[i0, i1] = v5",
    ]


@pytest.mark.parametrize("module", [SOFTMAX, HALF])
def test_buffers_have_the_names_of_the_steps_and_are_written_once(module: str) -> None:
    target = load_target("ascend910b1")
    entries = load_seed_entries()
    composer = Composer.of(entries, lambda m, dtype: supports(target, m, dtype))
    specification = specify(undecided(module))
    draft = TemplateProposer(entries, composer, specification, target).next()
    assert draft is not None
    short = Abbreviation(
        entries,
        specification,
        signature_of(specification, "kernel", target.name),
        target,
        composer,
        composites_of(entries, composer, target),
    ).short(draft.text, draft.entries[0], draft.schedule)
    made = re.findall(r"^(\w+) = ", short, flags=re.MULTILINE)
    assert len(set(made)) == len(made)
    steps = steps_of(specification)
    assert set(steps.names.values()) <= set(made)
    for name, function in re.findall(r"^(v\d+)\S* = (exp|add|max|sub)\b", steps.text, re.MULTILINE):
        assert re.search(rf"^{name} = v(reduce )?{function} v", short, re.MULTILINE), (name, short)
